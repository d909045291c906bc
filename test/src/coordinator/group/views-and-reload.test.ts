/** DescribeGroups, ListGroups, the record of a group, and what is left after a failover. */
import { Scene, SESSION_MS } from './scene';
import { joined, stable, stableStatic } from './stages';

describe('DescribeGroups', () => {
  test('of a stable group shows metadata and assignments', () => {
    const scene = stable(2);
    scene.describe('tool');
    expect(scene.lines()).toEqual([
      "tool: g NONE Stable consumer/range | c-1@/10.0.0.1 metadata 13 assignment 'x1' | c-2@/10.0.0.1 metadata 13 assignment 'x2'",
    ]);
  });

  test.each([
    ['CompletingRebalance', joined],
    [
      'PreparingRebalance',
      () => {
        const scene = joined(1);
        scene.join('b', { version: 3 });
        scene.lines();
        return scene;
      },
    ],
  ] as const)('of a group in %s shows members without metadata, and no protocol', (state, make) => {
    const scene = make(1);
    scene.describe('tool');
    expect(scene.lines()[0]).toMatch(
      new RegExp(`^tool: g NONE ${state} consumer/ \\| c-1@/10.0.0.1 metadata 0 assignment ''`),
    );
  });

  test('of a simple group shows an empty one without a type', () => {
    const scene = new Scene();
    scene.offsets('a', 't-0=1');
    scene.lines();
    scene.describe('tool');
    expect(scene.lines()).toEqual(['tool: g NONE Empty /']);
  });

  test.each([
    [5, 'tool: other NONE Dead /'],
    [6, 'tool: other GROUP_ID_NOT_FOUND Dead /'],
  ])('of an unknown group in version %i', (version, line) => {
    const scene = new Scene();
    scene.describe('tool', 'other', version);
    expect(scene.lines()).toEqual([line]);
  });

  test('is answered late rather than not at all when commits hang', () => {
    const scene = stable(1);
    scene.log.holds = true;
    scene.offsets('a', 't-0=1', { member: 'c-1', generation: 1 });
    scene.describe('tool');
    scene.list('tool');
    scene.lines();
    scene.pass(5_000);
    expect(scene.lines().map((line) => line.slice(0, 20))).toEqual([
      'a: failed with COORD',
      'tool: g NONE Stable ',
      'tool: g classic Stab',
    ]);
  });
});

describe('ListGroups', () => {
  const scene = (): Scene => {
    const made = stable(1);
    made.offsets('tool', 't-0=1', { group: 'simple' });
    made.join('x', { version: 3, group: 'new', type: 'connect' });
    made.lines();
    return made;
  };

  test('lists all groups', () => {
    const all = scene();
    all.list('tool');
    expect(all.lines()).toEqual([
      "tool: g classic Stable 'consumer'",
      "tool: simple classic Empty ''",
      "tool: new classic PreparingRebalance 'connect'",
    ]);
  });

  test.each([
    ['Stable', ['g']],
    [' sTABLE , Empty', ['g', 'simple']],
    ['PreparingRebalance', ['new']],
    ['nonsense', []],
  ])('filters by the states %s', (states, found) => {
    const all = scene();
    all.list('tool', states.split(','));
    expect(
      all
        .lines()
        .filter((line) => !line.endsWith('...'))
        .map((line) => line.split(' ')[1]),
    ).toEqual(found);
  });

  test.each([
    ['classic', 3],
    ['CLASSIC', 3],
    ['consumer', 0],
    ['nonsense', 0],
  ])('filters by the type %s', (type, count) => {
    const all = scene();
    all.list('tool', [], [type]);
    expect(all.lines().filter((line) => line.includes('classic'))).toHaveLength(count);
  });
});

