/** Moves group offsets to the target while a flow in offset-preserving mode runs: one to one, held at the ends of the copies. */
import type { FlowContext, FlowPart } from '../flow/flow-part';
import { Repeating } from '../flow/repeating';
import { isReplicated, targetTopicOf } from '../naming/topic-rules';
import { copyGroupOffsets } from './group-offsets';
import { mirrorSources } from './mirror-mode';

export class GroupOffsetSync implements FlowPart {
  private syncing: Repeating | null = null;
  private isClosed = false;

  constructor(private readonly context: FlowContext) {}

  lead(): void {
    const { env, logger, settings } = this.context;
    // Without sync.group.offsets.enabled as often as checkpoints would go out, which this mode has no need of.
    const intervalMs = settings.syncGroupOffsetsMs ?? settings.emitCheckpointsMs;
    if (intervalMs === null || this.isClosed || this.syncing !== null) return;
    const what = `move group offsets to ${settings.target.alias}`;
    this.syncing = new Repeating(env.timers, logger, { intervalMs, what }, () => this.sync());
  }

  unlead(): void {
    void this.syncing?.close();
    this.syncing = null;
  }

  close(): void {
    this.isClosed = true;
    this.unlead();
  }

  private async sync(): Promise<void> {
    const { settings, source, target } = this.context;
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
}
