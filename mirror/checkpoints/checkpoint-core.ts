/** Which checkpoints a flow writes, and which offsets it commits for groups on the target, by MirrorMaker 2's rules. Pure. */
import type { CommittedOffset } from '../../wire/group-admin';
import type { FlowSettings } from '../flow/settings';
import type { Checkpoint } from '../formats/checkpoint';
import { cameFromTarget, targetTopicOf } from '../naming/topic-rules';
import type { OffsetSyncStore } from '../translation/offset-sync-store-core';

type Rules = Pick<FlowSettings, 'policy' | 'topics' | 'source' | 'target'>;

export interface Translators {
  /** Of what the flow copies. */
  readonly forth: OffsetSyncStore;
  /** Of what the flow back copies: for topics that came from the target. null: not known. */
  readonly back: OffsetSyncStore | null;
}

/** Where the group may go on at the target; nothing for what cannot be translated. */
export function checkpointsOf(
  flow: Rules,
  { forth, back }: Translators,
  group: string,
  offsets: readonly CommittedOffset[],
): Checkpoint[] {
  const checkpoints: Checkpoint[] = [];
  for (const { topic, partition, offset, metadata } of offsets) {
    if (!flow.topics.accepts(topic) || flow.policy.isInternalTopic(topic)) continue;
    const target = targetTopicOf(flow, topic);
    const downstreamOffset = cameFromTarget(flow, topic)
      ? (back?.translateBack(target, partition, offset) ?? null)
      : forth.translate(topic, partition, offset);
    if (downstreamOffset === null) continue;
    checkpoints.push({ group, topic: target, partition, upstreamOffset: offset, downstreamOffset, metadata });
  }
  return checkpoints;
}

/** First for its partition, or the group went back at the source, or it has come farther on the target. */
export function isNews(checkpoint: Checkpoint, last: Checkpoint | undefined): boolean {
  if (last === undefined || checkpoint.upstreamOffset < last.upstreamOffset) return true;
  return checkpoint.downstreamOffset > last.downstreamOffset;
}

/** Groups with members commit for themselves. */
export function isIdle(state: string | undefined): boolean {
  return state === undefined || state === 'Empty' || state === 'Dead';
}

/** What to commit on the target for a group without members: never back. */
export function offsetsToCommit(
  checkpoints: Iterable<Checkpoint>,
  onTarget: readonly CommittedOffset[],
): CommittedOffset[] {
  const committed = new Map(onTarget.map(({ topic, partition, offset }) => [`${topic}:${partition}`, offset]));
  const wanted: CommittedOffset[] = [];
  for (const { topic, partition, downstreamOffset, metadata } of checkpoints) {
    const now = committed.get(`${topic}:${partition}`);
    if (now === undefined || now < downstreamOffset)
      wanted.push({ topic, partition, offset: downstreamOffset, metadata });
  }
  return wanted;
}
