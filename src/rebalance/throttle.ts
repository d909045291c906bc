/**
 * The throttle of a plan, as the cluster enforces it (KIP-73): brokers get the rate, topics the replicas that it is for. Both
 * go away when the plan has been carried out, or was taken back.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import { ServerError } from '../../wire/broker-link';
import type { ClusterClient, Target } from '../../wire/cluster-client';
import type { Move } from './plan-core';

const TOPIC = 2;
const BROKER = 4;
const SET = 0;
const DELETE = 1;

export const RATES = ['leader.replication.throttled.rate', 'follower.replication.throttled.rate'];
const LEADERS = 'leader.replication.throttled.replicas';
const FOLLOWERS = 'follower.replication.throttled.replicas';
/** Where a value comes from, in DescribeConfigs: set for this topic, for this broker. */
const TOPIC_SOURCE = 1;
const BROKER_SOURCE = 2;
const TOPICS_AT_A_TIME = 500;

interface Described {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly configurationKeys: readonly string[];
}

type Change = readonly [name: string, value: string | null];
type Tried = <T>(call: () => Promise<T>) => Promise<T>;

export class Throttle {
  constructor(
    private readonly client: ClusterClient,
    private readonly tried: Tried,
  ) {}

  /** Only `moves` are held back, to so many bytes a second on each of `brokers`. Throws ServerError or ExchangeError. */
  async set(rate: number, moves: readonly Move[], brokers: readonly number[]): Promise<void> {
    // Before the rates: what is named without a rate is free.
    for (const topic of topicsIn(moves)) {
      const own = moves.filter((move) => move.topic === topic);
      await this.alter(TOPIC, topic, [
        [LEADERS, replicasIn(own, ({ from }) => from)],
        [FOLLOWERS, replicasIn(own, ({ added }) => added)],
      ]);
    }
    for (const id of brokers) await this.alter(BROKER, String(id), RATES.map((name) => [name, String(rate)]));
  }

  /** Nothing of these topics is held back any more, and nothing at all by these brokers. */
  async clear(topics: readonly string[], brokers: readonly number[]): Promise<void> {
    for (const id of brokers) await this.alter(BROKER, String(id), RATES.map((name) => [name, null]));
    for (const topic of topics) await this.alter(TOPIC, topic, [[LEADERS, null], [FOLLOWERS, null]]);
  }

  /** Those of `topics` and `brokers` that have a throttle of their own; what is set for all brokers at once counts as no run's. */
  async left(topics: readonly string[], brokers: readonly number[]): Promise<{ readonly topics: readonly string[]; readonly brokers: readonly number[] }> {
    const throttledBrokers: number[] = [];
    for (const id of brokers) {
      const names = await this.withOwn(id, BROKER_SOURCE, [{ resourceType: BROKER, resourceName: String(id), configurationKeys: RATES }]);
      if (names.length > 0) throttledBrokers.push(id);
    }
    const throttledTopics: string[] = [];
    for (let at = 0; at < topics.length; at += TOPICS_AT_A_TIME) {
      const asked = topics.slice(at, at + TOPICS_AT_A_TIME);
      const resources = asked.map((resourceName) => ({ resourceType: TOPIC, resourceName, configurationKeys: [LEADERS, FOLLOWERS] }));
      throttledTopics.push(...(await this.withOwn('any', TOPIC_SOURCE, resources)));
    }
    return { topics: throttledTopics, brokers: throttledBrokers };
  }

  /** The names of those resources for which one of the keys is set by `source`. */
  private async withOwn(to: Target, source: number, resources: readonly Described[]): Promise<readonly string[]> {
    return this.tried(async () => {
      const { results } = await this.client.ask(to, 'DescribeConfigs', { resources });
      return results.flatMap(({ errorCode, resourceName, configs }) => {
        if (errorCode !== ErrorCode.NONE && errorCode !== ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) {
          throw new ServerError(errorCode, `DescribeConfigs of ${resourceName}`);
        }
        return configs.some(({ configSource }) => configSource === source) ? [resourceName] : [];
      });
    });
  }

  /** A broker takes changes of its own config alone. A topic that is deleted meanwhile is no matter. */
  private async alter(resourceType: number, resourceName: string, changes: readonly Change[]): Promise<void> {
    const configs = changes.map(([name, value]) => ({ name, configOperation: value === null ? DELETE : SET, value }));
    const request = { resources: [{ resourceType, resourceName, configs }], validateOnly: false };
    await this.tried(async () => {
      const to = resourceType === BROKER ? Number(resourceName) : 'any';
      const { responses } = await this.client.ask(to, 'IncrementalAlterConfigs', request);
      for (const { errorCode } of responses) {
        if (errorCode === ErrorCode.NONE || errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) continue;
        throw new ServerError(errorCode, `IncrementalAlterConfigs of ${resourceName}`);
      }
    });
  }
}

export function topicsIn(moves: readonly { readonly topic: string }[]): readonly string[] {
  return [...new Set(moves.map(({ topic }) => topic))];
}

/** `partition:broker,...`; null when there are none, as a list without entries says what no list says. */
function replicasIn(moves: readonly Move[], replicasOf: (move: Move) => readonly number[]): string | null {
  const entries = moves.flatMap((move) => replicasOf(move).map((id) => `${move.partition}:${id}`));
  return entries.length === 0 ? null : entries.join(',');
}
