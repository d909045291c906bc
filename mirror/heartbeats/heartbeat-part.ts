/**
 * A record in the target's `heartbeats` at each interval, from the process that leads the flow. Flows that start at the target
 * carry it on, and by the age of the copies a reader sees whether they run (KIP-382).
 */
import { encodeBatch } from '../../wire/record/records';
import type { FlowContext } from '../flow/flow-part';
import { LeaderWork } from '../flow/leader-work';
import { encodeHeartbeat } from '../formats/heartbeat';
import { ensureInternalTopic } from '../topics/internal-topic';

export function heartbeatPart(context: FlowContext): LeaderWork {
  const { settings } = context;
  const intervalMs = settings.emitHeartbeatsMs;
  const heart = new Heart(context);
  const what = `write heartbeats to ${settings.target.alias}`;
  return new LeaderWork(context, intervalMs === null ? null : { intervalMs, what }, () => heart.beat());
}

class Heart {
  private isReady = false;

  constructor(private readonly context: FlowContext) {}

  async beat(): Promise<void> {
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
