/** JoinGroup, check by check: the numbers are those of join.ts; the first is in group-coordinator.test.ts. */
import type { CommitVerdict, Group, GroupType } from '../../../../src/coordinator/group/group';
import { COMMIT_ACCEPTED } from '../../../../src/coordinator/group/group';
import type { CoordinatorRecord } from '../../../../src/coordinator/group/group-records';
import { INITIAL_DELAY_MS, REBALANCE_MS, Scene, SESSION_MS } from './scene';

/** A group of another type, with or without members. */
class OtherGroup implements Group {
  readonly stateName = 'Stable';
  readonly listedProtocolType = 'consumer';
  readonly expiryBase = 'never';
  constructor(
    readonly groupId: string,
    readonly type: GroupType,
    readonly isEmpty: boolean,
  ) {}
  checkCommit(): CommitVerdict {
    return COMMIT_ACCEPTED;
  }
  checkFetch(): number {
    return 0;
  }
  checkOffsetDelete(): number {
    return 0;
  }
  checkDelete(): number {
    return 0;
  }
  isSubscribedTo(): boolean {
    return false;
  }
  tombstones(): readonly CoordinatorRecord[] {
    return [{ kind: 'offsetCommit', groupId: this.groupId, topic: 'tombstone', partition: 0, value: null }];
  }
}

/** Two members, c-1 leading, in generation 1, stable: 'x' and 'y' are assigned. */
function stablePair(scene = new Scene()): Scene {
  scene.join('a', { version: 3 });
  scene.join('b', { version: 3 });
  scene.pass(INITIAL_DELAY_MS);
  scene.pass(INITIAL_DELAY_MS);
  scene.sync('a', { member: 'c-1', generation: 1, assign: 'c-1=x c-2=y' });
  scene.sync('b', { member: 'c-2', generation: 1 });
  scene.lines();
  return scene;
}

/** As `stablePair`, but nobody has synced yet. */
function joinedPair(): Scene {
  const scene = new Scene();
  scene.join('a', { version: 3, protocols: 'range roundrobin' });
  scene.join('b', { version: 3, protocols: 'range roundrobin' });
  scene.pass(2 * INITIAL_DELAY_MS);
  scene.lines();
  return scene;
}

