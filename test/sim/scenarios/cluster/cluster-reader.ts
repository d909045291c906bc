/**
 * A consumer of one partition that reads on and on. What it is given it tells the ghost; by itself it sees that offsets
 * ascend without a gap, that nothing comes from above the high watermark (I26), that the high watermark of one leader in one
 * epoch never goes back (I7), and that what it has read is still there for it to go on from (I9).
 *
 * With a rack it reads from the follower that the leader prefers, until that one does not answer or refuses (KIP-392). A
 * follower may lag, also behind what its former life has given: then it refuses, and its high watermark may be an older one.
 */

import { ErrorCode, isRetriable } from '../../../../wire/base/error-codes';
import { describe, NO_ANSWER } from '../broker/sim-client';
import { DiskBatches } from './disk-batches';
import type { ClusterGhost, ReadRecord } from './cluster-ghost';
import { partitionKey } from './cluster-ghost';
import type { KnownLeader, RoutedClient } from './routed-client';

const FETCH_VERSION = 12;
const RETRY_MS = 30;
/** Whoever has tried often waits longer between two tries. */
const MAX_RETRY_MS = 240;
/** Fetches from a follower before the leader is asked again whom it prefers. */
const LEASE = 40;
/** Tries to read what is known to be there: then it is missing. */
const MAX_END_TRIES = 500;

interface FetchedRecords {
  readonly records: readonly ReadRecord[];
  readonly highWatermark: number;
}

export class PartitionReader {
  /** The next offset to read. */
  position = 0;
  /** Fetches in a row that brought nothing but errors. */
  private failures = 0;
  private readonly key: string;
  /** The follower that the leader prefers, and how often more it is asked. */
  private preferred: number | null = null;
  private lease = 0;
  private watermark: KnownLeader & { offset: number } = { leader: -1, leaderEpoch: -1, offset: 0 };

  constructor(
    private readonly client: RoutedClient,
    private readonly ghost: ClusterGhost,
    readonly topic: string,
    readonly partition: number,
    private readonly maxBytes: number,
    private readonly rack = '',
  ) {
    this.key = partitionKey(topic, partition);
  }

  get isAtFollower(): boolean {
    return this.preferred !== null;
  }

  /** One fetch, or one try at it. Returns how many records it brought. */
  async step(maxWaitMs: number): Promise<number> {
    const fetched = await this.fetch(this.position, maxWaitMs);
    if (fetched === null) {
      await this.client.pause(Math.min(RETRY_MS * 2 ** this.failures++, MAX_RETRY_MS));
      return 0;
    }
    this.failures = 0;
    const last = fetched.records.at(-1);
    if (last !== undefined) this.position = last.offset + 1;
    return fetched.records.length;
  }

  /** The whole partition, from its beginning to its high watermark; a new leader's may lag behind for a while. */
  async readWhole(): Promise<readonly ReadRecord[]> {
    const records: ReadRecord[] = [];
    for (let tries = 0; ; tries++) {
      const next = (records.at(-1)?.offset ?? -1) + 1;
      const fetched = await this.fetch(next, 0);
      if (fetched === null) await this.client.pause(RETRY_MS);
      else if (fetched.records.length > 0) records.push(...fetched.records);
      else if (next >= fetched.highWatermark && (next >= this.ghost.committedEnd(this.key) || tries >= MAX_END_TRIES)) return records;
      else if (next >= fetched.highWatermark) await this.client.pause(MAX_RETRY_MS);
      else this.ghost.violate(`I26 nothing to fetch at ${next} of ${this.key}, though its high watermark is ${fetched.highWatermark}`);
    }
  }

  private async fetch(offset: number, maxWaitMs: number): Promise<FetchedRecords | null> {
    const { client, topic, partition } = this;
    const known = await client.leaderOf(topic, partition);
    if (known === null) return null;
    if (this.lease-- <= 0) this.preferred = null;
    const follower = this.preferred;
    const response = await client.ask(follower ?? known.leader, 'Fetch', FETCH_VERSION, {
      maxWaitMs,
      minBytes: 1,
      maxBytes: 1_000_000,
      topics: [{ topic, partitions: [{ partition, currentLeaderEpoch: known.leaderEpoch, fetchOffset: offset, partitionMaxBytes: this.maxBytes }] }],
      forgottenTopicsData: [],
      rackId: this.rack,
    });
    const answer = response === NO_ANSWER ? undefined : response.responses[0]?.partitions[0];
    if (answer === undefined || answer.errorCode !== ErrorCode.NONE) {
      client.forget(topic, partition);
      this.preferred = null;
      if (answer !== undefined && follower === null) this.checkError(answer.errorCode, offset, known, answer.highWatermark);
      return null;
    }
    if (answer.preferredReadReplica >= 0) return this.moveTo(answer.preferredReadReplica, known, answer.records?.length ?? 0);
    if (follower === null) this.checkWatermark(known, answer.highWatermark);
    return { records: this.recordsOf(answer.records ?? new Uint8Array(0), offset, answer.highWatermark), highWatermark: answer.highWatermark };
  }

  /** The leader gives no records then; one that prefers itself would be asked again and again. */
  private moveTo(preferred: number, { leader }: KnownLeader, bytes: number): null {
    if (preferred === leader || bytes > 0) this.ghost.violate(`leader ${leader} of ${this.key} sends its reader to ${preferred}, with ${bytes} bytes`);
    this.preferred = preferred;
    this.lease = LEASE;
    return null;
  }

  private recordsOf(bytes: Uint8Array, from: number, highWatermark: number): ReadRecord[] {
    const records = [...DiskBatches.recordsIn(bytes)].filter(({ offset }) => offset >= from);
    records.forEach(({ offset, value }, index) => {
      if (offset !== from + index) this.ghost.violate(`I29 after ${from + index - 1} of ${this.key} comes ${offset}`);
      if (offset >= highWatermark) this.ghost.violate(`I26 a fetch of ${this.key} gave offset ${offset}, at or past the high watermark ${highWatermark}`);
      this.ghost.read(this.key, offset, value);
    });
    return records;
  }

  private checkWatermark({ leader, leaderEpoch }: KnownLeader, offset: number): void {
    const before = this.watermark;
    const isSame = before.leader === leader && before.leaderEpoch === leaderEpoch;
    if (isSame && offset < before.offset) this.ghost.violate(`I7 the high watermark of ${this.key} went from ${before.offset} back to ${offset} at leader ${leader} in epoch ${leaderEpoch}`);
    this.watermark = { leader, leaderEpoch, offset };
  }

  /** What was read below an old high watermark is there for every later leader: only one that lags behind may lack it. */
  private checkError(errorCode: number, offset: number, known: KnownLeader, highWatermark: number): void {
    if (isRetriable(errorCode)) return;
    this.ghost.violate(`I9 a fetch of ${this.key} at ${offset} from leader ${known.leader} in epoch ${known.leaderEpoch} gave ${describe(errorCode)}, high watermark ${highWatermark}`);
  }
}
