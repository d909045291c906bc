/**
 * The engine's side towards the target: who leads what there, what is produced to whom, and what becomes of the answers.
 *
 * What may pass is tried again, with the same bytes in the same order; what an answer means otherwise, the writer says.
 */
import { ErrorCode, errorName, isRetriable } from '../../wire/base/error-codes';
import type { PeerFailure } from '../../wire/peer-link';
import { linkTo, type EngineParts } from './engine-parts';
import { nameOf, refused, TOLD_FAILURES, type Lane, type Lanes } from './lane';
import { Leaders } from './leaders';
import type { PartitionCopy, Shipment } from './partition-copy-core';
import { CopyStopped, type Parcel, type ProduceAnswer } from './partition-writer';
import { TargetSender } from './target-sender';

export class TargetSide {
  private readonly leaders: Leaders;
  private readonly senders = new Map<number, { readonly address: string; readonly sender: TargetSender }>();
  private isPaused = false;
  private isClosed = false;

  constructor(
    private readonly parts: EngineParts,
    private readonly lanes: Lanes,
  ) {
    const { clock, timers } = parts.env;
    const logger = parts.logger.child('target');
    const { maxBackoffMs } = parts.settings;
    this.leaders = new Leaders({
      clock,
      timers,
      logger,
      client: parts.target,
      maxBackoffMs,
      changed: () => this.changed(),
    });
  }

  watch(topic: string): void {
    this.leaders.watch(topic);
  }

  unwatch(topic: string): void {
    this.leaders.unwatch(topic);
  }

  refresh(): void {
    this.leaders.refresh();
  }

  pause(): void {
    this.isPaused = true;
  }

  goOn(): void {
    this.isPaused = false;
    for (const { sender } of this.senders.values()) sender.stepSoon();
  }

  withdraw(copy: PartitionCopy): void {
    for (const { sender } of this.senders.values()) sender.withdraw(copy);
  }

  close(): void {
    this.isClosed = true;
    for (const { sender } of this.senders.values()) sender.close();
    this.leaders.close();
  }

  private now(): number {
    return this.parts.env.clock.monotonicMs();
  }

  private changed(): void {
    for (const lane of [...this.lanes.all()]) {
      this.checkTarget(lane);
      if (lane.copy.hasToSend()) this.sendSoon(lane);
    }
  }

  /** A topic that was created anew is empty, or somebody else's: what was copied is gone, and people decide. */
  private checkTarget(lane: Lane): void {
    const { copy } = lane;
    const view = this.leaders.viewOf(copy.partition.targetTopic);
    if (view === undefined || view.errorCode !== ErrorCode.NONE) return;
    lane.targetTopicId ??= view.topicId;
    if (lane.targetTopicId === view.topicId || copy.status === 'stopped') return;
    const message = `the target's topic ${view.name} was created anew: start the mirror again to copy everything once more`;
    this.lanes.stop(lane, refused(ErrorCode.INCONSISTENT_TOPIC_ID, message));
  }

  sendSoon(lane: Lane): void {
    const { copy } = lane;
    if (this.isClosed || !copy.hasToSend()) return;
    const { targetTopic, partition } = copy.partition;
    const sender = this.senderOf(this.leaders.leaderOf(targetTopic, partition));
    if (sender !== null) return sender.offer(copy);
    this.leaders.refresh();
    copy.postpone(this.now());
    this.lanes.wakeLater(lane);
  }

  private senderOf(brokerId: number): TargetSender | null {
    const address = brokerId < 0 ? null : this.leaders.addressOf(brokerId);
    if (address === null) return null;
    const text = `${address.host}:${address.port}`;
    const known = this.senders.get(brokerId);
    if (known?.address === text) return known.sender;
    known?.sender.close();
    const sender = new TargetSender({
      env: this.parts.env,
      settings: this.parts.settings,
      link: linkTo(this.parts, address),
      topicId: (topic) => this.leaders.viewOf(topic)?.topicId ?? null,
      isPaused: () => this.isPaused,
      take: (copy) => this.take(copy),
      answered: (shipment, answer) => this.answered(shipment, answer),
      failed: (shipments, failure) => this.sendingFailed(shipments, failure),
    });
    this.senders.set(brokerId, { address: text, sender });
    return sender;
  }

  private take(copy: PartitionCopy): Shipment | null {
    const lane = this.lanes.ofCopy(copy);
    if (lane === undefined) return null;
    try {
      return copy.take(this.parts.settings.maxRequestBytes);
    } catch (error) {
      if (!(error instanceof CopyStopped)) throw error;
      this.lanes.stop(lane, error.trouble);
      return null;
    }
  }

  private answered({ copy, generation, parcel }: Shipment, answer: ProduceAnswer): void {
    const lane = this.lanes.ofCopy(copy);
    if (lane === undefined || copy.generation !== generation) return;
    if (copy.status === 'draining') copy.answeredWhileDraining(this.now());
    else if (answer.errorCode !== ErrorCode.NONE && isRetriable(answer.errorCode)) this.refusedForNow(lane, answer);
    else this.judge(lane, parcel, answer);
    this.afterAnswer(lane);
  }

  private judge(lane: Lane, parcel: Parcel, answer: ProduceAnswer): void {
    const { copy } = lane;
    const verdict = copy.writer.answered(parcel, answer);
    switch (verdict.kind) {
      case 'acked':
        copy.acked(verdict.lastTargetOffset);
        this.lanes.recovered(lane);
        this.parts.events.copied({
          partition: copy.partition,
          firstSourceOffset: parcel.firstSourceOffset,
          lastSourceOffset: parcel.lastSourceOffset,
          firstTargetOffset: verdict.firstTargetOffset,
          lastTargetOffset: verdict.lastTargetOffset,
          isContiguous: parcel.isContiguous,
          bytes: parcel.sizeBytes,
          records: parcel.recordsCount,
          maxTimestampMs: parcel.maxTimestampMs,
        });
        return this.lanes.tellLag(lane);
      case 'resume':
        this.parts.logger.info(`${nameOf(copy.partition)} looks at its target again: ${verdict.why}`);
        return copy.waitToResume(this.now());
      case 'trouble':
        return this.lanes.stop(lane, verdict.trouble);
    }
  }

  private refusedForNow(lane: Lane, { errorCode, errorMessage }: ProduceAnswer): void {
    const { copy } = lane;
    const why = errorMessage ?? errorName(errorCode);
    if (copy.failures >= TOLD_FAILURES)
      this.lanes.tellTrouble(lane, refused(errorCode, `${nameOf(copy.partition)}: ${why}`));
    copy.failed(this.now());
    this.leaders.refresh();
  }

  private sendingFailed(shipments: readonly Shipment[], failure: PeerFailure): void {
    this.parts.logger.info(`no answer to a produce: ${failure.message}`);
    this.leaders.refresh();
    const nowMs = this.now();
    for (const { copy, generation } of shipments) {
      const lane = this.lanes.ofCopy(copy);
      if (lane === undefined || copy.generation !== generation) continue;
      if (copy.failures >= TOLD_FAILURES)
        this.lanes.tellTrouble(lane, refused(ErrorCode.NETWORK_EXCEPTION, failure.message));
      copy.failed(nowMs);
      this.afterAnswer(lane);
    }
  }

  private afterAnswer(lane: Lane): void {
    const { copy } = lane;
    if (copy.status === 'copying') {
      this.sendSoon(lane);
      this.lanes.fetchSoon(lane);
    } else if (lane.timer === null) this.lanes.wakeLater(lane);
    this.lanes.settled();
  }
}
