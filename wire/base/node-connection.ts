/**
 * Part of the binding (`node-env.ts`): one TCP connection behind the `Connection` port.
 *
 * Bytes arrive on one of two paths with the same behaviour:
 * - *window*: libuv reads straight into the window that all sockets share (`onread`). No copy.
 * - *data*: Node's `data` events, copied into the window. For sockets on which `onread` cannot work.
 *
 * Invariants: `closed` is told once and last; `released` is called once for every write, also when the connection dies;
 * no event is told within a call of the owner; nothing is delivered while the owner has paused.
 */
import type * as net from 'node:net';
import type { CloseReason, Connection, ConnectionEvents, Timers } from './env';

/** What one connection may read in one turn of the loop, so that a fast peer does not hold up the others. */
export const MAX_READ_BYTES_PER_TURN = 256 * 1024;

/**
 * While the owner has paused, a read of at most this size stays armed until it brings something: with nothing to read,
 * it is the only way to notice that the peer has gone.
 */
const SENTINEL_BYTES = 4096;

/** What all connections of one network share. */
export interface ConnectionShared {
  readonly window: Uint8Array;
  readonly timers: Timers;
}

/** The read side that `onread` drives; made before the socket, bound to its connection afterwards. */
export class WindowReader {
  #connection: NodeConnection | undefined;
  readonly #window: Uint8Array;
  readonly #sentinel: Uint8Array;

  constructor(window: Uint8Array) {
    this.#window = window;
    this.#sentinel = window.subarray(0, SENTINEL_BYTES);
  }

  /** Whether the next read brings at most the sentinel's size. */
  isSentinelArmed = false;

  /** The `onread` option of a socket. Node asks for the next buffer after each read. */
  readonly onread = {
    buffer: (): Uint8Array => {
      this.isSentinelArmed = this.#connection?.paused === true;
      return this.isSentinelArmed ? this.#sentinel : this.#window;
    },
    callback: (sizeBytes: number): boolean => {
      this.#connection?.received(sizeBytes);
      return true;
    },
  };

  bind(connection: NodeConnection): void {
    this.#connection = connection;
  }
}

export class NodeConnection implements Connection {
  readonly remoteHost: string;
  readonly remotePort: number;
  readonly localHost: string;
  readonly localPort: number;
  readonly #socket: net.Socket;
  readonly #shared: ConnectionShared;
  readonly #reader: WindowReader | null;
  #events: ConnectionEvents | undefined;
  #paused = false;
  #inCallback = false;
  /** Bytes of the sentinel read, kept until the owner resumes. */
  #held: Uint8Array | null = null;
  #deliveryPlanned = false;
  /** The peer's FIN came while the owner must not be told anything yet. */
  #finPending = false;
  #bytesThisTurn = 0;
  #yielding = false;
  #reason: CloseReason = 'fin';
  #closed = false;

  constructor(socket: net.Socket, shared: ConnectionShared, reader: WindowReader | null) {
    this.#socket = socket;
    this.#shared = shared;
    this.#reader = reader;
    this.remoteHost = socket.remoteAddress ?? '';
    this.remotePort = socket.remotePort ?? 0;
    this.localHost = socket.localAddress ?? '';
    this.localPort = socket.localPort ?? 0;
    reader?.bind(this);
  }

