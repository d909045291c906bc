/** The coordinator as handlers see it: what is checked before a shard is asked, and what differs between versions. */
import type { CallContext, GroupAuthorizer, TopicLookup } from '../../../../src/coordinator/group/coordinator-ports';
import { DEFAULT_GROUP_CONFIG, type GroupConfig } from '../../../../src/coordinator/group/group-config';
import { GroupCoordinator } from '../../../../src/coordinator/group/group-coordinator';
import { decode, encode } from '../../../../wire/codec';
import { errorName } from '../../../../wire/base/error-codes';
import { ZERO_UUID } from '../../../../wire/base/uuid';
import {
  OffsetCommitResponse,
  OffsetDeleteResponse,
  OffsetFetchResponse,
} from '../../../../wire/schema/committed-offsets';
import {
  HeartbeatResponse,
  JoinGroupResponse,
  LeaveGroupResponse,
  SyncGroupResponse,
} from '../../../../wire/schema/group';
import { DeleteGroupsResponse, DescribeGroupsResponse, ListGroupsResponse } from '../../../../wire/schema/group-admin';
import { TxnOffsetCommitResponse } from '../../../../wire/schema/transaction';
import type { Infer, Input, Message } from '../../../../wire/schema';
import { ManualEnv } from '../manual-env';
import { MemoryLog } from '../memory-log';
import { subscription } from './scene';

const T = 'BBBBBBBBBBBBBBBBBBBBBA';
const U = 'CCCCCCCCCCCCCCCCCCCCCA';
const UNKNOWN = 'DDDDDDDDDDDDDDDDDDDDDA';
/** Topic t with partitions 0 to 9 and id T, topic u likewise. */
const topics: TopicLookup = {
  topicId: (name) => ({ t: T, u: U })[name] ?? null,
  topicName: (topicId) => ({ [T]: 't', [U]: 'u' })[topicId] ?? null,
  hasPartition: (name, partition) => (name === 't' || name === 'u') && partition < 10,
};

class Bench {
  readonly env = new ManualEnv();
  readonly coordinator: GroupCoordinator;
  readonly logs: MemoryLog[] = [];
  version = 0;
  authorizer: GroupAuthorizer | null = null;

  constructor(partitions = 1, config: Partial<GroupConfig> = {}) {
    const random = { below: () => 0, bytes: (into: Uint8Array) => void into.fill(0xab) };
    const { clock, timers, crc32c, logger } = this.env;
    const env = { clock, timers, crc32c, logger, random: () => random };
    this.coordinator = new GroupCoordinator(env, { ...DEFAULT_GROUP_CONFIG, ...config }, topics);
    this.coordinator.start(partitions);
    for (let partition = 0; partition < partitions; partition++) {
      const log = new MemoryLog();
      this.logs.push(log);
      this.coordinator.elected(partition, 0, log);
    }
    this.env.turn();
  }

  get context(): CallContext {
    const base = { clientId: 'c', clientHost: '10.0.0.1', apiVersion: this.version };
    return this.authorizer === null ? base : { ...base, authorizer: this.authorizer };
  }

  /** The answer as it goes over the wire in this version; undefined while there is none. */
  answer<M extends Message>(response: M, call: (respond: (body: Infer<M>) => void) => void): Infer<M> {
    let result: Infer<M> | undefined;
    call((body) => {
      result = decode(response, this.version, encode(response, this.version, body as Input<M>));
    });
    this.env.turn();
    if (result === undefined) throw new Error('no answer');
    return result;
  }

