/**
 * A stage for one group: clients ask, time passes, the log commits or not, and what comes of it is written down line by line.
 *
 * `a: ...` waits for an answer, `a: joined ...` is one, `log: ...` is a record that was appended. `lines()` gives what has been
 * written since the last call.
 */
import { CoordinatorShard } from '../../../../src/coordinator/coordinator-shard';
import type { GroupConfig } from '../../../../src/coordinator/group/group-config';
import { DEFAULT_GROUP_CONFIG } from '../../../../src/coordinator/group/group-config';
import { GroupCore, type GroupCoreOptions } from '../../../../src/coordinator/group/group-core';
import { GroupRecordCodec } from '../../../../src/coordinator/group/group-record-codec';
import type { CoordinatorRecord } from '../../../../src/coordinator/group/group-records';
import type {
  GroupRequest,
  GroupResponse,
  GroupTimer,
  OffsetFetchGroup,
} from '../../../../src/coordinator/group/group-requests';
import { errorName } from '../../../../wire/base/error-codes';
import { ZERO_UUID } from '../../../../wire/base/uuid';
import { BatchView } from '../../../../wire/record/batch';
import { decodeRecords } from '../../../../wire/record/records';
import type { JoinGroupRequest, JoinGroupResponse } from '../../../../wire/schema/group';
import { ManualEnv } from '../manual-env';
import { MemoryLog } from '../memory-log';

export const SESSION_MS = 10_000;
export const REBALANCE_MS = 60_000;
export const INITIAL_DELAY_MS = 3_000;
export const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAZA';

export interface JoinOptions {
  readonly group?: string;
  readonly member?: string;
  readonly instance?: string;
  readonly version?: number;
  /** `range=m1 roundrobin=m2`, or just names; the metadata is a subscription of that one topic unless `raw`. */
  readonly protocols?: string;
  readonly type?: string;
  readonly sessionMs?: number;
  readonly rebalanceMs?: number;
  /** The metadata is the text itself. */
  readonly raw?: boolean;
  readonly client?: string;
}

export interface SyncOptions {
  readonly group?: string;
  readonly member: string;
  readonly generation: number;
  readonly instance?: string;
  readonly type?: string;
  readonly protocol?: string;
  /** `c-1=x c-2=y`. */
  readonly assign?: string;
}

export interface CommitOptions {
  readonly group?: string;
  readonly member?: string;
  readonly generation?: number;
  readonly instance?: string;
  readonly version?: number;
  readonly retentionMs?: number;
  readonly metadata?: string;
  readonly topicId?: string;
  readonly epoch?: number;
  /** Commits within this producer's transaction. */
  readonly producer?: number;
}

const text = new TextDecoder();
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

/** A consumer's subscription of version 0, as clients write it. */
export function subscription(...topics: string[]): Uint8Array {
  const parts = [Buffer.from([0, 0, 0, 0, 0, topics.length])];
  for (const topic of topics) parts.push(Buffer.from([0, topic.length]), Buffer.from(topic));
  parts.push(Buffer.from([0xff, 0xff, 0xff, 0xff]));
  return new Uint8Array(Buffer.concat(parts));
}

type GroupShard = CoordinatorShard<GroupRequest, GroupResponse, GroupTimer, CoordinatorRecord>;

export class Scene {
  readonly env = new ManualEnv();
  readonly log: MemoryLog;
  readonly shard: GroupShard;
  core!: GroupCore;
  /** False: requests share the batch of the turn to come. */
  turns = true;
  private written: string[] = [];
  private ids = 0;
  private readonly codec = new GroupRecordCodec();

  constructor(config: Partial<GroupConfig> = {}, log = new MemoryLog(), options: Partial<GroupCoreOptions> = {}) {
    this.log = log;
    log.taken = (batch) => this.writeDown(batch);
    const whole = { ...DEFAULT_GROUP_CONFIG, ...config };
    const runtime = {
      writeTimeoutMs: whole.offsetsCommitTimeoutMs,
      appendLingerMs: whole.groupCoordinatorAppendLingerMs,
      loadBufferBytes: whole.offsetsLoadBufferSize,
      compression: 0,
    };
    this.shard = new CoordinatorShard(0, this.env, runtime, this.codec, log, () => {
      this.core = new GroupCore({ config: whole, newUuid: () => String(++this.ids), ...options });
      return this.core;
    });
    this.shard.load();
    this.env.turn();
  }

