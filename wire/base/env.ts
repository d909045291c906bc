/**
 * The ports through which every floor reaches the world: time, chance, the network, the end of the process, text for people.
 *
 * Nothing outside the two bindings (`node-env.ts`, `log/node-disk.ts`), the command line and the worker entries touches
 * Node's own clock, timers, randomness or sockets. That is what lets a whole cluster run in one process under a seeded
 * scheduler, and replay any failure from its seed. `log/env.ts` adds the disk.
 */

import type { Monitoring } from './monitoring';

/** Wall time is for record timestamps and retention alone; everything that waits or measures uses monotonic time. */
export interface Clock {
  /** Milliseconds since the Unix epoch; may step backwards. */
  wallMs(): number;
  /** Milliseconds since an arbitrary origin; never goes back. */
  monotonicMs(): number;
}

export interface TimerHandle {
  cancel(): void;
}

export interface Timers {
  /** Runs `run` once after `delayMs` of monotonic time. The callback must not throw. */
  set(delayMs: number, run: () => void): TimerHandle;
  /** Runs `run` in a later turn of the loop, after I/O that is ready now. */
  soon(run: () => void): void;
}

/** A stream of chance for one concern, so that an extra draw in one place moves no other. */
export interface Random {
  /** A whole number in [0, exclusive). */
  below(exclusive: number): number;
  bytes(into: Uint8Array): void;
}

export type CloseReason = 'fin' | 'reset' | 'local' | 'timeout';
export type ConnectFailure = 'refused' | 'unreachable' | 'unresolved' | 'timeout' | 'reset' | 'limit';

/** What a connection tells its owner. Callbacks never throw. */
export interface ConnectionEvents {
  /** `slice` is valid only during the call: whoever keeps bytes copies them. */
  bytes(slice: Uint8Array): void;
  /** The socket's buffer has drained after `write` returned false. */
  drain(): void;
  /**
   * The peer has ended its half: no more bytes come, and writing goes on until `end()` or `destroy()`. Owners that do not
   * know this are closed at the peer's end.
   */
  ended?(): void;
  /** Told exactly once, also after `destroy()` ('local'). */
  closed(reason: CloseReason): void;
}

export interface Connection {
  readonly remoteHost: string;
  readonly remotePort: number;
  readonly localHost: string;
  readonly localPort: number;
  /**
   * Queues the chunks as one write; false when the socket wants the writer to wait for `drain`.
   * The chunks must stay untouched until `released` is called (once, also when the connection dies).
   */
  write(chunks: readonly Uint8Array[], released?: () => void): boolean;
  pauseReading(): void;
  resumeReading(): void;
  /** Half-close after what is queued has been sent. */
  end(): void;
  destroy(): void;
  readonly bufferedBytes: number;
}

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Stops accepting; connections live on until they are destroyed. Resolves when the port is free. */
  close(): Promise<void>;
}

export interface Network {
  /** `host` '' means every interface; `port` 0 picks a free one. Rejects with a BindError. */
  listen(
    host: string,
    port: number,
    accept: (connection: Connection) => ConnectionEvents,
    failed: (why: string) => void,
  ): Promise<Listener>;
  connect(
    host: string,
    port: number,
    timeoutMs: number,
    events: ConnectionEvents,
    done: (result: Connection | ConnectFailure) => void,
  ): void;
}

/** `listen` could not bind. `code` is the system's name, e.g. EADDRINUSE. */
export class BindError extends Error {
  override readonly name = 'BindError';
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export interface ProcessControl {
  readonly pid: number;
  exit(code: number, why: string): never;
}

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Text for people. "log" is data in this project; this is the logger. */
export interface Logger {
  child(subsystem: string): Logger;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** CRC-32C (Castagnoli) of `bytes`, as an unsigned 32-bit number. */
export type Crc32c = (bytes: Uint8Array) => number;

/** The ports that know nothing of a disk. */
export interface BaseEnv {
  readonly clock: Clock;
  readonly timers: Timers;
  random(concern: string): Random;
  readonly network: Network;
  readonly process: ProcessControl;
  readonly logger: Logger;
  readonly crc32c: Crc32c;
  /** For whoever watches the process from outside; a simulated world has nobody who does. */
  readonly monitoring?: Monitoring;
}