  join(options: Record<string, unknown> = {}): JoinGroupResponse {
    const request = {
      groupId: 'g',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 60_000,
      memberId: '',
      groupInstanceId: null,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: subscription('t') }],
      reason: null,
      ...options,
    };
    return this.answer(JoinGroupResponse, (respond) => this.coordinator.joinGroup(this.context, request, respond));
  }

  /** A stable group g of one member; its id. */
  stableGroup(): string {
    this.version = 3;
    let memberId = '';
    this.coordinator.joinGroup(
      this.context,
      {
        groupId: 'g',
        sessionTimeoutMs: 10_000,
        rebalanceTimeoutMs: 60_000,
        memberId: '',
        groupInstanceId: null,
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata: subscription('t') }],
        reason: null,
      },
      (body) => void (memberId = body.memberId),
    );
    this.env.pass(3_000);
    this.sync(memberId);
    return memberId;
  }

  sync(memberId: string, options: Record<string, unknown> = {}): SyncGroupResponse {
    const request = {
      groupId: 'g',
      generationId: 1,
      memberId,
      groupInstanceId: null,
      protocolType: null,
      protocolName: null,
      assignments: [{ memberId, assignment: new Uint8Array([1]) }],
      ...options,
    };
    return this.answer(SyncGroupResponse, (respond) => this.coordinator.syncGroup(this.context, request, respond));
  }

  heartbeat(groupId: string, memberId = 'm'): string {
    const request = { groupId, generationId: 1, memberId, groupInstanceId: null };
    const call = (respond: (body: HeartbeatResponse) => void): void =>
      this.coordinator.heartbeat(this.context, request, respond);
    return errorName(this.answer(HeartbeatResponse, call).errorCode);
  }

  commit(named: readonly [name: string, topicId: string, partition: number][], groupId = 'g') {
    const request = {
      groupId,
      generationIdOrMemberEpoch: -1,
      memberId: '',
      groupInstanceId: null,
      retentionTimeMs: -1,
      topics: named.map(([name, topicId, partitionIndex]) => ({
        name,
        topicId,
        partitions: [{ partitionIndex, committedOffset: 5, committedLeaderEpoch: -1, committedMetadata: null }],
      })),
    };
    const call = (respond: (body: OffsetCommitResponse) => void): void =>
      this.coordinator.commitOffsets(this.context, request, respond);
    return this.answer(OffsetCommitResponse, call).topics.map(
      (topic) =>
        `${topic.name || topic.topicId} ${topic.partitions.map(({ errorCode }) => errorName(errorCode)).join(', ')}`,
    );
  }

  fetch(request: Record<string, unknown>): OffsetFetchResponse {
    const whole = { groupId: '', topics: [], groups: [], requireStable: false, ...request };
    const call = (respond: (body: OffsetFetchResponse) => void): void =>
      this.coordinator.fetchOffsets(this.context, whole as never, respond);
    return this.answer(OffsetFetchResponse, call);
  }

  list(states: string[] = []): ListGroupsResponse {
    const request = { statesFilter: states, typesFilter: [] };
    return this.answer(ListGroupsResponse, (respond) => this.coordinator.listGroups(this.context, request, respond));
  }
}

const forbids = (what: Partial<GroupAuthorizer>): GroupAuthorizer => ({
  mayUseGroup: () => true,
  mayUseTopic: () => true,
  mayDescribeCluster: () => true,
  ...what,
});

describe('JoinGroup', () => {
  test('row 1: a session timeout outside the bounds is refused, with the member id', () => {
    const bench = new Bench();
    for (const sessionTimeoutMs of [5_999, 1_800_001]) {
      const body = bench.join({ sessionTimeoutMs, memberId: 'm' });
      expect(body).toMatchObject({ memberId: 'm', generationId: -1 });
      expect(errorName(body.errorCode)).toBe('INVALID_SESSION_TIMEOUT');
    }
    bench.version = 9;
    expect(errorName(bench.join({ sessionTimeoutMs: 6_000 }).errorCode)).toBe('MEMBER_ID_REQUIRED');
  });

  test('refuses an empty group id', () => {
    expect(errorName(new Bench().join({ groupId: '', memberId: 'm' }).errorCode)).toBe('INVALID_GROUP_ID');
  });

  test('gives ids as Kafka does: the client id and a random UUID', () => {
    const bench = new Bench();
    bench.version = 9;
    expect(bench.join().memberId).toBe('c-abababab-abab-4bab-abab-abababababab');
  });

  test.each([6, 7])('has a protocol name that version %i can carry', (version) => {
    const bench = new Bench();
    bench.version = version;
    expect(bench.join({ groupId: '' }).protocolName).toBe(version < 7 ? '' : null);
  });
});

