/**
 * Positions of the partitions that this process copies, as committed offsets of the flow's own group on the target, under the
 * target's topics. They are committed in the name of the group's member and generation, so a process that has lost its
 * partitions cannot move them.
 *
 * Invariants: one commit is on its way at a time, and carries everything that was stored meanwhile; what `get` gives was read
 * from the group or committed to it.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import { ServerError } from '../../wire/broker-link';
import { ExchangeError } from '../../wire/client-connection';
import type { ResponseOf } from '../../wire/exchange';
import type { CopyProgress } from '../copy/copy-engine';
import type { PositionBook, StoredPosition } from '../copy/ordinary-writer';
import type { FlowPartition } from '../flow/flow-partition';
import type { GroupClient } from './group-client';
import { decodePosition, encodePositionMetadata } from './sharing-formats';

export interface Membership {
  readonly memberId: string;
  readonly generationId: number;
}

export interface PositionsParts {
  readonly client: GroupClient;
  /** null: this process is no member now, and must not store anything. */
  membership(): Membership | null;
  /** The group does not know the member or the generation in whose name something was to be stored. */
  fenced(as: Membership): void;
}

interface Pending {
  readonly partition: FlowPartition;
  readonly stored: StoredPosition;
  readonly done: (error: ServerError | ExchangeError | null) => void;
}

/** Later versions name topics by id. */
const MAX_VERSION = 9;
const MANY_GROUPS = 8;
/** Partitions in one request. */
const MAX_BATCH = 5_000;

export class Positions implements PositionBook {
  private readonly known = new Map<string, StoredPosition>();
  /** What is stored or on its way there: what comes next builds upon it. */
  private readonly intended = new Map<string, StoredPosition>();
  private pending: Pending[] = [];
  private isCommitting = false;

  constructor(private readonly parts: PositionsParts) {}

  get(partition: FlowPartition): StoredPosition | null {
    return this.known.get(keyOf(partition)) ?? null;
  }

  /** Reads what is stored of these. Rejects with an ExchangeError or a ServerError, and knows nothing new then. */
  async load(partitions: readonly FlowPartition[]): Promise<void> {
    for (let at = 0; at < partitions.length; at += MAX_BATCH) await this.loadSome(partitions.slice(at, at + MAX_BATCH));
  }

  private async loadSome(partitions: readonly FlowPartition[]): Promise<void> {
    const topics = grouped(
      partitions,
      ({ partition }) => partition,
      (name, partitionIndexes) => ({ name, partitionIndexes }),
    );
    const { groupId } = this.parts.client;
    const response = await this.parts.client.ask(
      'OffsetFetch',
      (version) => (version >= MANY_GROUPS ? { groups: [{ groupId, topics }] } : { groupId, topics }),
      { maxVersion: MAX_VERSION },
    );
    const answer = response.groups[0] ?? response;
    this.check(answer.errorCode);
    for (const { name, partitions: rows } of answer.topics) {
      for (const { partitionIndex, committedOffset, metadata, errorCode } of rows) {
        this.check(errorCode);
        const stored = decodePosition(committedOffset, metadata);
        const key = `${name}:${partitionIndex}`;
        this.intended.delete(key);
        if (stored === null) this.known.delete(key);
        else this.known.set(key, stored);
      }
    }
  }

  private check(errorCode: number): void {
    if (errorCode === ErrorCode.NONE) return;
    this.parts.client.noteError(errorCode);
    throw new ServerError(errorCode, `positions of ${this.parts.client.groupId}`);
  }

  forget(partition: FlowPartition): void {
    this.known.delete(keyOf(partition));
    this.intended.delete(keyOf(partition));
  }

  store(partition: FlowPartition, stored: StoredPosition): Promise<void> {
    this.intended.set(keyOf(partition), stored);
    return new Promise((resolve, reject) => {
      this.pending.push({ partition, stored, done: (error) => (error === null ? resolve() : reject(error)) });
      if (!this.isCommitting) this.commitPending();
    });
  }

