/**
 * The port for whoever watches a process from outside: an HTTP listener, and what the process knows of itself.
 *
 * It is optional in the ports (`env.ts`): a simulated world has nobody who watches. `node-monitoring.ts` binds it, and loads
 * what it needs when it is used.
 */

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: readonly Uint8Array[];
}

/** As `Listener` of `env.ts`, which imports this file. */
export interface HttpListener {
  readonly host: string;
  readonly port: number;
  /** Ends the connections too: whoever watches has nothing to lose. */
  close(): Promise<void>;
}

/** Answers a GET; the path comes without its query. A rejection is answered with 500 and its message. */
export type HttpHandler = (path: string) => Promise<HttpAnswer>;

/** How late timers were, from one reading to the next one at least ten seconds after it. */
export interface LoopDelay {
  readonly meanSeconds: number;
  readonly p50Seconds: number;
  readonly p99Seconds: number;
  readonly longestSeconds: number;
  /** Since the process was first asked. */
  readonly longestEverSeconds: number;
}

/** What the runtime's own metrics lack. */
export interface ProcessFigures {
  readonly heapLimitBytes: number;
  readonly arrayBuffersBytes: number;
  /** Null where the system does not tell. */
  readonly openDescriptors: number | null;
  readonly maxDescriptors: number | null;
  readonly loopDelay: LoopDelay;
}

/** One value of a metric of the runtime. `suffix` is behind the family's name: '', or `_bucket` and the like of a histogram. */
export interface RuntimeSample {
  readonly suffix: string;
  readonly labels: Readonly<Partial<Record<string, string | number>>>;
  readonly value: number;
}

export interface RuntimeMetric {
  readonly name: string;
  readonly samples: readonly RuntimeSample[];
}

export interface Monitoring {
  /** `port` 0 picks a free one. Only GET and HEAD reach `handle`. Rejects with a BindError. */
  listen(host: string, port: number, handle: HttpHandler): Promise<HttpListener>;
  /** The first call begins to measure the loop. */
  figures(): ProcessFigures;
  /** What Node's exporters tell of any process, by the usual names. The first call loads what collects it. */
  runtimeMetrics(): Promise<readonly RuntimeMetric[]>;
}