describe('SyncGroup', () => {
  test('from version 5 on has to name the protocol', () => {
    const bench = new Bench();
    const memberId = bench.stableGroup();
    bench.version = 5;
    expect(errorName(bench.sync(memberId).errorCode)).toBe('INCONSISTENT_GROUP_PROTOCOL');
    const named = bench.sync(memberId, { protocolType: 'consumer', protocolName: 'range' });
    expect(named).toMatchObject({ errorCode: 0, protocolName: 'range' });
    expect([...named.assignment]).toEqual([1]);
  });

  test('refuses an empty group id', () => {
    expect(errorName(new Bench().sync('m', { groupId: '' }).errorCode)).toBe('INVALID_GROUP_ID');
  });
});

describe('Heartbeat', () => {
  test('is answered with NONE while the partition is loading', () => {
    const bench = new Bench();
    const log = new MemoryLog();
    log.logEndOffset = 1;
    log.read = () => undefined;
    bench.coordinator.resigned(0, null);
    bench.coordinator.elected(0, 1, log);
    expect(bench.coordinator.stateOf(0)).toBe('LOADING');
    expect(bench.heartbeat('g')).toBe('NONE');
    expect(errorName(bench.join().errorCode)).toBe('COORDINATOR_LOAD_IN_PROGRESS');
  });

  test('refuses an empty group id, other coordinators and a stopped one', () => {
    const bench = new Bench();
    expect(bench.heartbeat('')).toBe('INVALID_GROUP_ID');
    expect(bench.heartbeat('g')).toBe('UNKNOWN_MEMBER_ID');
    bench.coordinator.resigned(0, null);
    expect(bench.heartbeat('g')).toBe('NOT_COORDINATOR');
    bench.coordinator.stop();
    expect(bench.heartbeat('g')).toBe('COORDINATOR_NOT_AVAILABLE');
  });
});

describe('LeaveGroup', () => {
  const leave = (bench: Bench, request: Record<string, unknown>): LeaveGroupResponse => {
    const whole = { groupId: 'g', memberId: '', members: [], ...request };
    return bench.answer(LeaveGroupResponse, (respond) =>
      bench.coordinator.leaveGroup(bench.context, whole as never, respond),
    );
  };

  test("before version 3 has one member, whose error is the request's", () => {
    const bench = new Bench();
    const memberId = bench.stableGroup();
    bench.version = 2;
    expect(errorName(leave(bench, { memberId: 'other' }).errorCode)).toBe('UNKNOWN_MEMBER_ID');
    expect(errorName(leave(bench, { memberId, groupId: 'other' }).errorCode)).toBe('UNKNOWN_MEMBER_ID');
    expect(errorName(leave(bench, { memberId }).errorCode)).toBe('NONE');
  });

  test('from version 3 on has an error for each member', () => {
    const bench = new Bench();
    bench.version = 3;
    const body = leave(bench, { members: [{ memberId: 'm', groupInstanceId: 'i', reason: null }] });
    expect(body.errorCode).toBe(0);
    expect(body.members).toEqual([{ memberId: 'm', groupInstanceId: 'i', errorCode: 25 }]);
  });
});

