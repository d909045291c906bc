/** Moves group offsets to the target while a flow in offset-preserving mode runs: one to one, held at the ends of the copies. */
import type { FlowContext } from '../flow/flow-part';
import { LeaderWork } from '../flow/leader-work';
import { isReplicated, targetTopicOf } from '../naming/topic-rules';
import { copyGroupOffsets } from './group-offsets';
import { mirrorSources } from './mirror-mode';

export function groupOffsetSync(context: FlowContext): LeaderWork {
  const { settings } = context;
  // Without sync.group.offsets.enabled as often as checkpoints would go out, which this mode has no need of.
  const intervalMs = settings.syncGroupOffsetsMs ?? settings.emitCheckpointsMs;
  const what = `move group offsets to ${settings.target.alias}`;
  return new LeaderWork(context, intervalMs === null ? null : { intervalMs, what }, () => syncOffsets(context));
}

async function syncOffsets({ settings, source, target }: FlowContext): Promise<void> {
  const { alias } = settings.source;
  const names = (await target.metadata(null)).filter(({ errorCode }) => errorCode === 0).map(({ name }) => name);
  // A topic that was promoted has groups of its own.
  const sources = await mirrorSources(target, names);
  const ends = {
    targetTopicOf: (topic: string): string | null => {
      const name = isReplicated(settings, topic) ? targetTopicOf(settings, topic) : null;
      return name !== null && sources.get(name) === alias ? name : null;
    },
    endOf: (topic: string, partition: number) => target.listOffset(topic, partition, -1),
  };
  await copyGroupOffsets({ source, target }, (group) => settings.groups.accepts(group), ends);
}
