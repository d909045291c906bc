/** A started broker, as the command line and the library see it. */
import type { MetricFamily } from '../wire/metrics/metric-family';

export interface RunningListener {
  readonly name: string;
  /** As configured; '' is every interface. */
  readonly host: string;
  /** The port that it has, also when port 0 was asked for. */
  readonly port: number;
  readonly advertisedHost: string;
  readonly advertisedPort: number;
}

/** metrics.listener, when it is open. */
export interface RunningMetrics {
  /** `http://host:port`; /metrics, /healthz and /readyz are below it. */
  readonly url: string;
  readonly families: readonly MetricFamily[];
}

export interface RunningBroker {
  readonly clusterId: string;
  readonly listeners: readonly RunningListener[];
  readonly logDirs: readonly string[];
  readonly metrics: RunningMetrics | null;
  /** The broker hands its leaderships over and serves nobody any more; a controller in the same node goes on. */
  leave(): Promise<void>;
  /** Stops cleanly: nothing that was acknowledged needs recovery afterwards. Calling it again waits for the same end. */
  stop(): Promise<void>;
  /** Settles when the broker has ended: resolved after `stop`, rejected when it had to end by itself. */
  readonly closed: Promise<void>;
}