describe('OffsetCommit', () => {
  test('answers unknown topics and partitions itself, and asks the group about the rest', () => {
    const bench = new Bench();
    bench.version = 9;
    expect(
      bench.commit([
        ['nowhere', ZERO_UUID, 0],
        ['t', ZERO_UUID, 1],
        ['t', ZERO_UUID, 10],
        ['u', ZERO_UUID, 0],
      ]),
    ).toEqual(['nowhere UNKNOWN_TOPIC_OR_PARTITION', 't NONE, UNKNOWN_TOPIC_OR_PARTITION', 'u NONE']);
  });

  test('with nothing left does not look at the group', () => {
    const bench = new Bench();
    bench.version = 9;
    bench.coordinator.stop();
    expect(bench.commit([['nowhere', ZERO_UUID, 0]])).toEqual(['nowhere UNKNOWN_TOPIC_OR_PARTITION']);
    expect(bench.commit([['t', ZERO_UUID, 0]])).toEqual(['t COORDINATOR_NOT_AVAILABLE']);
  });

  test('in version 10 has topics by id', () => {
    const bench = new Bench();
    bench.version = 10;
    expect(
      bench.commit([
        ['', UNKNOWN, 0],
        ['', T, 1],
      ]),
    ).toEqual([`${UNKNOWN} UNKNOWN_TOPIC_ID`, `${T} NONE`]);
    expect(
      bench.fetch({ groups: [{ groupId: 'g', topics: null, memberId: null, memberEpoch: -1 }] }).groups[0],
    ).toMatchObject({
      topics: [{ topicId: T, partitions: [{ partitionIndex: 1, committedOffset: 5 }] }],
    });
  });

  test('of topics that the client may not read is refused for those', () => {
    const bench = new Bench();
    bench.version = 9;
    bench.authorizer = forbids({ mayUseTopic: (operation, topic) => operation !== 'READ' || topic !== 't' });
    expect(
      bench.commit([
        ['t', ZERO_UUID, 0],
        ['u', ZERO_UUID, 0],
      ]),
    ).toEqual(['t TOPIC_AUTHORIZATION_FAILED', 'u NONE']);
  });

  test('to a group that the client may not read is refused for all', () => {
    const bench = new Bench();
    bench.version = 9;
    bench.authorizer = forbids({ mayUseGroup: () => false });
    expect(
      bench.commit([
        ['nowhere', ZERO_UUID, 0],
        ['t', ZERO_UUID, 0],
      ]),
    ).toEqual(['nowhere GROUP_AUTHORIZATION_FAILED', 't GROUP_AUTHORIZATION_FAILED']);
  });

  test('may have the empty group id of old clients', () => {
    const bench = new Bench();
    bench.version = 5;
    expect(bench.commit([['t', ZERO_UUID, 0]], '')).toEqual(['t NONE']);
  });

  test('spreads an error of the group over the partitions that were open', () => {
    const bench = new Bench();
    bench.stableGroup();
    bench.version = 9;
    expect(
      bench.commit([
        ['nowhere', ZERO_UUID, 0],
        ['t', ZERO_UUID, 0],
      ]),
    ).toEqual(['nowhere UNKNOWN_TOPIC_OR_PARTITION', 't UNKNOWN_MEMBER_ID']);
  });
});

describe('TxnOffsetCommit', () => {
  const commit = (bench: Bench, groupId = 'g'): string[] => {
    const request = {
      transactionalId: 'x',
      groupId,
      producerId: 7,
      producerEpoch: 0,
      generationId: -1,
      memberId: '',
      groupInstanceId: null,
      topics: [
        {
          name: 't',
          partitions: [{ partitionIndex: 0, committedOffset: 5, committedLeaderEpoch: -1, committedMetadata: null }],
        },
      ],
    };
    const body = bench.answer(TxnOffsetCommitResponse, (respond) =>
      bench.coordinator.commitTransactionalOffsets(bench.context, request, 'guard', respond),
    );
    return body.topics.map((topic) => `${topic.name} ${errorName(topic.partitions[0]?.errorCode ?? 0)}`);
  };

  test('goes to the log with the guard of its transaction', () => {
    const bench = new Bench();
    bench.version = 3;
    expect(commit(bench)).toEqual(['t NONE']);
    expect(bench.logs[0]?.appended.at(-1)).toEqual({ verificationGuard: 'guard', coordinatorEpoch: null });
    const errors: number[] = [];
    bench.coordinator.completeTransaction(
      0,
      { producerId: 7, producerEpoch: 0, coordinatorEpoch: 4, committed: true },
      (errorCode) => errors.push(errorCode),
    );
    expect(errors).toEqual([0]);
    expect(bench.logs[0]?.appended.at(-1)).toEqual({ verificationGuard: null, coordinatorEpoch: 4 });
  });

  test('refuses an empty group id', () => {
    const bench = new Bench();
    bench.version = 3;
    expect(commit(bench, '')).toEqual(['t INVALID_GROUP_ID']);
  });

  test.each([
    [1, 'COORDINATOR_NOT_AVAILABLE'],
    [2, 'COORDINATOR_LOAD_IN_PROGRESS'],
  ])('in version %i is told of a loading partition with %s', (version, error) => {
    const bench = new Bench();
    bench.version = version;
    const log = new MemoryLog();
    log.logEndOffset = 1;
    log.read = () => undefined;
    bench.coordinator.resigned(0, null);
    bench.coordinator.elected(0, 1, log);
    expect(commit(bench)).toEqual([`t ${error}`]);
  });
});

