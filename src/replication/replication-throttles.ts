/**
 * Replication throttles: what replicas that an operator has named may take of this broker as leader, and of others as their
 * follower, in bytes a second (KIP-73).
 *
 * A replica that is in sync is never held back: the throttle is for those that catch up. Bounds are read each time they are
 * looked at, so that a changed config counts at once.
 */
import type { LogConfig } from '../../log/log-config';
import type { TopicPartition } from '../../log/file-names';
import type { Clock } from '../../wire/base/env';
import { ReplicationQuotaCore, type QuotaWindow } from './replication-quota-core';

/** What a throttle looks at of a replica's log. */
export interface ThrottledLog {
  readonly topicPartition: TopicPartition;
  readonly config: LogConfig;
}

export interface ThrottleBounds {
  /** leader.replication.throttled.rate and follower.replication.throttled.rate: bytes a second. */
  readonly leaderRate: number;
  readonly followerRate: number;
}

export interface ThrottleSettings {
  readonly window: QuotaWindow;
  /** What is in force now. */
  bounds(): ThrottleBounds;
}

/** Kafka's defaults. */
export const UNTHROTTLED: ThrottleSettings = {
  window: { samples: 11, sampleMs: 1000 },
  bounds: () => ({ leaderRate: Infinity, followerRate: Infinity }),
};

const ALL_REPLICAS = '*';
type Named = ReadonlySet<number> | 'all';

export class ReplicationThrottle {
  private readonly quota: ReplicationQuotaCore;
  /** The partitions that a topic's config names for this broker, by the config's list, which never changes. */
  private readonly named = new WeakMap<readonly string[], Named>();

  constructor(
    private readonly clock: Clock,
    private readonly brokerId: number,
    window: QuotaWindow,
    private readonly listOf: (config: LogConfig) => readonly string[],
    private readonly boundOf: () => number,
  ) {
    this.quota = new ReplicationQuotaCore(window);
  }

  /** An operator has named the replica here. */
  isThrottled({ topicPartition, config }: ThrottledLog): boolean {
    const list = this.listOf(config);
    if (list.length === 0) return false;
    const named = this.namedIn(list);
    return named === 'all' || named.has(topicPartition.partition);
  }

  private namedIn(list: readonly string[]): Named {
    const known = this.named.get(list);
    if (known !== undefined) return known;
    const own = list.map((entry) => entry.split(':')).filter(([, brokerId]) => Number(brokerId) === this.brokerId);
    const named = list.includes(ALL_REPLICAS) ? 'all' : new Set(own.map(([partition]) => Number(partition)));
    this.named.set(list, named);
    return named;
  }

  /** More than the bound has gone of late: throttled replicas have to wait. */
  isExceeded(): boolean {
    return this.quota.isExceeded(this.boundOf(), this.clock.monotonicMs());
  }

  /** How long until it is worth looking again. */
  waitMs(): number {
    return this.quota.waitMs(this.boundOf(), this.clock.monotonicMs());
  }

  /** Bytes of throttled replicas have gone, in sync or not. */
  record(sizeBytes: number): void {
    if (sizeBytes > 0) this.quota.record(sizeBytes, this.clock.monotonicMs());
  }

  /** Bytes a second, over the window. */
  get rate(): number {
    return this.quota.rate(this.clock.monotonicMs());
  }
}

export interface ReplicationThrottles {
  readonly leader: ReplicationThrottle;
  readonly follower: ReplicationThrottle;
}

export function replicationThrottles(clock: Clock, brokerId: number, { window, bounds }: ThrottleSettings): ReplicationThrottles {
  const throttle = (listOf: (config: LogConfig) => readonly string[], boundOf: () => number): ReplicationThrottle =>
    new ReplicationThrottle(clock, brokerId, window, listOf, boundOf);
  return {
    leader: throttle((config) => config.leaderReplicationThrottledReplicas, () => bounds().leaderRate),
    follower: throttle((config) => config.followerReplicationThrottledReplicas, () => bounds().followerRate),
  };
}
