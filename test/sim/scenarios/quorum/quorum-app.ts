/**
 * What runs on a quorum: a list of values, replicated. It checks that it is told everything once and in order, that a
 * snapshot says what the log said, and that it leads only with everything applied.
 */
import type { Env } from '../../../../log/env';
import { BatchView } from '../../../../wire/record/batch';
import { decodeRecords } from '../../../../wire/record/records';
import type { CommittedBatches, RaftListener } from '../../../../controller/raft/raft-client';
import { NotLeaderError } from '../../../../controller/raft/raft-core';
import type { RaftNode } from '../../../../controller/raft/raft-node';
import type { LeaderAndEpoch } from '../../../../controller/raft/replica-key';
import type { SnapshotReader } from '../../../../controller/raft/snapshot-reader';
import type { SimViolation } from '../../violation';
import type { QuorumGhost } from './quorum-ghost';

export class QuorumApp implements RaftListener {
  /** The epoch in which this node may write; -1 when it does not lead. */
  claimed = -1;
  nextOffset = 0;
  private values: string[] = [];
  private lastEpoch = 0;
  private raft: RaftNode | null = null;
  /** Offset to value: written by this node, and not yet known to be committed. */
  private readonly pending = new Map<number, string>();

  constructor(
    private readonly nodeId: number,
    private readonly env: Env,
    private readonly ghost: QuorumGhost,
    private readonly isDead: () => boolean,
    private readonly violate: (what: string) => SimViolation,
    private readonly count: (counter: string) => void,
  ) {}

  runOn(raft: RaftNode): void {
    this.raft = raft;
    raft.register(this);
  }

  /** Appends through this node, if it leads. */
  write(values: readonly string[]): boolean {
    if (this.claimed < 0 || this.raft === null) return false;
    try {
      const { baseOffset } = this.raft.prepareAppend(this.claimed, values.map((value) => Buffer.from(value)), true);
      values.forEach((value, index) => this.pending.set(baseOffset + index, value));
      this.raft.schedulePreparedAppend();
      return true;
    } catch (error) {
      if (!(error instanceof NotLeaderError)) throw error;
      this.claimed = -1;
      return false;
    }
  }

  handleCommit(commit: CommittedBatches, done: () => void): void {
    if (this.isDead()) return;
    if (commit.baseOffset > this.nextOffset) throw this.violate(`node ${this.nodeId} is told of ${commit.baseOffset} after ${this.nextOffset}`);
    const batch = new BatchView(commit.bytes);
    do this.apply(batch);
    while (batch.next());
    this.finish(done);
  }

  handleLoadSnapshot(reader: SnapshotReader, done: () => void): void {
    if (this.isDead()) return;
    const values: string[] = [];
    for (let batch = reader.next(); batch !== null; batch = reader.next()) {
      if (!batch.isControl) for (const { value } of decodeRecords(batch)) values.push(Buffer.from(value ?? []).toString());
    }
    const { id } = reader;
    reader.close();
    if (values.join() !== this.ghost.below(id.offset).join()) throw this.violate(`node ${this.nodeId} loads snapshot ${id.offset}-${id.epoch}, which is not what was committed`);
    this.values = values;
    this.nextOffset = id.offset;
    this.lastEpoch = id.epoch;
    this.count('snapshot loaded');
    this.finish(done);
  }

  handleLeaderChange({ leaderId, epoch }: LeaderAndEpoch): void {
    if (this.isDead()) return;
    this.claimed = leaderId === this.nodeId ? epoch : -1;
    if (this.claimed < 0) return;
    this.pending.clear();
    if (this.nextOffset < this.ghost.committedEnd) throw this.violate(`node ${this.nodeId} leads epoch ${epoch} with ${this.nextOffset} applied, and ${this.ghost.committedEnd} was committed`);
  }

  /** Writes a snapshot of all that has been applied. */
  snapshot(done: () => void): void {
    const id = { offset: this.nextOffset, epoch: this.lastEpoch };
    const writer = id.offset === 0 ? null : (this.raft?.createSnapshot(id, this.env.clock.wallMs()) ?? null);
    if (writer === null) return done();
    if (this.values.length > 0) writer.append(this.values.map((value) => Buffer.from(value)));
    writer.freeze(() => {
      this.count('snapshot');
      done();
    });
  }

  /** Everything applied is everything committed. */
  checkWhole(): void {
    if (this.values.join() !== this.ghost.below(this.nextOffset).join()) throw this.violate(`node ${this.nodeId} has not applied what was committed`);
  }

  private apply(batch: BatchView): void {
    if (!batch.isControl) {
      for (const { offset, value } of decodeRecords(batch)) this.applyRecord(offset, batch.partitionLeaderEpoch, Buffer.from(value ?? []).toString());
    }
    this.nextOffset = batch.nextOffset;
    this.lastEpoch = batch.partitionLeaderEpoch;
  }

  private applyRecord(offset: number, epoch: number, value: string): void {
    this.ghost.applied(this.nodeId, offset, { epoch, value });
    this.values.push(value);
    if (epoch !== this.claimed) return;
    const written = this.pending.get(offset);
    if (written !== value) throw this.violate(`node ${this.nodeId} wrote ${written ?? 'nothing'} at ${offset} in epoch ${epoch}, and ${value} was committed`);
    this.pending.delete(offset);
    this.count('acked');
  }

  /** Sometimes at once, sometimes later, as a loader that works in slices. */
  private finish(done: () => void): void {
    if (this.env.random('app').below(2) === 0) return done();
    this.env.timers.soon(done);
  }
}