describe('after a failover', () => {
  test('a stable group goes on with its generation, and all sessions begin anew', () => {
    const before = stable(2);
    before.pass(SESSION_MS - 1);
    const scene = before.failover();
    scene.pass(SESSION_MS - 1);
    scene.heartbeat('a', 'c-1', 1);
    scene.sync('b', { member: 'c-2', generation: 1 });
    expect(scene.lines()).toEqual(['a: NONE', "b: assigned 'x2' consumer/range"]);
    scene.pass(1);
    expect(scene.core.groups.classic('g')?.members.has('c-2')).toBe(false);
  });

  test('a rebalance that was under way is forgotten: the generation before it is stable again', () => {
    const before = stable(2);
    before.join('a', { member: 'c-1' });
    before.join('b', { member: 'c-2' });
    const scene = before.failover();
    scene.heartbeat('a', 'c-1', 2);
    scene.heartbeat('a', 'c-1', 1);
    expect(scene.lines()).toEqual(['a: ILLEGAL_GENERATION', 'a: NONE']);
  });

  test('ids that were handed out are unknown', () => {
    const before = new Scene();
    before.join('a');
    const scene = before.failover();
    scene.join('a', { member: 'c-1' });
    expect(scene.lines()).toEqual(["a: UNKNOWN_MEMBER_ID 'c-1'"]);
  });

  test('members support the protocol that was chosen, and no other', () => {
    const scene = stable(1, { protocols: 'range roundrobin' }).failover();
    scene.join('b', { version: 3, protocols: 'roundrobin' });
    scene.join('b', { version: 3, protocols: 'range' });
    expect(scene.lines()).toEqual(["b: INCONSISTENT_GROUP_PROTOCOL ''", 'b: ...']);
  });

  test('static members are still static, and the leader leads', () => {
    const scene = stableStatic().failover();
    scene.join('b', { instance: 'j' });
    expect(scene.lines().at(-1)).toBe('b: joined as j-3, generation 1, range, follows i-1');
  });

  test('an empty group keeps its generation and type', () => {
    const before = stable(1);
    before.leave('a', 'c-1');
    const group = before.failover().core.groups.classic('g');
    expect(group).toMatchObject({ state: 'Empty', generationId: 2, protocolType: 'consumer', protocolName: null });
    expect(group?.currentStateTimestampMs).toBe(before.core.groups.classic('g')?.currentStateTimestampMs);
  });

  test('a group without a type has none', () => {
    const before = new Scene();
    before.join('a');
    expect(before.failover().core.groups.classic('g')?.protocolType).toBeNull();
  });

  test('a member of JoinGroup v0 in an old record has its session timeout for the rebalance', () => {
    const scene = new Scene();
    const member = {
      memberId: 'm',
      groupInstanceId: null,
      clientId: 'c',
      clientHost: '/h',
      rebalanceTimeoutMs: -1,
      sessionTimeoutMs: 7_000,
      subscription: new Uint8Array(0),
      assignment: new Uint8Array(0),
    };
    const value = {
      protocolType: 'consumer',
      generationId: 3,
      protocolName: 'range',
      leaderId: 'm',
      currentStateTimestampMs: -1,
      members: [member, member],
    };
    scene.core.replay({ kind: 'groupMetadata', groupId: 'old', value }, 0, -1, 0, null);
    expect(scene.core.groups.classic('old')).toMatchObject({ rebalanceTimeoutMs: 7_000, generationId: 3 });
    expect(scene.core.groups.classic('old')?.members.size).toBe(1);
  });

  test('a tombstone of a group that is not there is borne', () => {
    const scene = new Scene();
    scene.core.replay({ kind: 'groupMetadata', groupId: 'gone', value: null }, 0, -1, 0, null);
    scene.core.replay({ kind: 'offsetCommit', groupId: 'gone', topic: 't', partition: 0, value: null }, 1, -1, 0, null);
    expect(scene.core.groups.size).toBe(0);
  });
});

describe('when the partition goes to another broker', () => {
  test('parked requests learn that this is not the coordinator any more', () => {
    const scene = stable(2);
    scene.join('a', { member: 'c-1' });
    scene.join('x', { version: 3, group: 'h' });
    scene.pass(3_000);
    scene.lines();
    scene.sync('x', { member: 'c-3', generation: 1, group: 'h' });
    scene.shard.close();
    expect(scene.lines().filter((line) => !line.startsWith('log'))).toEqual([
      "x: assigned '' consumer/range",
      "a: NOT_COORDINATOR 'c-1'",
    ]);
    expect(scene.env.timersSet).toBe(0);
  });
});
