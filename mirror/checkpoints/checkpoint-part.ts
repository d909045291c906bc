/**
 * Checkpoints, and group offsets on the target: in the process that leads the flow.
 *
 * Each round what this process has copied is told as offset syncs, the syncs of all processes are read, and then the groups'
 * offsets: a group's offset was committed after its records were there, so the syncs may lag behind it but never mislead.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import { ServerError } from '../../wire/broker-link';
import { alterGroupOffsets, committedOffsets, listConsumerGroups, listGroups } from '../../wire/group-admin';
import { encodeBatch } from '../../wire/record/records';
import type { FlowContext, FlowPart } from '../flow/flow-part';
import { Repeating } from '../flow/repeating';
import { someAtATime } from '../flow/some-at-a-time';
import { type Checkpoint, encodeCheckpoint } from '../formats/checkpoint';
import { ensureInternalTopic } from '../topics/internal-topic';
import { OffsetSyncStore } from '../translation/offset-sync-store-core';
import { OffsetSyncReader, offsetSyncPlace, offsetSyncPlaceBack } from '../translation/offset-sync-topic';
import { CheckpointBook } from './checkpoint-book';
import { checkpointsOf, isIdle, isNews, offsetsToCommit } from './checkpoint-core';

const MAX_PER_BATCH = 1000;
/** Groups of which offsets are asked at a time. */
const MAX_ASKED = 16;

export interface CheckpointParts extends FlowContext {
  /** Writes the syncs of what this process has copied. */
  readonly flushSyncs: () => Promise<void>;
}

export class CheckpointPart implements FlowPart {
  private round: CheckpointRound | null = null;
  private repeating: Repeating[] = [];
  private isClosed = false;

  constructor(private readonly parts: CheckpointParts) {}

  lead(): void {
    const { settings, env, logger } = this.parts;
    const { emitCheckpointsMs, syncGroupOffsetsMs, source, target } = settings;
    if (this.isClosed || this.round !== null || emitCheckpointsMs === null || !settings.emitsOffsetSyncs) return;
    const round = new CheckpointRound(this.parts);
    this.round = round;
    const what = `write checkpoints of ${source.alias}'s groups to ${target.alias}`;
    this.repeating = [new Repeating(env.timers, logger, { intervalMs: emitCheckpointsMs, what }, () => round.emit())];
    if (syncGroupOffsetsMs === null) return;
    const syncing = {
      intervalMs: syncGroupOffsetsMs,
      firstDelayMs: syncGroupOffsetsMs,
      what: `sync group offsets to ${target.alias}`,
    };
    this.repeating.push(new Repeating(env.timers, logger, syncing, () => round.syncGroups()));
  }

  unlead(): void {
    for (const each of this.repeating.splice(0)) void each.close();
    this.round?.stop();
    this.round = null;
  }

  close(): void {
    this.isClosed = true;
    this.unlead();
  }
}

/** All that is known while this process leads. */
export class CheckpointRound {
  private readonly forth: OffsetSyncReader;
  private readonly back: OffsetSyncReader | null;
  private readonly book: CheckpointBook;
  private readonly topic: string;
  private groups: readonly string[] = [];
  private groupsAtMs = -Infinity;
  private hasRead = false;
  /** Why a group was left out, by group and cluster. */
  private readonly told = new Map<string, string>();
  private isStopped = false;

  constructor(private readonly parts: CheckpointParts) {
    const place = offsetSyncPlaceBack(parts);
    this.forth = new OffsetSyncReader(offsetSyncPlace(parts), new OffsetSyncStore());
    this.back = place === null ? null : new OffsetSyncReader(place, new OffsetSyncStore());
    this.topic = parts.settings.policy.checkpointsTopic(parts.settings.source.alias);
    this.book = new CheckpointBook(parts.target, this.topic);
  }

  /** What is under way ends without a further write. */
  stop(): void {
    this.isStopped = true;
  }

  async emit(): Promise<void> {
    const { settings, flushSyncs } = this.parts;
    const { source } = settings;
    if (!this.hasRead) await this.book.read();
    this.hasRead = true;
    await this.refreshGroups();
    // Offsets first: what a group has committed was there before, so syncs that are read after it cover it as far as ever.
    const offsets = await someAtATime(this.groups, MAX_ASKED, async (group) => ({
      group,
      offsets: (await this.ofGroup(group, source.alias, () => committedOffsets(this.parts.source, group))) ?? [],
    }));
    await flushSyncs();
    await this.forth.readToEnd();
    await this.back?.readToEnd();
    const translators = { forth: this.forth.store, back: this.back?.store ?? null };
    const all = offsets.flatMap((each) => checkpointsOf(settings, translators, each.group, each.offsets));
    await this.write(all.filter((checkpoint) => isNews(checkpoint, this.book.last(checkpoint))));
  }

  async syncGroups(): Promise<void> {
    const { target, settings } = this.parts;
    if (!this.hasRead) return;
    const states = new Map((await listGroups(target)).map(({ groupId, state }) => [groupId, state]));
    const idle = this.groups.filter((group) => isIdle(states.get(group)) && this.book.ofGroup(group).size > 0);
    await someAtATime(idle, MAX_ASKED, (group) =>
      this.ofGroup(group, settings.target.alias, async () => {
        const now = states.has(group) ? await committedOffsets(target, group) : [];
        const wanted = offsetsToCommit(this.book.ofGroup(group).values(), now);
        if (wanted.length > 0 && !this.isStopped) await alterGroupOffsets(target, group, wanted);
      }),
    );
  }

  /** What a cluster refuses for one group is told once, and stops no other group. null: it was refused. */
  private async ofGroup<T>(group: string, alias: string, ask: () => Promise<T>): Promise<T | null> {
    const about = `${group} on ${alias}`;
    try {
      const answer = await ask();
      this.told.delete(about);
      return answer;
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      const hasMembers = error.errorCode === ErrorCode.UNKNOWN_MEMBER_ID;
      const why = hasMembers ? 'it has members by now, and its offsets are its own' : error.message;
      if (this.told.get(about) !== why) this.parts.logger.warn(`group ${about} is left out: ${why}`);
      this.told.set(about, why);
      return null;
    }
  }

  private async refreshGroups(): Promise<void> {
    const { settings, source, env } = this.parts;
    const nowMs = env.clock.monotonicMs();
    const isDue = this.groupsAtMs === -Infinity || nowMs - this.groupsAtMs >= (settings.refreshGroupsMs ?? Infinity);
    if (!isDue) return;
    const listed = await listConsumerGroups(source);
    this.groupsAtMs = nowMs;
    this.groups = listed.filter((group) => settings.groups.accepts(group));
  }

  private async write(checkpoints: readonly Checkpoint[]): Promise<void> {
    const { target, settings, env } = this.parts;
    if (checkpoints.length === 0 || this.isStopped) return;
    await ensureInternalTopic(target, this.topic, settings.checkpointsReplicationFactor);
    for (let from = 0; from < checkpoints.length; from += MAX_PER_BATCH) {
      const some = checkpoints.slice(from, from + MAX_PER_BATCH);
      const timestampMs = env.clock.wallMs();
      const records = some.map((checkpoint) => ({ ...encodeCheckpoint(checkpoint), timestampMs }));
      await target.produce(this.topic, 0, encodeBatch({ records }, env.crc32c));
      for (const checkpoint of some) this.book.put(checkpoint);
    }
  }
}
