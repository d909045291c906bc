/**
 * A record in the target's `heartbeats` at each interval, from the process that leads the flow. Flows that start at the target
 * carry it on, and by the age of the copies a reader sees whether they run (KIP-382).
 */
import { encodeBatch } from '../../wire/record/records';
import type { FlowContext, FlowPart } from '../flow/flow-part';
import { Repeating } from '../flow/repeating';
import { encodeHeartbeat } from '../formats/heartbeat';
import { ensureInternalTopic } from '../topics/internal-topic';

export class HeartbeatPart implements FlowPart {
  private repeating: Repeating | null = null;
  private isReady = false;
  private isClosed = false;

  constructor(private readonly context: FlowContext) {}

  lead(): void {
    const { env, logger, settings } = this.context;
    const intervalMs = settings.emitHeartbeatsMs;
    if (intervalMs === null || this.isClosed || this.repeating !== null) return;
    const what = `write heartbeats to ${settings.target.alias}`;
    this.repeating = new Repeating(env.timers, logger, { intervalMs, what }, () => this.beat());
  }

  unlead(): void {
    void this.repeating?.close();
    this.repeating = null;
  }

  close(): void {
    this.isClosed = true;
    this.unlead();
  }

  private async beat(): Promise<void> {
    const { env, settings, target } = this.context;
    const topic = settings.policy.heartbeatsTopic;
    const timestampMs = env.clock.wallMs();
    const beat = { sourceAlias: settings.source.alias, targetAlias: settings.target.alias, timestampMs };
    if (!this.isReady) await ensureInternalTopic(target, topic, settings.heartbeatsReplicationFactor);
    // After a failure the topic is looked for again: somebody may have deleted it.
    this.isReady = false;
    await target.produce(topic, 0, encodeBatch({ records: [{ ...encodeHeartbeat(beat), timestampMs }] }, env.crc32c));
    this.isReady = true;
  }
}
