/**
 * The way of proposals for another ISR to the controller: everything that waits goes in one request, and one request is on
 * its way at a time. (KIP-497)
 *
 * Invariants: a partition waits with one proposal at most, and only as long as its leader still stands by it; a proposal
 * whose fate is unknown is made again until the controller answers or the metadata tells.
 */
import { ErrorCode, errorName } from '../../wire/base/error-codes';
import type { Logger, TimerHandle, Timers } from '../../wire/base/env';
import { isPeerFailure, type PeerFailure } from '../../wire/peer-link';
import type { AlterPartitionRequest, AlterPartitionResponse } from '../../wire/schema/replica';
import type { ControllerChannel } from '../controller-channel';
import type { IsrDecision, IsrProposal } from './partition-core';

export interface WaitingProposal {
  readonly topicId: string;
  readonly partition: number;
  readonly proposal: IsrProposal;
  /** Whether the leader still stands by it. */
  isCurrent(): boolean;
  decided(decision: IsrDecision): 'again' | 'done';
}

export interface AlterPartitionParts {
  readonly timers: Timers;
  readonly logger: Logger;
  readonly channel: ControllerChannel;
  readonly brokerId: number;
  /** Of this broker's registration; -1 before it. */
  brokerEpoch(): number;
}

const RETRY_MS = 50;
/** How long one request may look for a controller; after it the proposals are looked at again. */
const REQUEST_TIMEOUT_MS = 30_000;
const NO_RECOVERY = 0;
const BROKER_EPOCHS_SINCE = 3;

export class AlterPartitionManager {
  private readonly waiting = new Map<string, WaitingProposal>();
  /** A request is on its way, or will be soon. */
  private isBusy = false;
  private isClosed = false;
  private retryTimer: TimerHandle | null = null;

  constructor(private readonly parts: AlterPartitionParts) {}

  /** Proposals that the controller has not decided. */
  get waitingCount(): number {
    return this.waiting.size;
  }

  /** Takes the place of an older proposal for the same partition. */
  submit(item: WaitingProposal): void {
    this.waiting.set(keyOf(item.topicId, item.partition), item);
    this.sendSoon();
  }

  close(): void {
    this.isClosed = true;
    this.retryTimer?.cancel();
    this.waiting.clear();
  }

  /** What comes in the same turn goes in the same request. */
  private sendSoon(): void {
    if (this.isBusy || this.waiting.size === 0) return;
    this.isBusy = true;
    this.parts.timers.soon(() => this.send());
  }

  private send(): void {
    if (this.isClosed) return;
    for (const [key, item] of this.waiting) if (!item.isCurrent()) this.waiting.delete(key);
    const items = [...this.waiting.values()];
    this.isBusy = items.length > 0;
    if (!this.isBusy) return;
    const request = (version: number): AlterPartitionRequest => this.requestOf(items, version);
    this.parts.channel.call('AlterPartition', request, REQUEST_TIMEOUT_MS, (result) => this.answered(items, result));
  }

  private requestOf(items: readonly WaitingProposal[], version: number): AlterPartitionRequest {
    const topics = new Map<string, AlterPartitionRequest['topics'][number]>();
    for (const { topicId, partition, proposal } of items) {
      const topic = topics.get(topicId) ?? { topicId, partitions: [] };
      topics.set(topicId, topic);
      topic.partitions.push({
        partitionIndex: partition,
        leaderEpoch: proposal.leaderEpoch,
        partitionEpoch: proposal.partitionEpoch,
        leaderRecoveryState: NO_RECOVERY,
        newIsr: version < BROKER_EPOCHS_SINCE ? proposal.isr.map(({ brokerId }) => brokerId) : [],
        newIsrWithEpochs: version < BROKER_EPOCHS_SINCE ? [] : this.withOwnEpoch(proposal),
        beginsLeaderEpoch: proposal.kind === 'begin-epoch',
      });
    }
    const { brokerId } = this.parts;
    return { brokerId, brokerEpoch: this.parts.brokerEpoch(), topics: [...topics.values()] };
  }

  private withOwnEpoch({ isr }: IsrProposal): { brokerId: number; brokerEpoch: number }[] {
    const { brokerId } = this.parts;
    return isr.map((member) => (member.brokerId === brokerId ? { brokerId, brokerEpoch: this.parts.brokerEpoch() } : { ...member }));
  }

  private answered(items: readonly WaitingProposal[], result: AlterPartitionResponse | PeerFailure): void {
    if (this.isClosed) return;
    if (isPeerFailure(result)) return this.retryLater(`no answer to AlterPartition: ${result.message}`);
    if (result.errorCode !== ErrorCode.NONE) return this.retryLater(`AlterPartition: ${errorName(result.errorCode)}`);
    const decisions = decisionsOf(result);
    let isAgain = false;
    for (const item of items) {
      const key = keyOf(item.topicId, item.partition);
      const decision = decisions.get(key);
      // What the answer leaves out stays for the next request.
      if (decision === undefined) continue;
      if (this.waiting.get(key) === item) this.waiting.delete(key);
      if (decision.errorCode !== ErrorCode.NONE) {
        this.parts.logger.info(`ISR of ${key}: ${errorName(decision.errorCode)}`);
      }
      if (item.decided(decision) === 'done' || this.waiting.has(key)) continue;
      this.waiting.set(key, item);
      isAgain = true;
    }
    if (isAgain) return this.retryLater(null);
    this.isBusy = false;
    this.sendSoon();
  }

  private retryLater(why: string | null): void {
    if (why !== null) this.parts.logger.warn(why);
    this.retryTimer = this.parts.timers.set(RETRY_MS, () => {
      this.retryTimer = null;
      this.send();
    });
  }
}

function keyOf(topicId: string, partition: number): string {
  return `${topicId}-${partition}`;
}

function decisionsOf({ topics }: AlterPartitionResponse): ReadonlyMap<string, IsrDecision> {
  const decisions = new Map<string, IsrDecision>();
  for (const { topicId, partitions } of topics) {
    for (const { partitionIndex, errorCode, leaderEpoch, partitionEpoch, isr } of partitions) {
      decisions.set(keyOf(topicId, partitionIndex), { errorCode, leaderEpoch, partitionEpoch, isr });
    }
  }
  return decisions;
}
