/**
 * Looks after the ISRs of the partitions that this broker leads: drops members that have fallen behind, checked at half of
 * replica.lag.time.max.ms, and brings proposals to the controller. No timer runs while no partition led here has followers.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import type { Clock, Logger, TimerHandle, Timers } from '../../wire/base/env';
import { AlterPartitionManager } from './alter-partition-manager';
import type { Partition } from './partition';
import type { IsrDecision, IsrProposal } from './partition-core';
import type { Peers } from './peers';

export interface IsrKeeperParts {
  readonly env: { readonly clock: Clock; readonly timers: Timers; readonly logger: Logger };
  readonly peers: Peers;
  readonly brokerId: number;
  readonly maxLagMs: number;
  partitions(): Iterable<Partition>;
}

export class IsrKeeper {
  /** What the controller has confirmed, and what it has refused. */
  readonly counts = { shrinks: 0, expands: 0, failedUpdates: 0 };
  private readonly manager: AlterPartitionManager;
  private timer: TimerHandle | null = null;
  private isClosed = false;

  constructor(private readonly parts: IsrKeeperParts) {
    const { env, peers, brokerId } = parts;
    this.manager = new AlterPartitionManager({
      timers: env.timers,
      logger: env.logger,
      channel: peers.channel,
      brokerId,
      brokerEpoch: () => peers.brokerEpoch(),
    });
  }

  propose(partition: Partition, proposal: IsrProposal): void {
    const { log, core } = partition;
    const ids = proposal.isr.map(({ brokerId }) => brokerId);
    const change = `the ISR shall ${proposal.kind} from ${core.isr.join(', ')} to ${ids.join(', ')}`;
    const what = proposal.kind === 'begin-epoch' ? 'another leader epoch shall begin' : change;
    this.parts.env.logger.info(`${partition.key}: ${what}`);
    this.manager.submit({
      topicId: log.topicId,
      partition: log.topicPartition.partition,
      proposal,
      isCurrent: () => core.proposal === proposal,
      decided: (decision) => {
        this.count(proposal, decision);
        return partition.decided(proposal, decision);
      },
    });
  }

  private count({ kind }: IsrProposal, { errorCode }: IsrDecision): void {
    if (errorCode !== ErrorCode.NONE) this.counts.failedUpdates++;
    else if (kind === 'shrink') this.counts.shrinks++;
    else this.counts.expands++;
  }

  /** A partition is led here, and others follow it. */
  watch(): void {
    if (this.isClosed) return;
    this.timer ??= this.parts.env.timers.set(this.parts.maxLagMs / 2, () => this.check());
  }

  private check(): void {
    this.timer = null;
    const nowMs = this.parts.env.clock.monotonicMs();
    let isNeeded = false;
    for (const partition of this.parts.partitions()) {
      if (partition.core.isAlone) continue;
      isNeeded = true;
      partition.checkIsr(nowMs);
    }
    if (isNeeded) this.watch();
  }

  close(): void {
    this.isClosed = true;
    this.timer?.cancel();
    this.manager.close();
  }
}
