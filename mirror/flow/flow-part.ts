/**
 * The seams between a flow and its parts: topics, offset syncs, checkpoints, heartbeats. `flow.ts` starts the parts and owns
 * the clients; a part does its own waiting by the timers of `env`, never throws out of a callback, and does nothing more after
 * `close`.
 */
import type { BaseEnv, Logger } from '../../wire/base/env';
import type { ClusterClient } from '../../wire/cluster-client';
import type { CopyEvents, FlowPartition } from './flow-partition';
import type { FlowSettings } from './settings';

/** What every part of a flow is given. */
export interface FlowContext {
  readonly env: BaseEnv;
  readonly logger: Logger;
  readonly settings: FlowSettings;
  readonly source: ClusterClient;
  readonly target: ClusterClient;
}

/** In each process that runs the flow. */
export interface FlowPart {
  /** Told of what this process copies. */
  readonly events?: CopyEvents;
  /** This process leads the flow's group: what must be done once for the flow is done here until `unlead`. */
  lead?(): void;
  unlead?(): void;
  /** Sends what is held back; before positions are stored for a stop or a rebalance. Rejects never. */
  flush?(): Promise<void>;
  close(): void;
}

/** What a flow copies. Asked by the process that leads, at first and then at `refreshTopicsMs`. */
export interface TopicDiscovery {
  /**
   * Every partition to be copied, each of which exists on the target: topics and partitions that are missing there have been
   * created. Rejects with an ExchangeError or a ServerError when a cluster does not answer.
   */
  discover(): Promise<readonly FlowPartition[]>;
}
