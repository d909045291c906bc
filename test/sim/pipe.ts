/**
 * One direction of a simulated connection: what the writer has queued, what the kernels hold, and its delivery.
 *
 * Invariants: bytes arrive in order, each once, until the connection dies; the kernels hold at most `capacityBytes`; a
 * write's chunks are the writer's until it is released, and must not change until then. What has been accepted survives
 * the writer's end. Delivery is in pieces of seeded sizes through the window that all connections share, which is
 * overwritten as soon as the callback returns: whoever keeps a slice is found.
 */

import type { Link } from './link';
import type { CoreConnection, NetworkCore } from './network-core';
import type { Owner } from './owner';
import { digest } from './trace';
import { SimViolation } from './violation';

export const POISON = 0xdd;
/** How often the kernel takes a write only in a later turn. */
const LATE_ACCEPT_CHANCE = 0.125;

interface Write {
  readonly chunks: readonly Uint8Array[];
  readonly digests: readonly number[];
  readonly sizeBytes: number;
  readonly released: (() => void) | undefined;
  acceptedBytes: number;
  isReleased: boolean;
}

interface Segment {
  /** Null is the end of the stream. */
  readonly bytes: Uint8Array | null;
  arriveAtMs: number;
  taken: number;
}

/** What a pipe knows of the ends that it connects. */
export interface PipeEnd extends CoreConnection {
  readonly owner: Owner;
  readonly ordinal: number;
  readonly label: string;
  /** No socket: what is sent there gets no answer, or a reset. */
  readonly isUnreachable: boolean;
  readonly hasVanished: boolean;
  mayReceive(isEnd: boolean): boolean;
  deliver(slice: Uint8Array): void;
  finArrived(): void;
  drained(): void;
  flushed(): void;
}

export class Pipe {
  private readonly writes: Write[] = [];
  private readonly unreleased = new Set<Write>();
  private segments: Segment[] = [];
  private heldBytes = 0;
  private lastArrivalMs = 0;
  private delivery = 0;
  private isEnding = false;
  private isFinSent = false;
  private needsDrain = false;
  /** Bytes not yet released to the writer. */
  bufferedBytes = 0;
  /** Accepted bytes got lost with the reader's machine. */
  hasLost = false;
  from!: PipeEnd;
  to!: PipeEnd;

  constructor(
    private readonly core: NetworkCore,
    readonly link: Link,
    private readonly capacityBytes: number,
    private readonly highWaterMarkBytes: number,
  ) {}

  /** Whether all that was written, and the end, has been accepted by the kernel. */
  get isFlushed(): boolean {
    return this.isFinSent;
  }

  /** Whether bytes wait for the reader. */
  get hasUnread(): boolean {
    return this.heldBytes > 0;
  }

  write(chunks: readonly Uint8Array[], released: (() => void) | undefined): boolean {
    let sizeBytes = 0;
    for (const chunk of chunks) sizeBytes += chunk.length;
    const write = { chunks, digests: chunks.map(digest), sizeBytes, released, acceptedBytes: 0, isReleased: false };
    this.unreleased.add(write);
    this.writes.push(write);
    this.bufferedBytes += sizeBytes;
    if (this.core.random.chance(LATE_ACCEPT_CHANCE)) this.core.later(0, () => this.accept());
    else this.accept();
    if (this.bufferedBytes > this.highWaterMarkBytes) this.needsDrain = true;
    return !this.needsDrain;
  }

  /** The end of the stream follows what has been written. */
  end(): void {
    this.isEnding = true;
    this.accept();
  }

  /** The writer is gone: what the kernel has not accepted never leaves. */
  dropWrites(): void {
    this.writes.length = 0;
  }

  /** Gives every write back; the connection is about to be closed. */
  releaseAll(): void {
    for (const write of this.unreleased) this.release(write);
  }

  /** The reader is gone, or the connection: nothing more arrives. */
  discard(): void {
    if (this.heldBytes > 0) this.hasLost = true;
    this.segments = [];
    this.heldBytes = 0;
    this.core.scheduler.cancel(this.delivery);
    this.delivery = 0;
  }

  /** The way is open again: what was held up has been sent anew. */
  healed(cutAtMs: number): void {
    const backOffMs = this.core.random.spread(0, 500);
    for (const segment of this.segments) {
      if (segment.arriveAtMs > cutAtMs) segment.arriveAtMs = this.arrival(backOffMs);
    }
    this.schedule();
  }

  /** Plans the next delivery, if the reader wants one. */
  schedule(): void {
    const first = this.segments[0];
    if (first === undefined || this.delivery !== 0) return;
    if (this.isHeldUp(first)) return;
    if (!this.to.mayReceive(first.bytes === null)) return;
    const delayMs = Math.max(0, first.arriveAtMs - this.core.scheduler.nowMs);
    this.delivery = this.core.scheduler.at(delayMs, this.to.owner, () => {
      this.delivery = 0;
      this.deliver();
    });
  }

  private isHeldUp(segment: Segment): boolean {
    return this.link.cutAtMs !== null && segment.arriveAtMs > this.link.cutAtMs;
  }