  /** Stores how far the copies are that have moved. Rejects as `store` does, after all have been tried. */
  async storeProgress(progress: Iterable<CopyProgress>): Promise<void> {
    const stores: Promise<void>[] = [];
    for (const { partition, position, epoch, lastTargetOffset } of progress) {
      const before = this.intended.get(keyOf(partition)) ?? this.get(partition);
      if (before === null || (before.position === position && before.lastTargetOffset === lastTargetOffset)) continue;
      stores.push(this.store(partition, { ...before, position, epoch, lastTargetOffset }));
    }
    const results = await Promise.allSettled(stores);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  private commitPending(): void {
    this.isCommitting = true;
    // What is stored in this turn goes together.
    void Promise.resolve().then(() => this.commitSome());
  }

  private async commitSome(): Promise<void> {
    const some = this.pending.splice(0, MAX_BATCH);
    try {
      await this.commit(some);
    } catch (error) {
      if (!(error instanceof ServerError) && !(error instanceof ExchangeError)) throw error;
      for (const { done } of some) done(error);
    }
    if (this.pending.length > 0) this.commitPending();
    else this.isCommitting = false;
  }

  private async commit(some: readonly Pending[]): Promise<void> {
    const membership = this.parts.membership();
    if (membership === null) throw new ServerError(ErrorCode.UNKNOWN_MEMBER_ID, 'this process is not in the group');
    const { memberId, generationId } = membership;
    // The last of several for one partition counts.
    const latest = new Map<string, Pending>(some.map((each) => [keyOf(each.partition), each]));
    const topics = grouped(
      [...latest.values()].map(({ partition, stored }) => ({ ...partition, stored })),
      ({ partition, stored }) => ({
        partitionIndex: partition,
        committedOffset: stored.position,
        committedMetadata: encodePositionMetadata(stored),
      }),
      (name, partitions) => ({ name, partitions }),
    );
    const { groupId } = this.parts.client;
    const request = { groupId, generationIdOrMemberEpoch: generationId, memberId, topics };
    const response = await this.parts.client.ask('OffsetCommit', request, { maxVersion: MAX_VERSION });
    this.committed(some, response, membership);
  }

  private committed(some: readonly Pending[], response: ResponseOf<'OffsetCommit'>, membership: Membership): void {
    const errors = new Map<string, number>();
    for (const { name, partitions } of response.topics) {
      for (const { partitionIndex, errorCode } of partitions) errors.set(`${name}:${partitionIndex}`, errorCode);
    }
    let isFenced = false;
    for (const { partition, stored, done } of some) {
      const key = keyOf(partition);
      const errorCode = errors.get(key) ?? ErrorCode.UNKNOWN_SERVER_ERROR;
      if (errorCode === ErrorCode.NONE) {
        this.known.set(key, stored);
        done(null);
        continue;
      }
      this.parts.client.noteError(errorCode);
      isFenced ||= FENCED.has(errorCode);
      done(new ServerError(errorCode, `position of ${partition.targetTopic}-${partition.partition}`));
    }
    if (isFenced) this.parts.fenced(membership);
  }
}

const FENCED: ReadonlySet<number> = new Set([
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.FENCED_INSTANCE_ID,
]);

function keyOf({ targetTopic, partition }: FlowPartition): string {
  return `${targetTopic}:${partition}`;
}

function grouped<P extends FlowPartition, Row, Topic>(
  partitions: readonly P[],
  row: (partition: P) => Row,
  topic: (name: string, rows: Row[]) => Topic,
): Topic[] {
  const byName = new Map<string, Row[]>();
  for (const partition of partitions) {
    const rows = byName.get(partition.targetTopic);
    if (rows === undefined) byName.set(partition.targetTopic, [row(partition)]);
    else rows.push(row(partition));
  }
  return Array.from(byName, ([name, rows]) => topic(name, rows));
}
