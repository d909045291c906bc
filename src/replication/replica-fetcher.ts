/**
 * Copies from one leader everything that this broker follows there: asks, checks what comes, appends it, and asks again.
 *
 * Invariants: one request is on its way at a time, and the next goes when the last answer has been dealt with, and flushed
 * where a record counts only when it is; a partition whose log refuses waits alone; a turn of the loop takes about 5 ms of
 * an answer, one partition's part at least. Bound: replica.fetch.response.max.bytes are in memory at once.
 *
 * A request that waits at the leader for records would keep new partitions waiting, just after an election. It is given up,
 * a few times per second at most, and all is asked for anew over a second connection.
 */
import { LogStorageError } from '../../log/log-error';
import type { PartitionLog } from '../../log/partition-log';
import { errorName } from '../../wire/base/error-codes';
import type { PoolMemory } from '../../wire/base/buffer-pool';
import type { BaseEnv, Logger, TimerHandle } from '../../wire/base/env';
import { isPeerFailure, PeerLink, type PeerFailure } from '../../wire/peer-link';
import type { FetchResponse } from '../../wire/schema/fetch';
import { fetchRequestOf, type FetchRequestSettings } from './fetch-request';
import { FetcherCore, type FetchPlan, type Followed, type FollowedPartition } from './fetcher-core';
import { appendReplicated, cutBack } from './follower-log';
import { askLeaderOffsets, type LeaderOffsets } from './leader-offsets';
import type { ReplicationThrottle } from './replication-throttles';
import type { ReplicationTraffic } from './traffic';
import { truncationOffset } from './truncation';

export interface PeerEndpoint {
  readonly host: string;
  readonly port: number;
}

export interface FetcherSettings extends FetchRequestSettings {
  /** A record counts where it is flushed. */
  readonly flushBeforeAck: boolean;
  /** replica.fetch.wait.max.ms */
  readonly maxWaitMs: number;
  /** replica.fetch.backoff.ms */
  readonly backoffMs: number;
  /** replica.socket.timeout.ms */
  readonly socketTimeoutMs: number;
}

export interface FetcherParts {
  readonly env: BaseEnv;
  readonly logger: Logger;
  readonly settings: FetcherSettings;
  /** What throttled replicas here may take of their leaders, all together. */
  readonly throttle: ReplicationThrottle;
  readonly traffic: ReplicationTraffic;
  /** For answers that have not come whole; the heap without it. */
  readonly memory?: PoolMemory;
  /** Of this broker's registration; -1 before it: then nothing is fetched yet. */
  brokerEpoch(): number;
  /** Where the broker is; null when the metadata does not tell (yet). */
  endpointOf(brokerId: number): PeerEndpoint | null;
  /** Told when consumers of the replica here have more to read, or less. */
  moved(replica: FollowedReplica): void;
}

/** A replica here whose leader is another broker. */
export interface FollowedReplica extends FollowedPartition {
  readonly log: PartitionLog;
}

type Replica = Followed<FollowedReplica>;
type PartitionData = FetchResponse['responses'][number]['partitions'][number];

const SLICE_MS = 5;
/** Between two requests that are given up for new partitions. */
const HURRY_MS = 200;
/** Between looks for what the metadata does not tell yet. */
const UNKNOWN_WAIT_MS = 50;

export class ReplicaFetcher {
  private readonly core: FetcherCore<FollowedReplica>;
  /** The one in use, and the one that was before. */
  private links: readonly [PeerLink | null, PeerLink | null] = [null, null];
  private linkedTo: PeerEndpoint | null = null;
  /** A request is on its way, or its answer is being dealt with. */
  private isBusy = false;
  /** The request that is on its way; answers to others are of no use. Null: none is. */
  private flight: number | null = null;
  private lastFlight = 0;
  private hurriedMs = -Infinity;
  private isPlanned = false;
  private isClosed = false;
  private timer: TimerHandle | null = null;

  constructor(
    private readonly parts: FetcherParts,
    readonly leaderId: number,
  ) {
    const { throttle } = parts;
    this.core = new FetcherCore(parts.settings, {
      isThrottled: ({ log }: FollowedReplica) => throttle.isThrottled(log),
      isExceeded: () => throttle.isExceeded(),
      waitMs: () => throttle.waitMs(),
    });
  }

  get size(): number {
    return this.core.size;
  }

  /** Follows a replica, in its first or another leader epoch. What comes in one turn is asked for in one request. */
  add(replica: FollowedReplica): void {
    this.core.add(replica);
    this.hurry();
    this.stepSoon();
  }

  /** Gives up the request that is on its way, unless that was done a moment ago. */
  private hurry(): void {
    if (this.flight === null) return;
    const nowMs = this.parts.env.clock.monotonicMs();
    if (nowMs - this.hurriedMs < HURRY_MS) return;
    this.hurriedMs = nowMs;
    this.flight = null;
    this.isBusy = false;
    this.links = [this.links[1], this.links[0]];
    this.core.interrupted();
  }

