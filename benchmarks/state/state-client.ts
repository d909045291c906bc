/** Puts the state of many groups and producers into a broker, keeps it moving, and looks whether it is still there. */
import { setTimeout as delay } from 'node:timers/promises';
import { apis } from '../../wire/api-keys';
import { ErrorCode, errorName } from '../../wire/base/error-codes';
import { crc32cPortable } from '../../wire/record/crc32c';
import { encodeBatch } from '../../wire/record/records';
import { createTopic, type Topic } from '../client/topics';
import { WireConnection } from '../client/wire-connection';

export interface StateSize {
  readonly groups: number;
  readonly offsetsPerGroup: number;
  readonly producers: number;
}

const MAX_IN_FLIGHT = 100;
const PRODUCE_PARTITIONS = 10;
const PARTITIONS_PER_COMMIT = 100;
/** Of each second under load. */
const COMMITS_PER_SECOND = 20;
const PRODUCES_PER_SECOND = 1000;
const FETCHES_PER_SECOND = 20;
const TICK_MS = 50;
const VALUE = Buffer.alloc(100, 'v');
const POLL_MS = 10;

export class StateClient {
  private connection: WireConnection | null = null;
  private offsetsTopic: Topic | null = null;
  private produceTopic: Topic | null = null;
  private readonly producerIds: number[] = [];
  private readonly nextSequences: number[] = [];
  /** The committed offset of each group is the same in all its partitions of one slice. */
  private readonly committed: number[][];
  private commitCursor = 0;
  private produceCursor = 0;
  private fetchCursor = 0;

  constructor(
    private readonly host: string,
    private readonly port: number,
    private readonly size: StateSize,
  ) {
    const slices = Math.ceil(size.offsetsPerGroup / PARTITIONS_PER_COMMIT);
    this.committed = Array.from({ length: size.groups }, () => Array.from({ length: slices }, () => -1));
  }

  async open(): Promise<void> {
    this.connection = await WireConnection.open(this.host, this.port);
    const offsets = { name: 'committed', partitions: this.size.offsetsPerGroup, configs: {} };
    this.offsetsTopic ??= await createTopic(this.connection, offsets);
    this.produceTopic ??= await createTopic(this.connection, {
      name: 'produced',
      partitions: PRODUCE_PARTITIONS,
      configs: {},
    });
  }

  close(): void {
    this.connection?.close();
  }

  async commitAll(): Promise<void> {
    await this.untilServed();
    const total = this.committed.length * (this.committed[0]?.length ?? 0);
    await this.pipelined(total, () => this.commitNext());
  }

  async produceAll(): Promise<void> {
    await this.pipelined(this.size.producers, async (index) => {
      const answer = await this.wire.call(apis.InitProducerId, { transactionalId: null, transactionTimeoutMs: 60_000 });
      expectNone(answer.errorCode, 'InitProducerId');
      this.producerIds[index] = answer.producerId;
      this.nextSequences[index] = 0;
      await this.produce(index);
    });
  }

  /** Commits, produces and fetches at fixed rates, as far as the broker keeps up. */
  async load(seconds: number): Promise<void> {
    const startMs = performance.now();
    const done = { commits: 0, produces: 0, fetches: 0 };
    while (performance.now() - startMs < seconds * 1000) {
      const due = (performance.now() - startMs) / 1000;
      const calls: Promise<void>[] = [];
      for (; done.commits < due * COMMITS_PER_SECOND; done.commits++) calls.push(this.commitNext());
      for (; done.produces < due * PRODUCES_PER_SECOND; done.produces++) calls.push(this.produceNext());
      for (; done.fetches < due * FETCHES_PER_SECOND; done.fetches++) {
        calls.push(this.checkGroup(this.fetchCursor++ % this.size.groups, 'known'));
      }
      await Promise.all(calls);
      await delay(TICK_MS);
    }
  }

  /** Resolves when each group has answered once: its coordinator has loaded. */
  async untilServed(): Promise<void> {
    await this.pipelined(this.size.groups, async (group) => {
      while (!(await this.isServed(group))) await delay(POLL_MS);
    });
  }

  /** Every offset is what was committed last, and every producer may go on where it was. */
  async check(): Promise<void> {
    await this.pipelined(this.size.groups, (group) => this.checkGroup(group, 'last'));
    await this.pipelined(this.size.producers, (index) => this.produce(index));
  }

  private get wire(): WireConnection {
    if (this.connection === null) throw new Error('not connected');
    return this.connection;
  }

