/**
 * Faults at protocol points: a hook sees each Kafka frame that passes a network and says what becomes of it. It wraps the
 * Network port, so one implementation serves the simulated and the real binding, and a schedule of faults that names
 * protocol points instead of times replays on either.
 *
 * Invariant: frames of one direction of a connection stay in order; what waits behind a delayed frame waits with it. A
 * frame is handed on whole.
 */

import type { CloseReason, Connection, ConnectionEvents, Network, Timers } from '../../wire/base/env';

/**
 * On the side that listens: a request was 'received', a response is about to be sent. On the side that connects: a request
 * is about to be sent, a response was 'delivered'.
 */
export type FramePoint = 'received' | 'beforeResponse' | 'beforeRequest' | 'delivered';

export interface Frame {
  readonly point: FramePoint;
  /** -1 for a response to a request that was not seen. */
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  /** Which connection of this network, counted from 0. */
  readonly connection: number;
  /** How many frames of this point and API came before, on all connections. */
  readonly count: number;
  /** Without the length in front. Valid during the call. */
  readonly bytes: Uint8Array;
}

/** 'drop': it is swallowed. 'reset': it is swallowed and the connection destroyed. */
export type FrameAction = 'pass' | 'drop' | 'reset' | { readonly delayMs: number };

/** May do anything else too: kill a process, cut a link. */
export type FrameHook = (frame: Frame) => FrameAction;

/** Frames longer than this pass unseen, as do streams that are no frames. */
const MAX_FRAME_BYTES = 128 * 1024 * 1024;
const LENGTH_BYTES = 4;

/** `network`, with `hook` asked about every frame. */
export function hookNetwork(network: Network, timers: Timers, hook: FrameHook): Network {
  const shared = new HookShared(timers, hook);
  return {
    listen: (host, port, accept, failed) =>
      network.listen(host, port, (inner) => shared.adopt(inner, 'server', accept), failed),
    connect: (host, port, timeoutMs, events, done) => {
      let hooked: HookedConnection | null = null;
      const early: ConnectionEvents = {
        bytes: (slice) => hooked?.bytes(slice),
        drain: () => hooked?.drain(),
        ended: () => hooked?.ended(),
        closed: (reason) => hooked?.closed(reason),
      };
      network.connect(host, port, timeoutMs, early, (result) => {
        if (typeof result === 'string') return done(result);
        hooked = shared.wrap(result, 'client');
        hooked.events = events;
        done(hooked);
      });
    },
  };
}

type Side = 'server' | 'client';
interface Head {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
}

class HookShared {
  private connections = 0;
  private readonly counts = new Map<string, number>();

  constructor(
    readonly timers: Timers,
    private readonly hook: FrameHook,
  ) {}

  wrap(inner: Connection, side: Side): HookedConnection {
    return new HookedConnection(this, inner, side, this.connections++);
  }

  adopt(inner: Connection, side: Side, accept: (connection: Connection) => ConnectionEvents): ConnectionEvents {
    const hooked = this.wrap(inner, side);
    hooked.events = accept(hooked);
    return hooked;
  }

  ask(point: FramePoint, connection: number, head: Head, bytes: Uint8Array): FrameAction {
    const key = `${point} ${head.apiKey}`;
    const count = this.counts.get(key) ?? 0;
    this.counts.set(key, count + 1);
    return this.hook({ point, connection, count, bytes, ...head });
  }
}

/** One direction: cuts the stream into frames, asks, hands on in order. */
class FrameLane {
  private buffered: Uint8Array = new Uint8Array(0);
  private readonly waiting: Uint8Array[] = [];
  private isDelayed = false;
  private readonly afterLast: (() => void)[] = [];

  constructor(
    private readonly timers: Timers,
    private readonly ask: (frame: Uint8Array) => FrameAction,
    private readonly handOn: (bytes: Uint8Array) => void,
    private readonly reset: () => void,
  ) {}

  push(slice: Uint8Array): void {
    const joined = new Uint8Array(this.buffered.length + slice.length);
    joined.set(this.buffered);
    joined.set(slice, this.buffered.length);
    this.buffered = joined;
    // Frames are parts of the copy: it is made anew with every push, and nobody writes to it.
    for (let size = this.nextSize(); size >= 0; size = this.nextSize()) {
      this.waiting.push(this.buffered.subarray(0, size));
      this.buffered = this.buffered.subarray(size);
    }
    this.work();
  }

  /** Calls `run` when all that has come so far, complete frame or not, has been handed on. */
  finish(run: () => void): void {
    if (this.buffered.length > 0) this.waiting.push(this.buffered);
    this.buffered = new Uint8Array(0);
    this.afterLast.push(run);
    this.work();
  }