  get paused(): boolean {
    return this.#paused;
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  /** Starts telling `events`. Nothing was told before. */
  start(events: ConnectionEvents): void {
    this.#events = events;
    const socket = this.#socket;
    socket.on('drain', () => this.#drained());
    socket.on('end', () => this.#finished());
    socket.on('error', (error: NodeJS.ErrnoException) => this.#failed(error));
    socket.on('close', () => this.#ended());
    if (this.#reader === null) socket.on('data', (chunk: Uint8Array) => this.#copied(chunk));
    if (!this.#paused) socket.resume();
  }

  /** `sizeBytes` have been read into the beginning of the window. */
  received(sizeBytes: number): void {
    if (this.#events === undefined || this.#socket.destroyed) return;
    if (this.#paused) {
      this.#hold(this.#shared.window.subarray(0, sizeBytes));
      return;
    }
    this.#deliver(sizeBytes);
    // A read that does not fill the window is the last one of this turn.
    this.#bytesThisTurn = sizeBytes < this.#shared.window.length ? 0 : this.#bytesThisTurn + sizeBytes;
    if (this.#bytesThisTurn >= MAX_READ_BYTES_PER_TURN) this.#yieldTurn();
  }

  write(chunks: readonly Uint8Array[], released?: () => void): boolean {
    const socket = this.#socket;
    const last = chunks.length - 1;
    if (socket.destroyed || socket.writableEnded || last < 0) {
      if (released !== undefined) this.#shared.timers.soon(released);
      return last < 0 && !socket.writableNeedDrain;
    }
    if (last === 0) return socket.write(chunks[0]!, released);
    socket.cork();
    for (let i = 0; i < last; i++) socket.write(chunks[i]!);
    const isBelowMark = socket.write(chunks[last]!, released);
    socket.uncork();
    return isBelowMark;
  }

  pauseReading(): void {
    if (this.#paused) return;
    this.#paused = true;
    // Within a read the next buffer will be the sentinel; else the whole window is armed, and must not fill.
    const willBeSentinel = this.#reader !== null && (this.#inCallback || this.#reader.isSentinelArmed);
    if (!willBeSentinel) this.#socket.pause();
  }

  resumeReading(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#held !== null || this.#finPending) this.#planDelivery();
    else if (!this.#yielding && this.#events !== undefined) this.#socket.resume();
  }

  end(): void {
    if (!this.#socket.destroyed) this.#socket.end();
  }

  destroy(): void {
    if (this.#socket.destroyed) return;
    this.#reason = 'local';
    this.#socket.destroy();
  }

  #deliver(sizeBytes: number): void {
    this.#inCallback = true;
    try {
      this.#events?.bytes(this.#shared.window.subarray(0, sizeBytes));
    } catch (error) {
      // The owner broke its promise; an open socket that nobody reads would be worse than the error alone.
      this.#socket.destroy();
      throw error;
    } finally {
      this.#inCallback = false;
    }
  }

  #copied(chunk: Uint8Array): void {
    const { window } = this.#shared;
    let from = 0;
    while (from < chunk.length && !this.#socket.destroyed) {
      if (this.#paused) {
        this.#hold(chunk.subarray(from));
        return;
      }
      const sizeBytes = Math.min(window.length, chunk.length - from);
      window.set(chunk.subarray(from, from + sizeBytes));
      this.#deliver(sizeBytes);
      from += sizeBytes;
    }
  }

  /** Keeps a copy of what came while paused, and stops reading altogether. */
  #hold(bytes: Uint8Array): void {
    if (this.#held === null) {
      this.#held = bytes.slice();
    } else {
      const joined = new Uint8Array(this.#held.length + bytes.length);
      joined.set(this.#held);
      joined.set(bytes, this.#held.length);
      this.#held = joined;
    }
    this.#socket.pause();
  }

  /** In a turn of its own, since the window may hold another connection's bytes now. */
  #planDelivery(): void {
    if (this.#deliveryPlanned) return;
    this.#deliveryPlanned = true;
    this.#shared.timers.soon(() => {
      this.#deliveryPlanned = false;
      this.#deliverHeld();
    });
  }

  #deliverHeld(): void {
    while (this.#held !== null && !this.#paused && !this.#socket.destroyed) {
      const held = this.#held;
      const sizeBytes = Math.min(held.length, this.#shared.window.length);
      this.#held = sizeBytes < held.length ? held.subarray(sizeBytes) : null;
      this.#shared.window.set(held.subarray(0, sizeBytes));
      this.#deliver(sizeBytes);
    }
    if (this.#paused || this.#socket.destroyed) return;
    if (this.#finPending) this.#finished();
    else if (!this.#yielding) this.#socket.resume();
  }

  #yieldTurn(): void {
    this.#bytesThisTurn = 0;
    if (this.#yielding || this.#socket.destroyed) return;
    this.#yielding = true;
    this.#socket.pause();
    this.#shared.timers.soon(() => {
      this.#yielding = false;
      const mayRead = !this.#paused || this.#reader?.isSentinelArmed === true;
      if (mayRead && this.#held === null && !this.#socket.destroyed) this.#socket.resume();
    });
  }

  #drained(): void {
    this.#events?.drain();
  }

  #finished(): void {
    // What was held back comes first; a paused owner that waits for nothing may be told at once.
    if (this.#held !== null) {
      this.#finPending = true;
      return;
    }
    this.#finPending = false;
    if (this.#events?.ended === undefined) this.#socket.destroy();
    else this.#events.ended();
  }

  #failed(error: NodeJS.ErrnoException): void {
    if (this.#reason !== 'local') this.#reason = error.code === 'ETIMEDOUT' ? 'timeout' : 'reset';
  }

  #ended(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#held = null;
    this.#events?.closed(this.#reason);
  }
}