describe('OffsetFetch', () => {
  const committed = (): Bench => {
    const bench = new Bench(4);
    bench.version = 9;
    bench.commit([
      ['t', ZERO_UUID, 0],
      ['u', ZERO_UUID, 1],
    ]);
    bench.commit([['t', ZERO_UUID, 2]], 'h');
    return bench;
  };

  test('of one group before version 8', () => {
    const bench = committed();
    bench.version = 7;
    const asked = [{ name: 't', partitionIndexes: [0, 1] }];
    expect(bench.fetch({ groupId: 'g', topics: asked })).toMatchObject({
      errorCode: 0,
      topics: [
        {
          name: 't',
          partitions: [
            { partitionIndex: 0, committedOffset: 5, errorCode: 0 },
            { partitionIndex: 1, committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode: 0 },
          ],
        },
      ],
    });
    expect(bench.fetch({ groupId: 'g', topics: null }).topics.map(({ name }) => name)).toEqual(['t', 'u']);
  });

  test('of many groups from version 8 on, each from its own partition', () => {
    const bench = committed();
    bench.version = 8;
    const group = (groupId: string) => ({ groupId, memberId: null, memberEpoch: -1, topics: null });
    const { groups } = bench.fetch({ groups: [group('g'), group('h'), group('nobody')] });
    expect(groups.map(({ groupId, topics: found }) => `${groupId} ${found.map(({ name }) => name).join(' ')}`)).toEqual(
      ['g t u', 'h t', 'nobody '],
    );
  });

  test('in version 10 by topic id', () => {
    const bench = committed();
    bench.version = 10;
    const asked = [U, UNKNOWN, T].map((topicId) => ({ name: '', topicId, partitionIndexes: [1] }));
    const { groups } = bench.fetch({ groups: [{ groupId: 'g', memberId: null, memberEpoch: -1, topics: asked }] });
    const told = groups[0]?.topics.map(({ topicId, partitions }) => {
      const [partition] = partitions;
      return `${topicId} ${errorName(partition?.errorCode ?? 0)} ${partition?.committedOffset}`;
    });
    expect(told).toEqual([`${U} NONE 5`, `${UNKNOWN} UNKNOWN_TOPIC_ID -1`, `${T} NONE -1`]);
  });

  test('shows topics that the client may not describe as refused, and leaves them out of all', () => {
    const bench = committed();
    bench.version = 7;
    bench.authorizer = forbids({ mayUseTopic: (_, topic) => topic !== 't' });
    const asked = [
      { name: 't', partitionIndexes: [0] },
      { name: 'u', partitionIndexes: [1] },
    ];
    const codes = bench.fetch({ groupId: 'g', topics: asked }).topics.map(({ partitions }) => partitions[0]?.errorCode);
    expect(codes).toEqual([29, 0]);
    expect(bench.fetch({ groupId: 'g', topics: null }).topics.map(({ name }) => name)).toEqual(['u']);
  });

  test.each([1, 2, 7, 8])('of a group that the client may not describe, in version %i', (version) => {
    const bench = committed();
    bench.version = version;
    bench.authorizer = forbids({ mayUseGroup: () => false });
    const asked = [{ name: 't', topicId: ZERO_UUID, partitionIndexes: [0] }];
    const groups = [{ groupId: 'g', memberId: null, memberEpoch: -1, topics: asked }];
    const body = bench.fetch(version < 8 ? { groupId: 'g', topics: asked } : { groups });
    if (version === 1) expect(body.topics[0]?.partitions[0]).toMatchObject({ errorCode: 30, committedOffset: -1 });
    else if (version < 8) expect(body).toMatchObject({ errorCode: 30, topics: [] });
    else expect(body.groups).toEqual([{ groupId: 'g', topics: [], errorCode: 30 }]);
  });

  test('without groups has none', () => {
    const bench = new Bench();
    bench.version = 8;
    expect(bench.fetch({ groups: [] }).groups).toEqual([]);
  });
});