  /** The same log under a new coordinator, as after a failover; ids go on. */
  failover(config: Partial<GroupConfig> = {}): Scene {
    const next = new Scene(config, this.log);
    next.ids = this.ids;
    return next;
  }

  /** What has happened since the last call. */
  lines(): string[] {
    const lines = this.written;
    this.written = [];
    return lines;
  }

  pass(delayMs: number): void {
    this.env.pass(delayMs);
  }

  commit(): void {
    this.log.commit();
    this.env.turn();
  }

  join(who: string, options: JoinOptions = {}): void {
    this.ask(who, { kind: 'joinGroup', context: this.context(options), request: joinRequest(options) });
  }

  sync(who: string, options: SyncOptions): void {
    const assignments = (options.assign ?? '').split(' ').filter(Boolean);
    this.ask(who, {
      kind: 'syncGroup',
      context: this.context({}),
      request: {
        groupId: options.group ?? 'g',
        generationId: options.generation,
        memberId: options.member,
        groupInstanceId: options.instance ?? null,
        protocolType: options.type ?? null,
        protocolName: options.protocol ?? null,
        assignments: assignments.map((each) => {
          const [memberId = '', assignment = ''] = each.split('=');
          return { memberId, assignment: bytes(assignment) };
        }),
      },
    });
  }

  heartbeat(
    who: string,
    member: string,
    generation: number,
    options: { group?: string; instance?: string } = {},
  ): void {
    const request = {
      groupId: options.group ?? 'g',
      generationId: generation,
      memberId: member,
      groupInstanceId: options.instance ?? null,
    };
    this.ask(who, { kind: 'heartbeat', context: this.context({}), request });
  }

  /** Members as `c-1`, or `/i1` for an instance id, or `c-1/i1`. */
  leave(who: string, members: string, group = 'g'): void {
    const request = {
      groupId: group,
      memberId: '',
      members: members.split(' ').map((each) => {
        const [memberId = '', instance] = each.split('/');
        return { memberId, groupInstanceId: instance ?? null, reason: null };
      }),
    };
    this.ask(who, { kind: 'leaveGroup', context: this.context({}), request });
  }

  /** Offsets as `t-0=5 t-1=6`. */
  offsets(who: string, offsets: string, options: CommitOptions = {}): void {
    const topics = [...grouped(offsets.split(' '))].map(([name, partitions]) => ({
      name,
      topicId: options.topicId ?? TOPIC_ID,
      partitions: partitions.map(([partitionIndex, committedOffset]) => ({
        partitionIndex,
        committedOffset,
        committedLeaderEpoch: options.epoch ?? -1,
        committedMetadata: options.metadata ?? null,
      })),
    }));
    const context = this.context({ version: options.version ?? 9 });
    const member = {
      groupId: options.group ?? 'g',
      memberId: options.member ?? '',
      groupInstanceId: options.instance ?? null,
    };
    const generation = options.generation ?? -1;
    if (options.producer !== undefined) {
      const producer = { transactionalId: 'x', producerId: options.producer, producerEpoch: 0 };
      const request = { ...member, ...producer, generationId: generation, topics };
      return this.ask(who, { kind: 'txnOffsetCommit', context, request, verificationGuard: null });
    }
    const { retentionMs: retentionTimeMs = -1 } = options;
    const request = { ...member, generationIdOrMemberEpoch: generation, retentionTimeMs, topics };
    this.ask(who, { kind: 'offsetCommit', context, request });
  }

  endTransaction(producerId: number, committed: boolean): void {
    this.shard.completeTransaction({ producerId, producerEpoch: 0, coordinatorEpoch: 1, committed }, (errorCode) => {
      this.written.push(`marker: ${errorName(errorCode)}`);
    });
    this.env.turn();
  }