  private accept(): void {
    if (this.isFinSent) return;
    while (this.writes.length > 0 && this.heldBytes < this.capacityBytes) {
      const write = this.writes[0]!;
      this.acceptSome(write);
      if (write.acceptedBytes < write.sizeBytes) break;
      this.writes.shift();
      this.core.scheduler.at(0, this.from.owner, () => this.released(write));
    }
    if (this.isEnding && this.writes.length === 0) {
      this.isFinSent = true;
      this.send(null);
      this.from.flushed();
    }
    this.schedule();
  }

  private acceptSome(write: Write): void {
    const room = this.capacityBytes - this.heldBytes;
    const bytes = new Uint8Array(Math.min(room, write.sizeBytes - write.acceptedBytes));
    copyOut(write.chunks, write.acceptedBytes, bytes);
    write.acceptedBytes += bytes.length;
    if (bytes.length > 0) this.send(bytes);
  }

  private send(bytes: Uint8Array | null): void {
    if (this.to.isUnreachable) return this.sendToNobody(bytes?.length ?? 0);
    const transferMs = bytes === null ? 0 : bytes.length / this.link.bytesPerMs;
    this.segments.push({ bytes, arriveAtMs: this.arrival(transferMs), taken: 0 });
    this.heldBytes += bytes?.length ?? 0;
  }

  private sendToNobody(sizeBytes: number): void {
    this.hasLost = true;
    // A machine without power acknowledges nothing: the kernel keeps the bytes, and fills up.
    if (this.to.hasVanished && !this.to.local.host.isUp) this.heldBytes += sizeBytes;
    else this.core.sentToNobody(this.from, this.link);
  }

  private arrival(extraMs: number): number {
    const atMs = this.core.scheduler.nowMs + this.core.links.drawDelayMs(this.link) + extraMs;
    this.lastArrivalMs = Math.max(this.lastArrivalMs, atMs);
    return this.lastArrivalMs;
  }

  private released(write: Write): void {
    if (write.isReleased) return;
    this.release(write);
    if (this.bufferedBytes > 0 || !this.needsDrain) return;
    this.needsDrain = false;
    this.from.drained();
  }

  private release(write: Write): void {
    write.isReleased = true;
    this.unreleased.delete(write);
    this.bufferedBytes -= write.sizeBytes;
    this.checkUntouched(write);
    for (const chunk of write.chunks) if (this.core.ownsChunk?.(chunk) === true) chunk.fill(POISON);
    write.released?.();
  }

  private checkUntouched(write: Write): void {
    if (write.chunks.every((chunk, index) => digest(chunk) === write.digests[index])) return;
    const violation = new SimViolation(`${this.from.label}: bytes given to write() changed before they were released`);
    this.core.report(violation);
    throw violation;
  }

  private deliver(): void {
    const first = this.segments[0];
    if (first === undefined || !this.to.mayReceive(first.bytes === null)) return;
    // A cut since this was planned holds the bytes up, and after it has healed they come later.
    if (this.isHeldUp(first) || first.arriveAtMs > this.core.scheduler.nowMs) return this.schedule();
    if (first.bytes === null) {
      this.segments.shift();
      this.to.finArrived();
      return;
    }
    const sizeBytes = this.fillWindow();
    const { window, trace, scheduler } = this.core;
    const slice = window.subarray(0, sizeBytes);
    trace.note('bytes', scheduler.nowMs, this.to.ordinal, sizeBytes, digest(slice));
    try {
      this.to.deliver(slice);
    } finally {
      window.fill(POISON, 0, sizeBytes);
    }
    this.accept();
    this.schedule();
  }

  /** Copies what one read brings into the window; how much is chance, up to what has arrived. */
  private fillWindow(): number {
    const { random, window, scheduler } = this.core;
    let arrivedBytes = 0;
    for (const { bytes, arriveAtMs, taken } of this.segments) {
      if (bytes === null || arriveAtMs > scheduler.nowMs || arrivedBytes >= window.length) break;
      arrivedBytes += bytes.length - taken;
    }
    const most = Math.min(arrivedBytes, window.length);
    const sizeBytes = drawPiece(random.below(16), most, (n) => random.below(n));
    let filled = 0;
    while (filled < sizeBytes) {
      const segment = this.segments[0]!;
      const bytes = segment.bytes!;
      const count = Math.min(bytes.length - segment.taken, sizeBytes - filled);
      window.set(bytes.subarray(segment.taken, segment.taken + count), filled);
      filled += count;
      segment.taken += count;
      if (segment.taken === bytes.length) this.segments.shift();
    }
    this.heldBytes -= sizeBytes;
    return sizeBytes;
  }
}

/** Mostly all there is; sometimes a part; now and then a few bytes, so that every boundary is met. */
function drawPiece(kind: number, most: number, below: (exclusive: number) => number): number {
  if (kind === 0) return Math.min(most, 1 + below(8));
  if (kind < 4) return 1 + below(most);
  return most;
}

function copyOut(chunks: readonly Uint8Array[], from: number, into: Uint8Array): void {
  let skip = from;
  let filled = 0;
  for (const chunk of chunks) {
    if (skip >= chunk.length) {
      skip -= chunk.length;
      continue;
    }
    const part = chunk.subarray(skip, skip + into.length - filled);
    into.set(part, filled);
    filled += part.length;
    skip = 0;
    if (filled === into.length) return;
  }
}