describe('OffsetDelete', () => {
  const remove = (bench: Bench, groupId: string, names: string[]): string => {
    const request = { groupId, topics: names.map((name) => ({ name, partitions: [{ partitionIndex: 0 }] })) };
    const body = bench.answer(OffsetDeleteResponse, (respond) =>
      bench.coordinator.deleteOffsets(bench.context, request, respond),
    );
    const each = body.topics.map(({ name, partitions }) => `${name} ${errorName(partitions[0]?.errorCode ?? 0)}`);
    return [errorName(body.errorCode), ...each].join(', ');
  };

  test('answers unknown topics itself, and has one error for the group', () => {
    const bench = new Bench();
    expect(remove(bench, 'g', ['nowhere', 't'])).toBe('GROUP_ID_NOT_FOUND');
    expect(remove(bench, 'g', ['nowhere'])).toBe('NONE, nowhere UNKNOWN_TOPIC_OR_PARTITION');
    expect(remove(bench, '', ['t'])).toBe('INVALID_GROUP_ID');
    bench.stableGroup();
    bench.version = 0;
    expect(remove(bench, 'g', ['t', 'u', 'nowhere'])).toBe(
      'NONE, t GROUP_SUBSCRIBED_TO_TOPIC, u NONE, nowhere UNKNOWN_TOPIC_OR_PARTITION',
    );
  });

  test('of a group that the client may not delete is refused', () => {
    const bench = new Bench();
    bench.authorizer = forbids({ mayUseGroup: (operation) => operation !== 'DELETE' });
    expect(remove(bench, 'g', ['t'])).toBe('GROUP_AUTHORIZATION_FAILED');
  });
});

