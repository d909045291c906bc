/**
 * Steps of members of a group. A member is called as its connection; its member id is remembered under that name, and the
 * group's generation under `generation`.
 */
import { encode } from '../../../../wire/codec';
import { ConsumerProtocolSubscription } from '../../../../wire/schema/consumer-protocol';
import type { ResponseOf } from '../../../handlers/support/wire-client';
import { ask, type Step, type Vars } from './steps';

export interface Member {
  readonly group: string;
  /** The connection, and what the member id is remembered as. */
  readonly on: string;
  readonly version?: number;
  readonly instance?: string | null;
  /** Instead of the one that is remembered. */
  readonly memberId?: string;
  readonly generation?: number;
}

export interface Join extends Member {
  readonly parked?: string;
  readonly sessionTimeoutMs?: number;
  readonly rebalanceTimeoutMs?: number;
  readonly type?: string;
  /** Names of protocols, each with a topic that is subscribed to: `range=topic` */
  readonly protocols?: readonly string[];
  /** A first join, without a member id, or with the one that was handed out. */
  readonly isNew?: boolean;
}

const DEFAULT_TIMEOUT_MS = 30_000;

function idOf({ on, memberId }: Member, vars: Vars): string {
  return memberId ?? vars.text(on);
}

function generationOf({ generation }: Member, vars: Vars): number {
  return generation ?? vars.number('generation');
}

export function join(member: Join): Step {
  const {
    group,
    on,
    version = 9,
    instance = null,
    parked,
    isNew = false,
    type = 'consumer',
    protocols = ['range=topic'],
  } = member;
  const { sessionTimeoutMs = DEFAULT_TIMEOUT_MS, rebalanceTimeoutMs = DEFAULT_TIMEOUT_MS } = member;
  const save = ({ memberId, generationId }: ResponseOf<'JoinGroup'>, vars: Vars): void => {
    if (memberId !== '') vars.set(on, memberId);
    if (generationId >= 0) vars.set('generation', generationId);
  };
  return ask(
    'JoinGroup',
    version,
    (vars) => ({
      groupId: group,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      memberId: isNew ? '' : idOf(member, vars),
      groupInstanceId: instance,
      protocolType: type,
      protocols: protocols.map(protocolOf),
    }),
    { on, save, ...(parked === undefined ? {} : { parked }) },
  );
}

/** Consumers' own format: others fail in Kafka's coordinator, which reads it. */
function protocolOf(text: string): { name: string; metadata: Uint8Array } {
  const [name = '', topic = ''] = text.split('=');
  return {
    name,
    metadata: Buffer.concat([
      Buffer.from([0, 0]),
      encode(ConsumerProtocolSubscription, 0, { topics: [topic], userData: null }),
    ]),
  };
}

/** A dynamic member's way in: from version 4 on it is given an id first. */
export function enter(member: Join): Step[] {
  const { parked: _parked, ...first } = member;
  const isAskedTwice = (member.version ?? 9) >= 4 && (member.instance ?? null) === null;
  return isAskedTwice ? [join({ ...first, isNew: true }), join(member)] : [join({ ...member, isNew: true })];
}

export interface Sync extends Member {
  readonly parked?: string;
  readonly type?: string | null;
  readonly protocol?: string | null;
  /** Connections of members, each with its assignment. */
  readonly assign?: Readonly<Record<string, string>>;
}

export function sync(member: Sync): Step {
  const {
    group,
    on,
    version = 5,
    instance = null,
    parked,
    type = 'consumer',
    protocol = 'range',
    assign = {},
  } = member;
  return ask(
    'SyncGroup',
    version,
    (vars) => ({
      groupId: group,
      generationId: generationOf(member, vars),
      memberId: idOf(member, vars),
      groupInstanceId: instance,
      protocolType: type,
      protocolName: protocol,
      assignments: Object.entries(assign).map(([name, text]) => ({
        memberId: vars.text(name),
        assignment: Buffer.from(text),
      })),
    }),
    { on, ...(parked === undefined ? {} : { parked }) },
  );
}

/** Repeated until the answer is `awaited`: what others do on their connections takes its time. */
export function heartbeat(member: Member, awaited?: number): Step {
  const { group, on, version = 4, instance = null } = member;
  const until = ({ errorCode }: ResponseOf<'Heartbeat'>): boolean => errorCode === awaited;
  return ask(
    'Heartbeat',
    version,
    (vars) => ({
      groupId: group,
      generationId: generationOf(member, vars),
      memberId: idOf(member, vars),
      groupInstanceId: instance,
    }),
    { on, ...(awaited === undefined ? {} : { until }) },
  );
}

export function leave(member: Member): Step {
  const { group, on, version = 5, instance = null } = member;
  return ask(
    'LeaveGroup',
    version,
    (vars) => ({
      groupId: group,
      memberId: idOf(member, vars),
      members: [{ memberId: idOf(member, vars), groupInstanceId: instance }],
    }),
    { on },
  );
}

export function describeGroups(groups: readonly string[], version = 6, includeAuthorizedOperations = false): Step {
  return ask('DescribeGroups', version, { groups, includeAuthorizedOperations });
}

/** Waits until the group has so many members: those who join on other connections may still be on their way. */
export function hasMembers(group: string, count: number): Step {
  const request = { groups: [group], includeAuthorizedOperations: false };
  return ask('DescribeGroups', 6, request, {
    isSilent: true,
    until: ({ groups: [found] }) => found?.members.length === count,
  });
}

export interface Commit {
  readonly group: string;
  readonly topics: readonly CommittedTopic[];
  readonly version?: number;
  readonly on?: string;
  /** The member's connection, when a member commits. */
  readonly member?: string;
  readonly memberId?: string;
  readonly instance?: string | null;
  readonly generation?: number;
}

export interface CommittedTopic {
  readonly name: string;
  readonly partition?: number;
  readonly offset: number;
  readonly metadata?: string | null;
  readonly leaderEpoch?: number;
}

export function commit({ group, topics, version = 9, member, instance = null, ...rest }: Commit): Step {
  const { memberId, generation, on } = rest;
  return ask(
    'OffsetCommit',
    version,
    (vars) => ({
      groupId: group,
      generationIdOrMemberEpoch: generation ?? (member === undefined ? -1 : vars.number('generation')),
      memberId: memberId ?? (member === undefined ? '' : vars.text(member)),
      groupInstanceId: instance,
      topics: topics.map(({ name, partition = 0, offset, metadata = '', leaderEpoch = -1 }) => ({
        name,
        ...(version >= 10 ? { topicId: vars.text(`id:${name}`) } : {}),
        partitions: [
          {
            partitionIndex: partition,
            committedOffset: offset,
            committedLeaderEpoch: leaderEpoch,
            committedMetadata: metadata,
          },
        ],
      })),
    }),
    on === undefined ? {} : { on },
  );
}

/** One group's offsets: of these partitions of a topic, or of everything. */
export function fetchOffsets(
  group: string,
  asked: { readonly name: string; readonly partitions: readonly number[] } | null,
  version = 9,
): Step {
  return ask('OffsetFetch', version, (vars) => {
    const topicId = asked !== null && version >= 10 ? { topicId: vars.text(`id:${asked.name}`) } : {};
    const topics = asked === null ? null : [{ name: asked.name, ...topicId, partitionIndexes: asked.partitions }];
    return { groupId: group, topics, groups: [{ groupId: group, topics }] };
  });
}