  remove(topicId: string, partition: number): void {
    this.core.remove(topicId, partition);
  }

  close(): void {
    this.isClosed = true;
    this.timer?.cancel();
    this.closeLinks();
  }

  private closeLinks(): void {
    for (const link of this.links) link?.close();
    this.links = [null, null];
  }

  private stepSoon(): void {
    if (this.isBusy || this.isPlanned || this.isClosed) return;
    this.isPlanned = true;
    this.parts.env.timers.soon(() => {
      this.isPlanned = false;
      this.step();
    });
  }

  private step(): void {
    if (this.isBusy || this.isClosed) return;
    this.timer?.cancel();
    this.timer = null;
    if (this.core.size === 0) return;
    const nowMs = this.parts.env.clock.monotonicMs();
    const link = this.linkToLeader();
    // Before its registration this broker is nobody whom a leader could take into an ISR.
    if (link === null || this.parts.brokerEpoch() < 0) {
      this.core.postpone(nowMs + UNKNOWN_WAIT_MS);
      return this.stepLater(nowMs);
    }
    const unflushed = this.unflushed(nowMs);
    if (unflushed.length > 0) return this.flushFirst(unflushed);
    const plan = this.core.plan(nowMs);
    if (plan === null) this.stepLater(nowMs);
    else this.ask(link, plan);
  }

  private stepLater(nowMs: number): void {
    const dueMs = this.core.nextDueMs;
    if (dueMs === Infinity) return;
    this.timer = this.parts.env.timers.set(Math.max(1, dueMs - nowMs), () => this.step());
  }

  /** The link to where the leader is now; null when nobody knows. */
  private linkToLeader(): PeerLink | null {
    const endpoint = this.parts.endpointOf(this.leaderId);
    if (endpoint === null) return null;
    const { host, port } = endpoint;
    if (this.linkedTo?.host !== host || this.linkedTo.port !== port) this.closeLinks();
    this.linkedTo = endpoint;
    const link = this.links[0] ?? this.newLink(endpoint);
    this.links = [link, this.links[1]];
    return link;
  }

  private newLink({ host, port }: PeerEndpoint): PeerLink {
    const { brokerId, socketTimeoutMs } = this.parts.settings;
    const { memory } = this.parts;
    return new PeerLink(this.parts.env, {
      host,
      port,
      connectTimeoutMs: socketTimeoutMs,
      requestTimeoutMs: socketTimeoutMs,
      clientId: `broker-${brokerId}-fetcher-0`,
      ...(memory === undefined ? {} : { memory }),
    });
  }

  private unflushed(nowMs: number): Replica[] {
    if (!this.parts.settings.flushBeforeAck) return [];
    return [...this.core.toBeNamed(nowMs)].filter(({ partition: { log } }) => log.flushedOffset < log.logEndOffset);
  }

  /** A fetch says what this broker holds: where only flushed records count, they are flushed before it. */
  private flushFirst(replicas: readonly Replica[]): void {
    this.isBusy = true;
    let left = replicas.length;
    for (const replica of replicas) {
      replica.partition.log.flush((error) => {
        if (error !== null) this.retry(replica, error.message);
        left -= 1;
        if (left === 0) this.goOn();
      });
    }
  }

  private goOn(): void {
    this.isBusy = false;
    this.step();
  }

  private ask(link: PeerLink, plan: FetchPlan<FollowedReplica>): void {
    this.isBusy = true;
    const { settings } = this.parts;
    const timeoutMs = settings.socketTimeoutMs + plan.maxWaitMs;
    const brokerEpoch = this.parts.brokerEpoch();
    const request = (version: number): ReturnType<typeof fetchRequestOf> =>
      fetchRequestOf(plan, version, settings, brokerEpoch);
    const flight = ++this.lastFlight;
    this.flight = flight;
    // One answer is dealt with before the next is asked for, so they can lie in the same memory.
    link.call('Fetch', request, { timeoutMs, isTransient: true }, (result) => {
      if (this.flight !== flight || this.isClosed) return;
      this.flight = null;
      this.answered(result);
    });
  }

  private answered(result: FetchResponse | PeerFailure): void {
    const nowMs = this.parts.env.clock.monotonicMs();
    if (isPeerFailure(result)) {
      this.parts.logger.info(`no answer from leader ${this.leaderId}: ${result.message}`);
      this.core.failed(nowMs);
      return this.goOn();
    }
    if (!this.core.answered(result.errorCode, result.sessionId, nowMs)) {
      this.parts.logger.info(`fetch from leader ${this.leaderId}: ${errorName(result.errorCode)}`);
      return this.goOn();
    }
    this.take(this.partsOf(result));
  }