  private async pipelined(total: number, call: (index: number) => Promise<void>): Promise<void> {
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < total) await call(next++);
    };
    await Promise.all(Array.from({ length: MAX_IN_FLIGHT }, lane));
  }

  private async commitNext(): Promise<void> {
    const cursor = this.commitCursor++;
    const group = cursor % this.size.groups;
    const slices = this.committed[group] as number[];
    const slice = Math.floor(cursor / this.size.groups) % slices.length;
    const committedOffset = Math.floor(cursor / (this.size.groups * slices.length));
    const first = slice * PARTITIONS_PER_COMMIT;
    const count = Math.min(PARTITIONS_PER_COMMIT, this.size.offsetsPerGroup - first);
    const partitions = Array.from({ length: count }, (_, i) => ({
      partitionIndex: first + i,
      committedOffset,
      committedMetadata: '',
    }));
    const answer = await this.wire.call(apis.OffsetCommit, {
      groupId: `group-${group}`,
      generationIdOrMemberEpoch: -1,
      memberId: '',
      topics: [{ name: this.offsetsTopic?.name ?? '', topicId: this.offsetsTopic?.id ?? '', partitions }],
    });
    for (const { errorCode } of answer.topics[0]?.partitions ?? []) expectNone(errorCode, 'OffsetCommit');
    slices[slice] = committedOffset;
  }

  private async produceNext(): Promise<void> {
    await this.produce(this.produceCursor++ % this.size.producers);
  }

  private async produce(index: number): Promise<void> {
    const topic = this.produceTopic;
    const baseSequence = this.nextSequences[index] ?? 0;
    const producerId = this.producerIds[index] ?? -1;
    const records = [{ key: null, value: VALUE, timestampMs: Date.now() }];
    const batch = encodeBatch({ records, producerId, producerEpoch: 0, baseSequence }, crc32cPortable);
    const partitionData = [{ index: index % PRODUCE_PARTITIONS, records: batch }];
    const topicData = [{ name: topic?.name ?? '', topicId: topic?.id ?? '', partitionData }];
    const answer = await this.wire.call(apis.Produce, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 30_000,
      topicData,
    });
    const errorCode = answer.responses[0]?.partitionResponses[0]?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
    expectNone(errorCode, `Produce of producer ${producerId} at ${baseSequence}`);
    this.nextSequences[index] = baseSequence + 1;
  }

  private async offsetsOf(group: number) {
    const answer = await this.wire.call(apis.OffsetFetch, {
      groups: [{ groupId: `group-${group}`, memberId: null, memberEpoch: -1, topics: null }],
      requireStable: true,
    });
    return answer.groups[0];
  }

  private async isServed(group: number): Promise<boolean> {
    const errorCode = (await this.offsetsOf(group))?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
    if (errorCode === ErrorCode.NONE) return true;
    const passes = [
      ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
      ErrorCode.COORDINATOR_NOT_AVAILABLE,
      ErrorCode.NOT_COORDINATOR,
    ] as readonly number[];
    if (!passes.includes(errorCode)) expectNone(errorCode, `OffsetFetch of group-${group}`);
    // The topic of the offsets is made when somebody asks for a coordinator.
    await this.wire.call(apis.FindCoordinator, { keyType: 0, coordinatorKeys: [`group-${group}`] });
    return false;
  }

  /** 'known': all partitions have an offset. 'last': and it is the last one that was committed. */
  private async checkGroup(group: number, wanted: 'known' | 'last'): Promise<void> {
    const answer = await this.offsetsOf(group);
    expectNone(answer?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR, `OffsetFetch of group-${group}`);
    const partitions = answer?.topics[0]?.partitions ?? [];
    if (partitions.length !== this.size.offsetsPerGroup) {
      throw new Error(`group-${group} has ${partitions.length} offsets of ${this.size.offsetsPerGroup}`);
    }
    if (wanted === 'known') return;
    for (const { partitionIndex, committedOffset } of partitions) {
      const last = this.committed[group]?.[Math.floor(partitionIndex / PARTITIONS_PER_COMMIT)];
      if (committedOffset !== last) {
        throw new Error(`group-${group}, partition ${partitionIndex}: ${committedOffset} instead of ${last}`);
      }
    }
  }
}

function expectNone(errorCode: number, what: string): void {
  if (errorCode !== ErrorCode.NONE) throw new Error(`${what}: ${errorName(errorCode)}`);
}
