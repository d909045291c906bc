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

export interface GarbageCollections {
  readonly kind: 'minor' | 'major' | 'incremental' | 'weakcb';
  readonly count: number;
  readonly seconds: number;
}

/** How late timers were, from one reading to the next one at least ten seconds after it. */
export interface LoopDelay {
  readonly meanSeconds: number;
  readonly p50Seconds: number;
  readonly p99Seconds: number;
  readonly longestSeconds: number;
  /** Since the process was first asked. */
  readonly longestEverSeconds: number;
}

export interface ProcessFigures {
  readonly startSeconds: number;
  readonly cpuUserSeconds: number;
  readonly cpuSystemSeconds: number;
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  readonly heapLimitBytes: number;
  readonly externalBytes: number;
  readonly arrayBuffersBytes: number;
  /** Null where the system does not tell. */
  readonly openDescriptors: number | null;
  readonly maxDescriptors: number | null;
  readonly loopDelay: LoopDelay;
  readonly garbageCollections: readonly GarbageCollections[];
  readonly runtimeVersion: string;
}

export interface Monitoring {
  /** `port` 0 picks a free one. Only GET and HEAD reach `handle`. Rejects with a BindError. */
  listen(host: string, port: number, handle: HttpHandler): Promise<HttpListener>;
  /** The first call begins to measure the loop and the garbage collector. */
  figures(): ProcessFigures;
}
