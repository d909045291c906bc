/** What the steps of a failover and a failback are given, and small things that they share. */
import { ErrorCode } from '../../wire/base/error-codes';
import type { BaseEnv, Logger } from '../../wire/base/env';
import { ServerError } from '../../wire/broker-link';
import type { ClusterClient } from '../../wire/cluster-client';
import type { FlowSettings } from '../flow/settings';
import { mirroredRange, mirrorSources, type LogRange } from '../preserve/mirror-mode';

export interface DrillParts {
  readonly env: BaseEnv;
  readonly logger: Logger;
  /** The direction that records take. */
  readonly flow: FlowSettings;
  readonly source: ClusterClient;
  readonly target: ClusterClient;
  /** As the person who runs it has named it, for commands that are printed. */
  readonly propertiesFile: string;
  /** For the person who runs it. */
  say(line: string): void;
  /** How long to wait for copies and leaders. */
  readonly timeoutMs: number;
}

/** Why it cannot go on, in a sentence that says what to do. */
export class DrillStopped extends Error {
  override readonly name = 'DrillStopped';
}

export interface MirrorTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly mirrorSource: string;
}

const POLL_MS = 200;

export function wait(env: BaseEnv, ms: number): Promise<void> {
  return new Promise((resolve) => void env.timers.set(ms, resolve));
}

/** Looks again until `look` returns something; throws DrillStopped with `what` after the time. */
export async function waitFor<T>({ env, timeoutMs }: DrillParts, what: () => string, look: () => Promise<T | null>): Promise<T> {
  const endMs = env.clock.monotonicMs() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (env.clock.monotonicMs() >= endMs) throw new DrillStopped(`${what()} Nothing is lost: run the same command again to go on.`);
    await wait(env, POLL_MS);
  }
}

/** Every topic of a cluster with its `mirror.source`. */
export async function mirrorTopics(cluster: ClusterClient): Promise<MirrorTopic[]> {
  const views = (await cluster.metadata(null)).filter(({ name, errorCode }) => errorCode === ErrorCode.NONE && !name.startsWith('__'));
  const sources = await mirrorSources(cluster, views.map(({ name }) => name));
  return views.map(({ name, leaders }) => ({ topic: name, partitions: leaders.length, mirrorSource: sources.get(name) ?? '' }));
}

/** A log in mirror mode once its leader knows the mode and everything in it is committed. */
export function settledRange(parts: DrillParts, cluster: ClusterClient, topic: string, partition: number, mode: string): Promise<LogRange> {
  let last = 'it was not asked';
  const what = (): string => `${topic}-${partition} has not settled in mirror mode (${mode}): ${last}.`;
  return waitFor(parts, what, async () => {
    try {
      const range = await mirroredRange(cluster, { topic, partition }, mode);
      const highWatermark = await cluster.listOffset(topic, partition, -1);
      if (highWatermark === range.logEndOffset) return range;
      last = `the log ends at ${range.logEndOffset} and ${highWatermark} is committed`;
    } catch (error) {
      // Its leader may not have heard of the mode, or there may be none at this moment.
      if (!(error instanceof ServerError)) throw error;
      last = error.message;
    }
    return null;
  });
}
