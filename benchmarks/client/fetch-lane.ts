/**
 * One connection that fetches its partitions again and again from beginning to end, one request in flight, as consumers do.
 * Of each response it looks at the front alone (errors, length, the first batch's offset and size) and lets the rest pass: all
 * batches are alike, so the length says how many whole ones came.
 */
import type { Socket } from 'node:net';
import { errorName } from '../../wire/base/error-codes';
import { BATCH_HEADER_BYTES, BATCH_OVERHEAD_BYTES } from '../../wire/record/batch';
import type { FetchLayout } from './fetch-frames';
import type { Gauge, StallWatch } from './gauge';
import { type Endpoint, openLoadSocket } from './load-socket';

export interface FetchedPartition {
  /** A whole request; its fetch offset is patched. */
  readonly frame: Buffer;
  /** Where this lane begins; it goes back to 0 at the end. */
  readonly startOffset: number;
  readonly endOffset: number;
}

export interface FetchLaneOptions {
  readonly endpoint: Endpoint;
  readonly receiveWindow: Uint8Array;
  readonly layout: FetchLayout;
  readonly partitions: readonly FetchedPartition[];
  readonly batchBytes: number;
  readonly recordsPerBatch: number;
  readonly gauge: Gauge;
}

const MAX_VARINT_BYTES = 5;

export class FetchLane {
  /** Rejects on an error; resolves after `stop`, when the response in flight has come. */
  readonly done: Promise<void>;
  private resolveDone: () => void = () => undefined;
  private rejectDone: (reason: Error) => void = () => undefined;
  private socket: Socket | null = null;
  private readonly watch: StallWatch;
  private readonly front: Buffer;
  private readonly offsets: number[];
  private readonly maxFrontBytes: number;
  private current = 0;
  private frontBytes = 0;
  /** What follows the front of the response. */
  private leftBytes = 0;
  private isStopping = false;

  constructor(private readonly options: FetchLaneOptions) {
    this.watch = options.gauge.watch();
    this.maxFrontBytes = 4 + options.layout.recordsLengthAt + MAX_VARINT_BYTES + BATCH_HEADER_BYTES;
    this.front = Buffer.alloc(this.maxFrontBytes);
    this.offsets = options.partitions.map(({ startOffset }) => startOffset);
    this.done = new Promise((resolve, reject) => {
      this.resolveDone = resolve;
      this.rejectDone = reject;
    });
  }

  async start(): Promise<void> {
    const { endpoint, receiveWindow } = this.options;
    const received = (bytes: Buffer, length: number): void => this.received(bytes, length);
    this.socket = await openLoadSocket(endpoint, receiveWindow, received, (reason) => this.rejectDone(reason));
    this.send();
  }

  stop(): void {
    this.isStopping = true;
  }

  destroy(): void {
    this.socket?.destroy();
  }

  private send(): void {
    const { partitions, layout } = this.options;
    const partition = partitions[this.current] as FetchedPartition;
    partition.frame.writeBigInt64BE(BigInt(this.offsets[this.current] as number), layout.fetchOffsetAt);
    this.socket?.write(partition.frame);
  }

  private received(bytes: Buffer, length: number): void {
    this.watch.received();
    let at = 0;
    while (at < length) {
      if (this.leftBytes === 0) at = this.takeFront(bytes, at, length);
      const skipped = Math.min(this.leftBytes, length - at);
      at += skipped;
      this.leftBytes -= skipped;
      if (skipped > 0 && this.leftBytes === 0) this.answered();
    }
  }

  /** Puts the front together; once it is whole, `leftBytes` says what follows. */
  private takeFront(bytes: Buffer, at: number, length: number): number {
    const taken = Math.min(this.maxFrontBytes - this.frontBytes, length - at);
    bytes.copy(this.front, this.frontBytes, at, at + taken);
    this.frontBytes += taken;
    if (this.frontBytes < this.maxFrontBytes) {
      const isWholeAndShort = this.frontBytes >= 4 && this.frontBytes >= 4 + this.front.readInt32BE(0);
      if (isWholeAndShort) throw new Error(`a fetch response of ${this.frontBytes} bytes: ${this.failure()}`);
      return at + taken;
    }
    this.look();
    this.leftBytes = 4 + this.front.readInt32BE(0) - this.maxFrontBytes;
    if (this.leftBytes <= 0) throw new Error('a fetch response without room for a batch');
    this.frontBytes = 0;
    return at + taken;
  }

  private failure(): string {
    const { layout } = this.options;
    const errors = [4 + layout.errorAt, 4 + layout.partitionErrorAt]
      .filter((at) => at + 2 <= this.frontBytes)
      .map((at) => errorName(this.front.readInt16BE(at)));
    return errors.join(', ');
  }

  /** Checks the front, counts the whole batches and moves the fetch offset. */
  private look(): void {
    const { layout, partitions, batchBytes, recordsPerBatch, gauge } = this.options;
    const { front } = this;
    if (this.hasError()) throw new Error(`fetch: ${this.failure()}`);
    const [recordsBytes, start] = this.recordsLength(4 + layout.recordsLengthAt);
    const whole = Math.floor(recordsBytes / batchBytes);
    const offset = this.offsets[this.current] as number;
    const baseOffset = Number(front.readBigInt64BE(start));
    const firstBytes = front.readInt32BE(start + 8) + BATCH_OVERHEAD_BYTES;
    if (whole === 0 || baseOffset !== offset || firstBytes !== batchBytes)
      throw new Error(`fetch at ${offset}: ${recordsBytes} bytes, a batch of ${firstBytes} at ${baseOffset}`);
    gauge.requests++;
    gauge.records += whole * recordsPerBatch;
    gauge.batchBytes += whole * batchBytes;
    const next = offset + whole * recordsPerBatch;
    const { endOffset } = partitions[this.current] as FetchedPartition;
    this.offsets[this.current] = next >= endOffset ? 0 : next;
  }

  private hasError(): boolean {
    const { errorAt, partitionErrorAt } = this.options.layout;
    return this.front.readInt16BE(4 + errorAt) !== 0 || this.front.readInt16BE(4 + partitionErrorAt) !== 0;
  }

  /** The compact length of the records, and where they start. */
  private recordsLength(at: number): [length: number, start: number] {
    let value = 0;
    for (let i = 0; i < MAX_VARINT_BYTES; i++) {
      const byte = this.front[at + i] as number;
      value |= (byte & 0x7f) << (7 * i);
      if (byte < 0x80) return [value - 1, at + i + 1];
    }
    throw new Error('a malformed length of records');
  }

  private answered(): void {
    this.current = (this.current + 1) % this.options.partitions.length;
    if (this.isStopping) this.resolveDone();
    else this.send();
  }
}