  /** Partitions as `t-0 t-1`, or all. */
  fetch(who: string, partitions: string | null, options: Partial<OffsetFetchGroup> & { stable?: boolean } = {}): void {
    const topics =
      partitions === null
        ? null
        : [...grouped(partitions.split(' '))].map(([name, each]) => ({
            name,
            topicId: ZERO_UUID,
            partitionIndexes: each.map(([partition]) => partition),
          }));
    const { stable = false, ...group } = options;
    const request = { groupId: 'g', memberId: null, memberEpoch: -1, topics, ...group };
    this.ask(who, { kind: 'offsetFetch', group: request, requireStable: stable });
  }

  deleteOffsets(who: string, partitions: string, groupId = 'g'): void {
    const topics = [...grouped(partitions.split(' '))].map(([name, each]) => ({
      name,
      partitions: each.map(([partitionIndex]) => ({ partitionIndex })),
    }));
    this.ask(who, { kind: 'offsetDelete', request: { groupId, topics } });
  }

  deleteGroups(who: string, ...groupIds: string[]): void {
    this.ask(who, { kind: 'deleteGroups', groupIds });
  }

  describe(who: string, groupId = 'g', apiVersion = 6): void {
    this.ask(who, { kind: 'describeGroups', groupIds: [groupId], apiVersion });
  }

  list(who: string, states: string[] = [], types: string[] = []): void {
    this.ask(who, { kind: 'listGroups', statesFilter: states, typesFilter: types });
  }

  topicDeleted(who: string, name: string, topicId: string): void {
    this.ask(who, { kind: 'topicsDeleted', topics: [{ name, topicId }] });
  }

  /** Asks without a turn of the loop in between: what follows shares its batch. */
  ask(who: string, request: GroupRequest, turns = this.turns): void {
    let isAnswered = false;
    this.shard.submit(request, {
      respond: (response) => {
        isAnswered = true;
        this.written.push(...formatted(response).map((line) => `${who}: ${line}`));
      },
      fail: (errorCode) => {
        isAnswered = true;
        this.written.push(`${who}: failed with ${errorName(errorCode)}`);
      },
    });
    if (!turns) return;
    this.env.turn();
    if (!isAnswered) this.written.push(`${who}: ...`);
  }

  turn(): void {
    this.env.turn();
  }

  private context(options: { version?: number; client?: string }) {
    return { clientId: options.client ?? 'c', clientHost: '/10.0.0.1', apiVersion: options.version ?? 9 };
  }

  private writeDown(batch: Uint8Array): void {
    const view = new BatchView(batch);
    for (const record of decodeRecords(view)) {
      if (view.isControl) this.written.push(`log: marker of producer ${view.producerId}`);
      else if (record.key !== null) this.written.push(recordLine(this.codec.decode(record.key, record.value), view));
    }
  }
}

function joinRequest(options: JoinOptions): JoinGroupRequest {
  const protocols = (options.protocols ?? 'range').split(' ').map((each) => {
    const [name = '', metadata = 't'] = each.split('=');
    return { name, metadata: options.raw === true ? bytes(metadata) : subscription(metadata) };
  });
  return {
    groupId: options.group ?? 'g',
    sessionTimeoutMs: options.sessionMs ?? SESSION_MS,
    rebalanceTimeoutMs: options.rebalanceMs ?? REBALANCE_MS,
    memberId: options.member ?? '',
    groupInstanceId: options.instance ?? null,
    protocolType: options.type ?? 'consumer',
    protocols: options.protocols === '' ? [] : protocols,
    reason: null,
  };
}

function grouped(places: readonly string[]): Map<string, [number, number][]> {
  const topics = new Map<string, [number, number][]>();
  for (const place of places) {
    const [, topic = '', partition = '', offset = '0'] = /^(.+)-(\d+)(?:=(-?\d+))?$/.exec(place) ?? [];
    topics.set(topic, [...(topics.get(topic) ?? []), [Number(partition), Number(offset)]]);
  }
  return topics;
}