describe('joining a group', () => {
  test('works from the first member to a stable generation', () => {
    const scene = new Scene();
    scene.join('a');
    scene.join('a', { member: 'c-1' });
    scene.pass(INITIAL_DELAY_MS);
    scene.sync('a', { member: 'c-1', generation: 1, assign: 'c-1=x' });
    expect(scene.lines()).toEqual([
      "a: MEMBER_ID_REQUIRED 'c-1'",
      'log: group g generation 0 - leader - {}',
      'a: ...',
      'a: joined as c-1, generation 1, range, leads c-1',
      'log: group g generation 1 consumer/range leader c-1 {c-1=x}',
      "a: assigned 'x' consumer/range",
    ]);
  });

  test.each<GroupType>(['consumer', 'streams'])('row 2 and 3: a %s group with members is inconsistent', (type) => {
    const scene = new Scene();
    scene.core.groups.set(new OtherGroup('g', type, false));
    scene.join('a');
    expect(scene.lines()).toEqual(["a: INCONSISTENT_GROUP_PROTOCOL ''"]);
  });

  test.each([true, false])('row 3: a share group is inconsistent, empty (%s) or not', (isEmpty) => {
    const scene = new Scene();
    scene.core.groups.set(new OtherGroup('g', 'share', isEmpty));
    scene.join('a');
    expect(scene.lines()).toEqual(["a: INCONSISTENT_GROUP_PROTOCOL ''"]);
  });

  test.each<GroupType>(['consumer', 'streams'])('row 4: an empty %s group makes way, with its tombstones', (type) => {
    const scene = new Scene();
    scene.core.groups.set(new OtherGroup('g', type, true));
    scene.join('a');
    expect(scene.lines()).toEqual([
      "a: MEMBER_ID_REQUIRED 'c-1'",
      'log: offset of g tombstone-0 gone',
      'log: group g generation 0 - leader - {}',
    ]);
    expect(scene.core.groups.get('g')?.type).toBe('classic');
  });

  test('row 4: an empty group of another type stays when the record that replaces it is refused', () => {
    const scene = new Scene();
    const other = new OtherGroup('g', 'consumer', true);
    scene.core.groups.set(other);
    scene.log.nextError = 19;
    scene.join('a', { version: 3 });
    expect(scene.lines()).toEqual(["a: COORDINATOR_NOT_AVAILABLE ''"]);
    expect(scene.core.groups.get('g')).toBe(other);
  });

  test('row 5: an id in a group that nobody knows is unknown', () => {
    const scene = new Scene();
    scene.join('a', { member: 'c-7' });
    expect(scene.lines()).toEqual(["a: UNKNOWN_MEMBER_ID 'c-7'"]);
  });

  test('row 6: a new group is written even if the join itself is refused', () => {
    const scene = new Scene();
    scene.join('a', { protocols: '' });
    expect(scene.lines()).toEqual(["a: INCONSISTENT_GROUP_PROTOCOL ''", 'log: group g generation 0 - leader - {}']);
    expect(scene.failover().core.groups.classic('g')?.state).toBe('Empty');
  });

  test('row 6: a group whose first record is refused never was', () => {
    const scene = new Scene();
    scene.log.nextError = 6;
    scene.join('a', { version: 3 });
    expect(scene.lines()).toEqual(["a: NOT_COORDINATOR ''"]);
    expect(scene.core.groups.size).toBe(0);
    scene.pass(REBALANCE_MS);
    expect(scene.lines()).toEqual([]);
  });

  test('row 7: a full group takes no more', () => {
    const scene = stablePair(new Scene({ groupMaxSize: 2 }));
    scene.join('c');
    expect(scene.lines()).toEqual(["c: GROUP_MAX_SIZE_REACHED ''"]);
  });

  test('row 8: a dead group sends its members away', () => {
    const scene = stablePair();
    scene.core.groups.classic('g')?.transitionTo('Dead', 0);
    scene.join('a', { member: 'c-1' });
    scene.join('c');
    expect(scene.lines()).toEqual(["a: COORDINATOR_NOT_AVAILABLE 'c-1'", "c: COORDINATOR_NOT_AVAILABLE ''"]);
  });

  test.each([
    ['no protocol type', { type: '' }],
    ['no protocols', { protocols: '' }],
  ])('row 9: an empty group refuses a client with %s', (_, options) => {
    const scene = new Scene();
    scene.offsets('tool', 't-0=1');
    scene.lines();
    scene.join('a', options);
    expect(scene.lines()).toEqual(["a: INCONSISTENT_GROUP_PROTOCOL ''"]);
  });

  test.each([
    ['another protocol type', { type: 'connect' }],
    ['no common protocol', { protocols: 'sticky' }],
  ])('row 9: a group with members refuses a client with %s', (_, options) => {
    const scene = stablePair();
    scene.join('c', options);
    expect(scene.lines()).toEqual(["c: INCONSISTENT_GROUP_PROTOCOL ''"]);
  });

  test('row 9: a name that only some members have is not enough', () => {
    const scene = new Scene();
    scene.join('a', { version: 3, protocols: 'range sticky' });
    scene.join('b', { version: 3, protocols: 'range' });
    scene.lines();
    scene.join('c', { version: 3, protocols: 'sticky' });
    expect(scene.lines()).toEqual(["c: INCONSISTENT_GROUP_PROTOCOL ''"]);
  });

  test('row 9: a member that offers nothing in common any more is refused with its id', () => {
    const scene = stablePair();
    scene.join('b', { member: 'c-2', protocols: 'sticky' });
    expect(scene.lines()).toEqual(["b: INCONSISTENT_GROUP_PROTOCOL 'c-2'"]);
  });

  test('row 11: a new static member gets an id made of its instance id, at once', () => {
    const scene = new Scene();
    scene.join('a', { instance: 'i' });
    scene.pass(INITIAL_DELAY_MS);
    expect(scene.lines()).toEqual([
      'log: group g generation 0 - leader - {}',
      'a: ...',
      'a: joined as i-1, generation 1, range, leads i-1',
    ]);
  });

  test('row 12: an id that was handed out and not used is forgotten after the session timeout', () => {
    const scene = new Scene();
    scene.join('a', { version: 4 });
    scene.pass(SESSION_MS);
    scene.lines();
    scene.join('a', { member: 'c-1' });
    expect(scene.lines()).toEqual(["a: UNKNOWN_MEMBER_ID 'c-1'"]);
  });

  test('row 13: before version 4 a member joins at once', () => {
    const scene = new Scene();
    scene.join('a', { version: 3 });
    expect(scene.lines()).toEqual(['log: group g generation 0 - leader - {}', 'a: ...']);
    expect([...(scene.core.groups.classic('g')?.members.keys() ?? [])]).toEqual(['c-1']);
  });

  test('row 14: an id that was handed out joins; with an instance id it is an error of the server', () => {
    const scene = new Scene();
    scene.join('a');
    scene.lines();
    scene.join('a', { member: 'c-1', instance: 'i' });
    scene.join('a', { member: 'c-1' });
    expect(scene.lines()).toEqual(['a: failed with UNKNOWN_SERVER_ERROR', 'a: ...']);
  });

  test('row 15: an instance id has to be known, and to belong to the member id', () => {
    const scene = new Scene();
    scene.join('a', { instance: 'i' });
    scene.pass(INITIAL_DELAY_MS);
    scene.lines();
    scene.join('b', { member: 'i-1', instance: 'j' });
    scene.join('c', { member: 'other', instance: 'i' });
    expect(scene.lines()).toEqual(["b: UNKNOWN_MEMBER_ID 'i-1'", "c: FENCED_INSTANCE_ID 'other'"]);
  });

  test('row 16: an id that is no member is unknown', () => {
    const scene = stablePair();
    scene.join('c', { member: 'c-9' });
    expect(scene.lines()).toEqual(["c: UNKNOWN_MEMBER_ID 'c-9'"]);
  });

  test('row 17: while members gather, a member joins again with new metadata and is parked', () => {
    const scene = stablePair();
    scene.join('a', { member: 'c-1' });
    scene.join('b', { member: 'c-2', protocols: 'range=u' });
    expect(scene.lines()).toEqual([
      'a: ...',
      'a: joined as c-1, generation 2, range, leads c-1 c-2',
      'b: joined as c-2, generation 2, range, follows c-1',
    ]);
    expect(scene.core.groups.classic('g')?.isSubscribedTo('u')).toBe(true);
  });

  test('row 17: a second JoinGroup of a parked member takes the place of the first', () => {
    const scene = stablePair();
    scene.join('a', { member: 'c-1' });
    scene.join('a again', { member: 'c-1' });
    scene.join('b', { member: 'c-2' });
    expect(scene.lines().slice(1)).toEqual([
      "a: REBALANCE_IN_PROGRESS 'c-1'",
      'a again: ...',
      'a again: joined as c-1, generation 2, range, leads c-1 c-2',
      'b: joined as c-2, generation 2, range, follows c-1',
    ]);
    expect(scene.core.groups.classic('g')?.awaitingJoin).toBe(0);
  });

  test('row 18: before the assignment is there, an unchanged member is told the generation again', () => {
    const scene = joinedPair();
    scene.join('a', { member: 'c-1', protocols: 'range roundrobin' });
    scene.join('b', { member: 'c-2', protocols: 'range roundrobin' });
    expect(scene.lines()).toEqual([
      'a: joined as c-1, generation 1, range, leads c-1 c-2',
      'b: joined as c-2, generation 1, range, follows c-1',
    ]);
  });

  test.each([
    ['other names', 'range'],
    ['another order', 'roundrobin range'],
    ['other bytes', 'range=u roundrobin'],
  ])('row 19: before the assignment is there, a member with %s makes a new rebalance', (_, protocols) => {
    const scene = joinedPair();
    scene.join('b', { member: 'c-2', protocols });
    expect(scene.lines()).toEqual(['b: ...']);
    expect(scene.core.groups.classic('g')?.state).toBe('PreparingRebalance');
  });

  test('row 20: the leader of a stable group makes a rebalance even without a change', () => {
    const scene = stablePair();
    scene.join('a', { member: 'c-1' });
    scene.heartbeat('b', 'c-2', 1);
    expect(scene.lines()).toEqual(['a: ...', 'b: REBALANCE_IN_PROGRESS']);
  });

  test('row 21: a follower with changed metadata makes a rebalance', () => {
    const scene = stablePair();
    scene.join('b', { member: 'c-2', protocols: 'range=u' });
    scene.heartbeat('a', 'c-1', 1);
    expect(scene.lines()).toEqual(['b: ...', 'a: REBALANCE_IN_PROGRESS']);
  });

  test('row 22: an unchanged follower is told the present generation, without members', () => {
    const scene = stablePair();
    scene.join('b', { member: 'c-2' });
    expect(scene.lines()).toEqual(['b: joined as c-2, generation 1, range, follows c-1']);
  });

  test('row 23: an id in an empty group is unknown', () => {
    const scene = stablePair();
    scene.leave('all', 'c-1 c-2');
    scene.lines();
    scene.join('a', { member: 'c-1' });
    expect(scene.lines()).toEqual(["a: UNKNOWN_MEMBER_ID 'c-1'"]);
  });

  test('in version 0 the session timeout is the rebalance timeout', () => {
    const scene = new Scene();
    scene.join('a', { version: 0, rebalanceMs: -1, sessionMs: 12_000 });
    expect(scene.core.groups.classic('g')?.rebalanceTimeoutMs).toBe(12_000);
  });

  test('a new member that is never answered is dropped after five minutes, and told so', () => {
    const scene = new Scene({ groupInitialRebalanceDelayMs: 600_000 });
    scene.join('a', { version: 3, rebalanceMs: 900_000 });
    scene.pass(299_999);
    expect(scene.lines()).toEqual(['log: group g generation 0 - leader - {}', 'a: ...']);
    scene.pass(1);
    expect(scene.lines()).toEqual(["a: UNKNOWN_MEMBER_ID ''", 'log: group g generation 1 consumer leader - {}']);
  });

  test("a request's bytes are copied: the frame under them may be used again", () => {
    const scene = new Scene();
    const metadata = new Uint8Array([0, 0, 0, 0, 0, 0, 255, 255, 255, 255]);
    const assignment = new Uint8Array([120]);
    const context = { clientId: 'c', clientHost: '/10.0.0.1', apiVersion: 3 };
    scene.ask('a', {
      kind: 'joinGroup',
      context,
      request: {
        groupId: 'g',
        sessionTimeoutMs: SESSION_MS,
        rebalanceTimeoutMs: REBALANCE_MS,
        memberId: '',
        groupInstanceId: null,
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata }],
        reason: null,
      },
    });
    metadata.fill(0xdd);
    scene.pass(INITIAL_DELAY_MS);
    const assignments = [{ memberId: 'c-1', assignment }];
    scene.log.holds = true;
    scene.ask('a', {
      kind: 'syncGroup',
      context,
      request: {
        groupId: 'g',
        generationId: 1,
        memberId: 'c-1',
        groupInstanceId: null,
        protocolType: null,
        protocolName: null,
        assignments,
      },
    });
    assignment.fill(0xdd);
    scene.commit();
    expect(scene.lines().at(-1)).toBe("a: assigned 'x' consumer/range");
    expect(scene.core.groups.classic('g')?.members.get('c-1')?.metadataOf('range')[0]).toBe(0);
  });

  test("near the heap's bound nothing new is begun, and what is there goes on", () => {
    let isFull = false;
    const scene = stablePair(new Scene({}, undefined, { admitsNewState: () => !isFull }));
    scene.offsets('a', 't-0=1', { member: 'c-1', generation: 1 });
    scene.lines();
    isFull = true;
    scene.join('new group', { group: 'h' });
    scene.join('new member');
    scene.offsets('a', 't-0=2 t-1=2', { member: 'c-1', generation: 1 });
    scene.offsets('a', 't-1=2', { producer: 7 });
    scene.offsets('a', 't-0=2', { member: 'c-1', generation: 1 });
    scene.heartbeat('b', 'c-2', 1);
    expect(scene.lines()).toEqual([
      "new group: COORDINATOR_NOT_AVAILABLE ''",
      "new member: COORDINATOR_NOT_AVAILABLE ''",
      'a: failed with COORDINATOR_NOT_AVAILABLE',
      'a: failed with COORDINATOR_NOT_AVAILABLE',
      'log: offset of g t-0 = 2',
      'a: t-0 NONE',
      'b: NONE',
    ]);
  });
});