  /** Each partition of the answer with what it says; what is followed no more is left out. */
  private *partsOf({ responses }: FetchResponse): Generator<readonly [Replica, PartitionData]> {
    for (const { topicId, partitions } of responses) {
      for (const data of partitions) {
        const replica = this.core.get(topicId, data.partitionIndex);
        if (replica !== undefined) yield [replica, data];
      }
    }
  }

  /** As much of an answer as one turn of the loop may take. */
  private take(rest: Iterator<readonly [Replica, PartitionData]>): void {
    const { clock, timers } = this.parts.env;
    const endMs = clock.monotonicMs() + SLICE_MS;
    while (!this.isClosed) {
      const next = rest.next();
      if (next.done === true) return this.goOn();
      const [replica, data] = next.value;
      this.guarded(replica, () => this.follow(replica, data));
      if (clock.monotonicMs() >= endMs) return timers.soon(() => this.take(rest));
    }
  }

  /** A log that cannot be written now is tried again; what lies in a directory that has failed is followed no more by then. */
  private guarded(replica: Replica, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof LogStorageError)) throw error;
      this.retry(replica, error.message);
    }
  }

  private follow(replica: Replica, data: PartitionData): void {
    switch (this.core.judge(replica, data)) {
      case 'stale':
        return;
      case 'append':
        return this.append(replica, data);
      case 'truncate':
        return this.truncate(replica, data);
      case 'settle':
        return this.settle(replica);
      case 'fenced':
        return this.core.settle(replica, 'fenced');
      case 'retry':
        return this.retry(replica, errorName(data.errorCode));
    }
  }

  private append(replica: Replica, data: PartitionData): void {
    const { log, leaderEpoch } = replica.partition;
    const { highWatermark, logStartOffset } = log;
    const appended = appendReplicated(log, leaderEpoch, data, this.parts.env.crc32c);
    if (log.highWatermark !== highWatermark || log.logStartOffset !== logStartOffset) this.parts.moved(replica.partition);
    if (typeof appended === 'object') return this.retry(replica, appended.problem);
    const { throttle, traffic } = this.parts;
    traffic.bytesIn += data.records?.length ?? 0;
    if (throttle.isThrottled(log)) throttle.record(data.records?.length ?? 0);
    this.core.took(replica, appended === 'moved', data.highWatermark);
  }

  private truncate(replica: Replica, { divergingEpoch }: PartitionData): void {
    const { log } = replica.partition;
    const offset = truncationOffset(divergingEpoch, log.epochs, log.logEndOffset);
    this.cut(replica, offset, `it has another history after epoch ${divergingEpoch.epoch}`);
    this.core.took(replica, true);
  }

  private cut({ partition }: Replica, offset: number, why: string): void {
    const { log } = partition;
    if (offset < log.logEndOffset) {
      const committed = offset < log.highWatermark ? `, below the high watermark ${log.highWatermark}` : '';
      const where = `${log.directory} is cut from ${log.logEndOffset} to ${offset}${committed}`;
      this.parts.logger.warn(`${where}, as leader ${this.leaderId} has it: ${why}`);
    }
    cutBack(log, offset);
    this.parts.moved(partition);
  }

  /** The leader does not have the offset: it is asked where its log ends and starts. */
  private settle(replica: Replica): void {
    const [link] = this.links;
    if (link === null) return this.retry(replica, 'there is no link to the leader');
    this.core.settle(replica, 'settling');
    askLeaderOffsets(link, this.parts.settings.brokerId, replica.partition, (found) => {
      // What is followed no more, perhaps because it leads now, keeps its log.
      if (this.isClosed || replica.status !== 'settling' || !this.core.isFollowed(replica)) return;
      this.guarded(replica, () => this.startAt(replica, found));
      this.stepSoon();
    });
  }

  private startAt(replica: Replica, found: LeaderOffsets): void {
    if (!found.ok) return this.retry(replica, found.problem);
    const { log } = replica.partition;
    const { startOffset, endOffset } = found;
    if (endOffset < log.logEndOffset) this.cut(replica, endOffset, 'it ends there');
    else if (startOffset > log.logEndOffset) {
      this.parts.logger.warn(`${log.directory} starts anew at ${startOffset}, where leader ${this.leaderId} starts`);
      log.truncateFullyTo(startOffset);
      this.parts.moved(replica.partition);
    }
    this.core.ready(replica);
  }

  private retry(replica: Replica, why: string): void {
    if (!this.core.isFollowed(replica)) return;
    const { topic, partition } = replica.partition;
    this.parts.logger.info(`${topic}-${partition} from leader ${this.leaderId}: ${why}`);
    this.core.retryLater(replica, this.parts.env.clock.monotonicMs());
  }
}
