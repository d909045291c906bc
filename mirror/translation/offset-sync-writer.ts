/**
 * Writes the offset syncs of what this process copies. What cannot be written waits, up to a bound: a sync that is lost makes
 * readers read again, and never skip.
 */
import { encodeBatch } from '../../wire/record/records';
import type { FlowContext, FlowPart } from '../flow/flow-part';
import type { CopyEvents } from '../flow/flow-partition';
import { Repeating } from '../flow/repeating';
import { encodeOffsetSync } from '../formats/offset-sync';
import { encodeRunHeader } from '../formats/run-header';
import { ensureInternalTopic } from '../topics/internal-topic';
import { offsetSyncPlace } from './offset-sync-topic';
import { type RunSync, SyncEmission } from './sync-emission-core';

/** How long a sync that is due waits for others. */
const DUE_INTERVAL_MS = 500;
/** Each how many of these intervals everything is told that has been copied. */
const ALL_EACH = 10;
const MAX_PER_BATCH = 1000;
const MAX_WAITING = 20_000;

export class OffsetSyncWriter implements FlowPart {
  readonly events: CopyEvents;
  private readonly emission: SyncEmission;
  private readonly repeating: Repeating | null;
  private waiting: RunSync[] = [];
  private writing: Promise<void> = Promise.resolve();
  private rounds = 0;
  private isReady = false;

  constructor(private readonly context: FlowContext) {
    const { env, logger, settings } = context;
    this.emission = new SyncEmission(settings.offsetLagMax);
    this.events = {
      copied: (copied) => (settings.emitsOffsetSyncs ? this.emission.copied(copied) : undefined),
      lag: () => undefined,
      trouble: () => undefined,
      recovered: () => undefined,
    };
    const what = `write offset syncs to ${offsetSyncPlace(context).topic}`;
    const options = { intervalMs: DUE_INTERVAL_MS, firstDelayMs: DUE_INTERVAL_MS, what };
    this.repeating = settings.emitsOffsetSyncs ? new Repeating(env.timers, logger, options, () => this.round()) : null;
  }

  /** Everything that has been copied is told; what cannot be written now is told later. */
  async flush(): Promise<void> {
    try {
      await this.write(true);
    } catch (error) {
      this.context.logger.debug(`offset syncs wait: ${String(error)}`);
    }
  }

  close(): void {
    void this.repeating?.close();
  }

  private round(): Promise<void> {
    this.rounds++;
    return this.write(this.rounds % ALL_EACH === 0);
  }

  /** One write at a time, so that syncs come in order. */
  private write(everything: boolean): Promise<void> {
    const next = this.writing.then(() => this.writeNow(everything));
    this.writing = next.catch(() => undefined);
    return next;
  }

  private async writeNow(everything: boolean): Promise<void> {
    const { env, settings } = this.context;
    for (const sync of everything ? this.emission.takeAll() : this.emission.takeDue()) this.waiting.push(sync);
    if (this.waiting.length > MAX_WAITING) this.waiting = this.waiting.filter((_, at) => at % 2 === 1);
    if (this.waiting.length === 0) return;
    const { client, topic } = offsetSyncPlace(this.context);
    if (!this.isReady) await ensureInternalTopic(client, topic, settings.offsetSyncsReplicationFactor);
    this.isReady = true;
    while (this.waiting.length > 0) {
      const some = this.waiting.slice(0, MAX_PER_BATCH);
      const timestampMs = env.clock.wallMs();
      const records = some.map((sync) => ({
        ...encodeOffsetSync(sync),
        timestampMs,
        headers: [encodeRunHeader(sync.run)],
      }));
      // After a failure the topic is looked for again: somebody may have deleted it.
      this.isReady = false;
      await client.produce(topic, 0, encodeBatch({ records }, env.crc32c));
      this.isReady = true;
      this.waiting = this.waiting.slice(some.length);
    }
  }
}
