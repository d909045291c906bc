/**
 * One connection that produces with a bounded number of requests in flight: each answer that is read lets the next request go,
 * and all that one read lets go leaves in one write.
 */
import type { Socket } from 'node:net';
import { apis, responseHeaderVersion } from '../../wire/api-keys';
import { ErrorCode, errorName } from '../../wire/base/error-codes';
import { decode } from '../../wire/codec';
import { decodeResponseHeader } from '../../wire/header';
import type { Gauge, StallWatch } from './gauge';
import { type Endpoint, openLoadSocket } from './load-socket';
import type { PreparedBatch } from './payload';
import type { ProduceFrames } from './produce-frames';
import { SmallFrames } from './small-frames';

export interface ProduceLaneOptions {
  readonly endpoint: Endpoint;
  readonly receiveWindow: Uint8Array;
  readonly version: number;
  readonly frames: ProduceFrames;
  readonly batch: PreparedBatch;
  readonly inFlight: number;
  /** How many requests it sends in all. */
  readonly requests: number;
  readonly gauge: Gauge;
}

export class ProduceLane {
  /** Resolves when all requests are answered, or after `stop` those that were in flight; rejects on an error. */
  readonly done: Promise<void>;
  private resolveDone: () => void = () => undefined;
  private rejectDone: (reason: Error) => void = () => undefined;
  private socket: Socket | null = null;
  private readonly responses: SmallFrames;
  private readonly watch: StallWatch;
  private nextToSend = 0;
  private nextToAck = 0;
  private unsent: number;
  private unanswered = 0;
  private answeredInRead = 0;

  constructor(private readonly options: ProduceLaneOptions) {
    this.unsent = options.requests;
    this.watch = options.gauge.watch();
    this.responses = new SmallFrames((bytes, start, end) => this.answered(bytes, start, end));
    this.done = new Promise((resolve, reject) => {
      this.resolveDone = resolve;
      this.rejectDone = reject;
    });
  }

  async start(): Promise<void> {
    const { endpoint, receiveWindow, inFlight } = this.options;
    const received = (bytes: Buffer, length: number): void => this.received(bytes, length);
    this.socket = await openLoadSocket(endpoint, receiveWindow, received, (reason) => this.rejectDone(reason));
    this.send(inFlight);
  }

  /** Sends nothing more. */
  stop(): void {
    this.unsent = 0;
    this.endIfDone();
  }

  destroy(): void {
    this.socket?.destroy();
  }

  private received(bytes: Buffer, length: number): void {
    this.answeredInRead = 0;
    this.responses.push(bytes, length);
    if (this.answeredInRead === 0) return;
    this.watch.received();
    const { gauge, batch } = this.options;
    gauge.requests += this.answeredInRead;
    gauge.records += this.answeredInRead * batch.recordsCount;
    gauge.batchBytes += this.answeredInRead * batch.bytes.length;
    this.unanswered -= this.answeredInRead;
    this.send(this.answeredInRead);
    this.endIfDone();
  }

  private answered(bytes: Buffer, start: number, end: number): void {
    const { frames } = this.options;
    if (bytes.readInt32BE(start) !== this.nextToAck) throw new Error('an answer out of order');
    this.nextToAck = this.nextToAck + 1 === frames.slots ? 0 : this.nextToAck + 1;
    this.answeredInRead++;
    const isGood = end - start === frames.responseBytes && bytes.readInt16BE(start + frames.errorOffset) === 0;
    if (!isGood) this.checkWhole(bytes.subarray(start, end));
  }

  /** For answers that do not look as expected: fields may have been added, or there is an error. */
  private checkWhole(frame: Buffer): void {
    const { version } = this.options;
    const { bodyOffset } = decodeResponseHeader(frame, responseHeaderVersion(apis.Produce, version));
    const response = decode(apis.Produce.response, version, frame, { offset: bodyOffset });
    const partition = response.responses[0]?.partitionResponses[0];
    if (partition === undefined) throw new Error('a produce response without its partition');
    if (partition.errorCode !== ErrorCode.NONE)
      throw new Error(`produce: ${errorName(partition.errorCode)} ${partition.errorMessage ?? ''}`);
  }

  /** At most `count` requests: what the ring's end cuts takes two writes. */
  private send(count: number): void {
    const { bytes, frameBytes, slots } = this.options.frames;
    let left = Math.min(count, this.unsent);
    this.unsent -= left;
    this.unanswered += left;
    while (left > 0) {
      const first = this.nextToSend;
      const some = Math.min(left, slots - first);
      this.socket?.write(bytes.subarray(first * frameBytes, (first + some) * frameBytes));
      this.nextToSend = (first + some) % slots;
      left -= some;
    }
  }

  private endIfDone(): void {
    if (this.unsent === 0 && this.unanswered === 0) this.resolveDone();
  }
}