describe('groups for tools', () => {
  test('are listed over all partitions, unless one is still loading', () => {
    const bench = new Bench(4);
    bench.version = 9;
    for (const groupId of ['a', 'b', 'c']) bench.commit([['t', ZERO_UUID, 0]], groupId);
    bench.version = 5;
    expect(
      bench
        .list()
        .groups.map(({ groupId }) => groupId)
        .sort(),
    ).toEqual(['a', 'b', 'c']);
    bench.coordinator.resigned(0, null);
    expect(errorName(bench.list().errorCode)).toBe('NONE');
    const log = new MemoryLog();
    log.logEndOffset = 1;
    log.read = () => undefined;
    bench.coordinator.elected(0, 1, log);
    expect(bench.list()).toMatchObject({ errorCode: 14, groups: [] });
  });

  test('are listed as far as the client may describe them', () => {
    const bench = new Bench();
    bench.version = 9;
    for (const groupId of ['a', 'b']) bench.commit([['t', ZERO_UUID, 0]], groupId);
    bench.version = 5;
    bench.authorizer = forbids({ mayDescribeCluster: () => false, mayUseGroup: (_, groupId) => groupId === 'b' });
    expect(bench.list().groups.map(({ groupId }) => groupId)).toEqual(['b']);
  });

  test('are not listed by a coordinator that is stopped or leads nothing', () => {
    const bench = new Bench();
    bench.coordinator.resigned(0, null);
    expect(bench.list()).toMatchObject({ errorCode: 0, groups: [] });
    bench.coordinator.stop();
    expect(errorName(bench.list().errorCode)).toBe('COORDINATOR_NOT_AVAILABLE');
  });

  test('are described in the order of the request, whatever partition they are in', () => {
    const bench = new Bench(4);
    bench.version = 9;
    for (const groupId of ['a', 'b', 'c']) bench.commit([['t', ZERO_UUID, 0]], groupId);
    bench.coordinator.resigned(bench.coordinator.partitionOf('b'), null);
    bench.version = 6;
    bench.authorizer = forbids({ mayUseGroup: (_, groupId) => groupId !== 'c' });
    const request = { groups: ['c', 'b', 'a', 'nobody'], includeAuthorizedOperations: false };
    const body = bench.answer(DescribeGroupsResponse, (respond) =>
      bench.coordinator.describeGroups(bench.context, request, respond),
    );
    expect(
      body.groups.map(({ groupId, errorCode, groupState }) => `${groupId} ${errorName(errorCode)} ${groupState}`),
    ).toEqual([
      'c GROUP_AUTHORIZATION_FAILED ',
      'b NOT_COORDINATOR ',
      'a NONE Empty',
      expect.stringMatching(/^nobody (GROUP_ID_NOT_FOUND Dead|NOT_COORDINATOR )$/),
    ]);
  });

  test("show members' hosts as Java prints them", () => {
    const bench = new Bench();
    bench.stableGroup();
    bench.version = 6;
    const request = { groups: ['g'], includeAuthorizedOperations: false };
    const body = bench.answer(DescribeGroupsResponse, (respond) =>
      bench.coordinator.describeGroups(bench.context, request, respond),
    );
    expect(body.groups[0]?.members[0]).toMatchObject({ clientId: 'c', clientHost: '/10.0.0.1' });
  });

  test('are deleted one by one', () => {
    const bench = new Bench(4);
    bench.version = 9;
    for (const groupId of ['a', 'b', 'c']) bench.commit([['t', ZERO_UUID, 0]], groupId);
    bench.authorizer = forbids({ mayUseGroup: (operation, groupId) => operation !== 'DELETE' || groupId !== 'c' });
    bench.version = 2;
    const request = { groupsNames: ['a', 'nobody', 'c', 'a'] };
    const body = bench.answer(DeleteGroupsResponse, (respond) =>
      bench.coordinator.deleteGroups(bench.context, request, respond),
    );
    expect(body.results.map(({ groupId, errorCode }) => `${groupId} ${errorName(errorCode)}`)).toEqual([
      'a NONE',
      'nobody GROUP_ID_NOT_FOUND',
      'c GROUP_AUTHORIZATION_FAILED',
    ]);
    bench.version = 5;
    expect(
      bench
        .list()
        .groups.map(({ groupId }) => groupId)
        .sort(),
    ).toEqual(['b', 'c']);
  });
});

test('offsets of a deleted topic go from every partition', () => {
  const bench = new Bench(4);
  bench.version = 9;
  for (const groupId of ['a', 'b', 'c']) bench.commit([['t', ZERO_UUID, 0]], groupId);
  bench.coordinator.topicsDeleted([{ name: 't', topicId: T }]);
  bench.env.pass(10);
  bench.version = 7;
  for (const groupId of ['a', 'b', 'c']) expect(bench.fetch({ groupId, topics: null }).topics).toEqual([]);
});

test('groups are counted by type and state, and their offsets', () => {
  const bench = new Bench(4);
  bench.version = 9;
  for (const groupId of ['a', 'b']) bench.commit([['t', ZERO_UUID, 0]], groupId);
  bench.stableGroup();
  const { groups, offsets } = bench.coordinator.counts();
  expect([...groups].sort()).toEqual([
    ['classic Empty', 2],
    ['classic Stable', 1],
  ]);
  expect(offsets).toBe(2);
  for (let partition = 0; partition < 4; partition++) bench.coordinator.resigned(partition, null);
  expect(bench.coordinator.counts()).toEqual({ groups: new Map(), offsets: 0 });
});
