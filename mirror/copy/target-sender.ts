/**
 * Produces to one target broker, for all partitions that it leads: a request carries one parcel of each partition that has
 * something to send, and up to five requests are on their way, which is also the most for each partition. (KIP-98)
 *
 * Invariants: parcels of a partition leave in order over one connection, and their answers come in that order; when the
 * connection ends, so does every request on it. What a request carries is held until the connection has let go of it, which
 * may be after the answer.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import type { BaseEnv } from '../../wire/base/env';
import { ZERO_UUID } from '../../wire/base/uuid';
import type { RequestInput } from '../../wire/exchange';
import { isPeerFailure, type PeerFailure, type PeerLink } from '../../wire/peer-link';
import type { ProduceResponse } from '../../wire/schema/produce';
import type { CopySettings } from './copy-settings';
import { letGo, type PartitionCopy, type Shipment } from './partition-copy-core';
import type { Parcel, ProduceAnswer } from './partition-writer';

export interface TargetSenderParts {
  readonly env: BaseEnv;
  readonly settings: CopySettings;
  readonly link: PeerLink;
  /** Of a target topic: null until the metadata tells. */
  topicId(targetTopic: string): string | null;
  isPaused(): boolean;
  /** The next parcel of a copy that has something to send; null when there is none after all. */
  take(copy: PartitionCopy): Shipment | null;
  answered(shipment: Shipment, answer: ProduceAnswer): void;
  failed(shipments: readonly Shipment[], failure: PeerFailure): void;
}

const BY_ID = 13;
const NO_ANSWER: ProduceAnswer = {
  errorCode: ErrorCode.NETWORK_EXCEPTION,
  errorMessage: 'the answer does not name the partition',
  baseOffset: -1,
  logStartOffset: -1,
};

export class TargetSender {
  private readonly ready = new Set<PartitionCopy>();
  private inFlight = 0;
  private isPlanned = false;
  private isClosed = false;

  constructor(private readonly parts: TargetSenderParts) {}

  /** The copy may have something to send to this broker. */
  offer(copy: PartitionCopy): void {
    this.ready.add(copy);
    this.stepSoon();
  }

  withdraw(copy: PartitionCopy): void {
    this.ready.delete(copy);
  }

  stepSoon(): void {
    if (this.isPlanned || this.isClosed || this.ready.size === 0) return;
    this.isPlanned = true;
    this.parts.env.timers.soon(() => {
      this.isPlanned = false;
      this.step();
    });
  }

  close(): void {
    this.isClosed = true;
    this.ready.clear();
    this.parts.link.close();
  }

  private step(): void {
    const { settings } = this.parts;
    while (!this.isClosed && !this.parts.isPaused() && this.inFlight < settings.maxInFlight) {
      const shipments = this.load();
      if (shipments.length === 0) return;
      this.send(shipments);
    }
  }

  /** One parcel of each ready copy, while they fit; who has more stays ready, behind the others. */
  private load(): Shipment[] {
    const shipments: Shipment[] = [];
    const more: PartitionCopy[] = [];
    let sizeBytes = 0;
    for (const copy of this.ready) {
      if (sizeBytes >= this.parts.settings.maxRequestBytes) break;
      this.ready.delete(copy);
      let shipment: Shipment | null = null;
      while (shipment === null && copy.hasToSend()) shipment = this.parts.take(copy);
      if (shipment === null) continue;
      shipments.push(shipment);
      sizeBytes += shipment.parcel.sizeBytes;
      if (copy.hasToSend()) more.push(copy);
    }
    for (const copy of more) this.ready.add(copy);
    return shipments;
  }

  private send(shipments: readonly Shipment[]): void {
    this.inFlight++;
    const { settings, link } = this.parts;
    link.call(
      'Produce',
      (version) => this.request(shipments, version),
      { timeoutMs: settings.requestTimeoutMs, released: () => shipments.forEach(letGo) },
      (result) => this.arrived(shipments, result),
    );
  }

  private request(shipments: readonly Shipment[], version: number): RequestInput<'Produce'> {
    const byTopic = new Map<string, Parcel['data'][]>();
    for (const { copy, parcel } of shipments) {
      const { targetTopic } = copy.partition;
      const group = byTopic.get(targetTopic);
      if (group === undefined) byTopic.set(targetTopic, [parcel.data]);
      else group.push(parcel.data);
    }
    const topicData = Array.from(byTopic, ([name, partitionData]) => {
      const topicId = version >= BY_ID ? this.parts.topicId(name) : null;
      return topicId === null ? { name, partitionData } : { topicId, partitionData };
    });
    return { acks: -1, timeoutMs: this.parts.settings.requestTimeoutMs, topicData };
  }

  private arrived(shipments: readonly Shipment[], result: ProduceResponse | PeerFailure): void {
    this.inFlight--;
    if (this.isClosed) return;
    if (isPeerFailure(result)) this.parts.failed(shipments, result);
    else this.tell(shipments, result);
    this.stepSoon();
  }

  private tell(shipments: readonly Shipment[], { responses }: ProduceResponse): void {
    const [only] = responses;
    const isInOrder =
      responses.length === 1 &&
      only!.partitionResponses.length === shipments.length &&
      shipments.every((shipment, i) => only!.partitionResponses[i]!.index === shipment.copy.partition.partition);
    // Brokers answer in the order of the request; with one topic in it nothing has to be looked up.
    if (isInOrder) shipments.forEach((shipment, i) => this.parts.answered(shipment, only!.partitionResponses[i]!));
    else this.tellByName(shipments, responses);
  }

  private tellByName(shipments: readonly Shipment[], responses: ProduceResponse['responses']): void {
    const answers = new Map<string, ProduceAnswer>();
    for (const { name, topicId, partitionResponses } of responses) {
      const topic = topicId === ZERO_UUID ? name : topicId;
      for (const answer of partitionResponses) answers.set(`${topic}:${answer.index}`, answer);
    }
    for (const shipment of shipments) {
      const { partition, targetTopic } = shipment.copy.partition;
      const byId = answers.get(`${this.parts.topicId(targetTopic)}:${partition}`);
      this.parts.answered(shipment, byId ?? answers.get(`${targetTopic}:${partition}`) ?? NO_ANSWER);
    }
  }
}
