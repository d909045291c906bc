/**
 * Expiry of offsets and of groups that are left with nothing (KIP-211). Pure.
 *
 * Which moment an offset's retention counts from is the group's to say; a retention that came with the commit overrides it. What
 * an open transaction still touches stays.
 */

import type { ExpiryBase, Group } from './group';
import { type CoordinatorRecord, offsetTombstone } from './group-records';
import type { GroupScope } from './group-scope';
import { SLICE_RECORDS, SLICE_ROWS, type SweepJob } from './sweeps';

const MINUTE_MS = 60_000;
const EXPIRE_KEY = 'expire-offsets';
const JOB_NAME = 'expiry';

export function scheduleExpiry(scope: GroupScope): void {
  scope.startTimer(EXPIRE_KEY, scope.config.offsetsRetentionCheckIntervalMs, { kind: 'expireOffsets' });
}

/** One pass: first all offsets, then the groups that have none left. */
export class OffsetExpiry implements SweepJob {
  static readonly jobName = JOB_NAME;
  readonly name = JOB_NAME;
  private row = 0;
  private groups: Iterator<Group> | null = null;
  private expiredOffsets = 0;
  private removedGroups = 0;

  slice(scope: GroupScope, records: CoordinatorRecord[]): boolean {
    const { committed } = scope.offsets;
    if (this.row < committed.rowCount) {
      this.expireRows(scope, records);
      return false;
    }
    this.groups ??= scope.groups.all();
    return this.removeGroups(scope, this.groups, records);
  }

  finish(scope: GroupScope): void {
    if (this.expiredOffsets + this.removedGroups === 0) return;
    scope.log('info', `Expired ${this.expiredOffsets} offsets and removed ${this.removedGroups} groups without any`);
  }

  fail(scope: GroupScope, errorCode: number): void {
    scope.log('warn', `Expiry of offsets stopped, the next round will try again (error ${errorCode})`);
  }

  private expireRows(scope: GroupScope, records: CoordinatorRecord[]): void {
    const { committed } = scope.offsets;
    const end = Math.min(committed.rowCount, this.row + SLICE_ROWS);
    const rules = new ExpiryRules(scope);
    for (; this.row < end && records.length < SLICE_RECORDS; this.row++) {
      const { row } = this;
      if (!committed.isUsed(row) || !rules.isExpired(row)) continue;
      records.push(offsetTombstone(committed.ownerOf(row), committed.topicOf(row), committed.partitionOf(row)));
    }
    this.expiredOffsets += records.length;
  }

  private removeGroups(scope: GroupScope, groups: Iterator<Group>, records: CoordinatorRecord[]): boolean {
    for (let count = 0; count < SLICE_ROWS && records.length < SLICE_RECORDS; count++) {
      const next = groups.next();
      if (next.done === true) return true;
      const group = next.value;
      const { groupId } = group;
      const hasOffsets = scope.offsets.committed.countOf(groupId) > 0 || scope.offsets.hasOpenTransactions(groupId);
      if (group.type === 'share' || !group.isEmpty || hasOffsets) continue;
      records.push(...group.tombstones());
      this.removedGroups++;
    }
    return false;
  }
}

/** Judges rows; remembers the group of the last, since a group's rows often lie together. */
class ExpiryRules {
  private owner = -1;
  private group: Group | null = null;
  private base: ExpiryBase = 'never';
  private readonly retentionMs: number;

  constructor(private readonly scope: GroupScope) {
    this.retentionMs = scope.config.offsetsRetentionMinutes * MINUTE_MS;
  }

  isExpired(row: number): boolean {
    const { committed } = this.scope.offsets;
    const owner = committed.ownerNumberOf(row);
    if (owner !== this.owner) this.look(owner, committed.ownerOf(row));
    if (this.base === 'never') return false;
    const topic = committed.topicOf(row);
    const expireTimestampMs = committed.expireTimestampOf(row);
    const sinceMs = this.base === 'commitTime' ? committed.commitTimestampOf(row) : this.base.sinceMs;
    const isOver =
      expireTimestampMs >= 0 ? this.scope.nowMs >= expireTimestampMs : this.scope.nowMs - sinceMs >= this.retentionMs;
    if (!isOver || this.group?.isSubscribedTo(topic) === true) return false;
    return !this.scope.offsets.hasPending(committed.ownerOf(row), topic, committed.partitionOf(row));
  }

  private look(owner: number, groupId: string): void {
    this.owner = owner;
    this.group = this.scope.groups.get(groupId);
    if (this.group === null) this.base = 'commitTime';
    else this.base = this.group.type === 'share' ? 'never' : this.group.expiryBase;
  }
}