function recordLine(record: CoordinatorRecord | null, batch: BatchView): string {
  if (record?.kind === 'offsetCommit') {
    const place = `offset of ${record.groupId} ${record.topic}-${record.partition}`;
    if (record.value === null) return `log: ${place} gone`;
    const producer = batch.isTransactional ? ` by producer ${batch.producerId}` : '';
    return `log: ${place} = ${record.value.offset}${producer}`;
  }
  if (record?.kind !== 'groupMetadata') return 'log: something else';
  const { groupId, value } = record;
  if (value === null) return `log: group ${groupId} gone`;
  const members = value.members.map(({ memberId, assignment }) => `${memberId}=${text.decode(assignment)}`).join(' ');
  const protocol = value.protocolName === null ? value.protocolType : `${value.protocolType}/${value.protocolName}`;
  return `log: group ${groupId} generation ${value.generationId} ${protocol || '-'} leader ${value.leaderId ?? '-'} {${members}}`;
}

function formatted(response: GroupResponse): string[] {
  switch (response.kind) {
    case 'joinGroup':
      return [joinLine(response.body)];
    case 'syncGroup': {
      const { errorCode, assignment, protocolType, protocolName } = response.body;
      return [
        errorCode === 0
          ? `assigned '${text.decode(assignment)}' ${protocolType}/${protocolName}`
          : errorName(errorCode),
      ];
    }
    case 'heartbeat':
      return [errorName(response.body.errorCode)];
    case 'leaveGroup': {
      const { errorCode, members } = response.body;
      if (errorCode !== 0) return [errorName(errorCode)];
      const each = members.map(
        (member) => `${member.memberId}/${member.groupInstanceId ?? ''} ${errorName(member.errorCode)}`,
      );
      return [`left ${each.join(', ')}`];
    }
    case 'offsetCommit':
    case 'txnOffsetCommit':
      return response.body.topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, errorCode }) => `${name}-${partitionIndex} ${errorName(errorCode)}`),
      );
    case 'offsetFetch': {
      const places = response.body.topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, errorCode, committedOffset, metadata }) => {
          const what = errorCode === 0 ? String(committedOffset) : errorName(errorCode);
          return `${name}-${partitionIndex} ${what}${metadata === '' ? '' : ` '${metadata}'`}`;
        }),
      );
      return places.length === 0 ? ['no offsets'] : places;
    }
    case 'offsetDelete':
      return response.body.topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, errorCode }) => `${name}-${partitionIndex} ${errorName(errorCode)}`),
      );
    case 'deleteGroups':
      return response.body.map(({ groupId, errorCode }) => `${groupId} ${errorName(errorCode)}`);
    case 'describeGroups':
      return response.body.map((group) => {
        const members = group.members.map(
          ({ memberId, clientHost, memberMetadata, memberAssignment }) =>
            `${memberId}@${clientHost} metadata ${memberMetadata.length} assignment '${text.decode(memberAssignment)}'`,
        );
        const head = `${group.groupId} ${errorName(group.errorCode)} ${group.groupState} ${group.protocolType}/${group.protocolData}`;
        return [head, ...members].join(' | ');
      });
    case 'listGroups':
      return response.body.map(
        (group) => `${group.groupId} ${group.groupType} ${group.groupState} '${group.protocolType}'`,
      );
    case 'topicsDeleted':
      return [`${response.body} offsets went`];
  }
}

function joinLine(body: JoinGroupResponse): string {
  if (body.errorCode !== 0) return `${errorName(body.errorCode)} '${body.memberId}'`;
  const members = body.members.map(({ memberId }) => memberId).join(' ');
  const role = members === '' ? `follows ${body.leader}` : `leads ${members}`;
  const skip = body.skipAssignment ? ', skips the assignment' : '';
  return `joined as ${body.memberId}, generation ${body.generationId}, ${body.protocolName}, ${role}${skip}`;
}