  /** Length of the first complete frame, its prefix included; -1 when there is none yet. */
  private nextSize(): number {
    const { buffered } = this;
    if (buffered.length < LENGTH_BYTES) return -1;
    const size = new DataView(buffered.buffer, buffered.byteOffset).getInt32(0);
    if (size < 0 || size > MAX_FRAME_BYTES) return buffered.length;
    return buffered.length < LENGTH_BYTES + size ? -1 : LENGTH_BYTES + size;
  }

  private work(): void {
    while (!this.isDelayed && this.waiting.length > 0) {
      const frame = this.waiting[0]!;
      // What a connection that ends leaves unfinished is no frame to ask about.
      const action = isWhole(frame) ? this.ask(frame.subarray(LENGTH_BYTES)) : 'pass';
      if (typeof action === 'object') return this.delay(action.delayMs);
      this.waiting.shift();
      if (action === 'pass') this.handOn(frame);
      if (action === 'reset') return this.reset();
    }
    if (this.isDelayed) return;
    for (const run of this.afterLast.splice(0)) run();
  }

  private delay(delayMs: number): void {
    this.isDelayed = true;
    this.timers.set(delayMs, () => {
      this.isDelayed = false;
      this.handOn(this.waiting.shift()!);
      this.work();
    });
  }
}

function isWhole(frame: Uint8Array): boolean {
  return frame.length >= LENGTH_BYTES && new DataView(frame.buffer, frame.byteOffset).getInt32(0) === frame.length - LENGTH_BYTES;
}

class HookedConnection implements Connection, ConnectionEvents {
  events!: ConnectionEvents;
  private readonly incoming: FrameLane;
  private readonly outgoing: FrameLane;
  /** Requests by correlation id, to know what a response answers. */
  private readonly asked = new Map<number, Head>();
  private hasRoom = true;
  private isClosedAtEnd = false;

  constructor(
    private readonly shared: HookShared,
    private readonly inner: Connection,
    side: Side,
    private readonly ordinal: number,
  ) {
    const points: readonly [FramePoint, FramePoint] = side === 'server' ? ['received', 'beforeResponse'] : ['delivered', 'beforeRequest'];
    const reset = (): void => this.inner.destroy();
    this.incoming = new FrameLane(shared.timers, (frame) => this.ask(points[0], frame), (bytes) => this.events.bytes(bytes), reset);
    this.outgoing = new FrameLane(
      shared.timers,
      (frame) => this.ask(points[1], frame),
      (bytes) => {
        this.hasRoom = this.inner.write([bytes]);
      },
      reset,
    );
  }

  get remoteHost(): string {
    return this.inner.remoteHost;
  }

  get remotePort(): number {
    return this.inner.remotePort;
  }

  get localHost(): string {
    return this.inner.localHost;
  }

  get localPort(): number {
    return this.inner.localPort;
  }

  get bufferedBytes(): number {
    return this.inner.bufferedBytes;
  }

  write(chunks: readonly Uint8Array[], released?: () => void): boolean {
    for (const chunk of chunks) this.outgoing.push(chunk);
    if (released !== undefined) this.shared.timers.soon(released);
    return this.hasRoom;
  }

  pauseReading(): void {
    this.inner.pauseReading();
  }

  resumeReading(): void {
    this.inner.resumeReading();
  }

  end(): void {
    this.outgoing.finish(() => this.inner.end());
  }

  destroy(): void {
    this.inner.destroy();
  }

  bytes(slice: Uint8Array): void {
    this.incoming.push(slice);
  }

  drain(): void {
    this.hasRoom = true;
    this.events.drain();
  }

  ended(): void {
    this.incoming.finish(() => {
      if (this.events.ended !== undefined) return this.events.ended();
      this.isClosedAtEnd = true;
      this.inner.destroy();
    });
  }

  closed(reason: CloseReason): void {
    this.incoming.finish(() => this.events.closed(this.isClosedAtEnd ? 'fin' : reason));
  }

  private ask(point: FramePoint, frame: Uint8Array): FrameAction {
    if (frame.length < 4) return 'pass';
    const isRequest = point === 'received' || point === 'beforeRequest';
    const head = isRequest ? this.requestHead(frame) : this.responseHead(frame);
    return head === null ? 'pass' : this.shared.ask(point, this.ordinal, head, frame);
  }

  private requestHead(frame: Uint8Array): Head | null {
    if (frame.length < 8) return null;
    const view = new DataView(frame.buffer, frame.byteOffset);
    const head = { apiKey: view.getInt16(0), apiVersion: view.getInt16(2), correlationId: view.getInt32(4) };
    this.asked.set(head.correlationId, head);
    return head;
  }

  private responseHead(frame: Uint8Array): Head {
    const correlationId = new DataView(frame.buffer, frame.byteOffset).getInt32(0);
    const request = this.asked.get(correlationId);
    this.asked.delete(correlationId);
    return request ?? { apiKey: -1, apiVersion: -1, correlationId };
  }
}
