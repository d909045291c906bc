/** SyncGroup, Heartbeat and LeaveGroup. */
import { REBALANCE_MS, Scene, SESSION_MS } from './scene';
import { joined, stable, stableStatic } from './stages';

const state = (scene: Scene): string | undefined => scene.core.groups.classic('g')?.state;

describe('SyncGroup', () => {
  test('of an unknown or an empty group: the member is unknown', () => {
    const scene = new Scene();
    scene.sync('a', { member: 'c-1', generation: 1 });
    scene.offsets('tool', 't-0=1');
    scene.sync('a', { member: 'c-1', generation: 1 });
    expect(scene.lines().filter((line) => line.startsWith('a'))).toEqual([
      'a: UNKNOWN_MEMBER_ID',
      'a: UNKNOWN_MEMBER_ID',
    ]);
  });

  test('of a dead group: the coordinator has to be found anew', () => {
    const scene = stable(1);
    scene.core.groups.classic('g')?.transitionTo('Dead', 0);
    scene.sync('a', { member: 'c-1', generation: 1 });
    expect(scene.lines()).toEqual(['a: COORDINATOR_NOT_AVAILABLE']);
  });

  test('checks member, instance and generation, in this order', () => {
    const scene = stableStatic();
    scene.sync('a', { member: 'other', generation: 9 });
    scene.sync('a', { member: 'other', instance: 'nobody', generation: 9 });
    scene.sync('a', { member: 'other', instance: 'i', generation: 9 });
    scene.sync('a', { member: 'i-1', instance: 'i', generation: 9 });
    expect(scene.lines()).toEqual([
      'a: UNKNOWN_MEMBER_ID',
      'a: UNKNOWN_MEMBER_ID',
      'a: FENCED_INSTANCE_ID',
      'a: ILLEGAL_GENERATION',
    ]);
  });

  test.each([
    ['type', { type: 'connect', protocol: 'range' }],
    ['name', { type: 'consumer', protocol: 'sticky' }],
  ])('with another protocol %s is inconsistent', (_, options) => {
    const scene = stable(1);
    scene.sync('a', { member: 'c-1', generation: 1, ...options });
    expect(scene.lines()).toEqual(['a: INCONSISTENT_GROUP_PROTOCOL']);
  });

  test('while members gather: REBALANCE_IN_PROGRESS', () => {
    const scene = stable(2);
    scene.join('a', { member: 'c-1' });
    scene.sync('b', { member: 'c-2', generation: 1 });
    expect(scene.lines()).toEqual(['a: ...', 'b: REBALANCE_IN_PROGRESS']);
  });

  test("of a follower waits for the leader's assignment, and for that to commit", () => {
    const scene = joined(2);
    scene.log.holds = true;
    scene.sync('b', { member: 'c-2', generation: 1 });
    scene.sync('a', { member: 'c-1', generation: 1, assign: 'c-1=x c-2=y' });
    expect(scene.lines()).toEqual([
      'b: ...',
      'log: group g generation 1 consumer/range leader c-1 {c-1=x c-2=y}',
      'a: ...',
    ]);
    scene.commit();
    expect(scene.lines()).toEqual(["a: assigned 'x' consumer/range", "b: assigned 'y' consumer/range"]);
    expect(state(scene)).toBe('Stable');
  });

  test('gives members that the leader left out an empty assignment, and ignores ids that are none', () => {
    const scene = joined(2);
    scene.sync('a', { member: 'c-1', generation: 1, assign: 'c-1=x c-9=z' });
    scene.sync('b', { member: 'c-2', generation: 1 });
    expect(scene.lines()).toEqual([
      'log: group g generation 1 consumer/range leader c-1 {c-1=x c-2=}',
      "a: assigned 'x' consumer/range",
      "b: assigned '' consumer/range",
    ]);
  });

  test('of the leader that cannot be written fails for all, and makes a new rebalance', () => {
    const scene = joined(2);
    scene.sync('b', { member: 'c-2', generation: 1 });
    scene.log.nextError = 19;
    scene.sync('a', { member: 'c-1', generation: 1, assign: 'c-1=x c-2=y' });
    expect(scene.lines()).toEqual(['b: ...', 'a: COORDINATOR_NOT_AVAILABLE', 'b: COORDINATOR_NOT_AVAILABLE']);
    expect(state(scene)).toBe('PreparingRebalance');
  });

  test('of the leader fails for all when it does not commit in time', () => {
    const scene = joined(2, { sessionMs: 600_000 });
    scene.log.holds = true;
    scene.sync('a', { member: 'c-1', generation: 1, assign: 'c-1=x c-2=y' });
    scene.lines();
    scene.pass(5_000);
    expect(scene.lines()).toEqual(['a: COORDINATOR_NOT_AVAILABLE']);
    expect(state(scene)).toBe('PreparingRebalance');
    scene.commit();
    expect(scene.lines()).toEqual([]);
    expect(state(scene)).toBe('PreparingRebalance');
  });

  test('of a parked member takes the place of its first, which is told to come back', () => {
    const scene = joined(2);
    scene.sync('b', { member: 'c-2', generation: 1 });
    scene.sync('b again', { member: 'c-2', generation: 1 });
    scene.sync('a', { member: 'c-1', generation: 1, assign: 'c-2=y' });
    expect(scene.lines().filter((line) => line.startsWith('b'))).toEqual([
      'b: ...',
      'b: REBALANCE_IN_PROGRESS',
      'b again: ...',
      "b again: assigned 'y' consumer/range",
    ]);
  });

  test('of a parked member that is removed meanwhile: the member is unknown', () => {
    const scene = joined(2);
    scene.sync('b', { member: 'c-2', generation: 1 });
    scene.leave('admin', 'c-2');
    expect(scene.lines()).toEqual(['b: ...', 'b: UNKNOWN_MEMBER_ID', 'admin: left c-2/ NONE']);
  });

  test('is overtaken by a new rebalance: the assignment comes to nothing', () => {
    const scene = joined(2);
    scene.log.holds = true;
    scene.sync('a', { member: 'c-1', generation: 1, assign: 'c-1=x c-2=y' });
    scene.join('b', { member: 'c-2', protocols: 'range=u' });
    scene.commit();
    expect(scene.lines().slice(1)).toEqual(['a: ...', 'a: REBALANCE_IN_PROGRESS', 'b: ...']);
    expect(scene.core.groups.classic('g')?.members.get('c-1')?.assignment).toHaveLength(0);
  });

  test('in a stable group answers at once, and does not restart the session', () => {
    const scene = stable(2);
    scene.pass(SESSION_MS - 1);
    scene.sync('a', { member: 'c-1', generation: 1 });
    scene.pass(1);
    expect(scene.lines()).toEqual([
      "a: assigned 'x1' consumer/range",
      'log: group g generation 2 consumer leader - {}',
    ]);
  });

  test('answered late restarts the session', () => {
    const scene = joined(2, { sessionMs: 10_000 });
    scene.sync('b', { member: 'c-2', generation: 1 });
    scene.pass(9_000);
    scene.sync('a', { member: 'c-1', generation: 1, assign: 'c-2=y' });
    scene.pass(9_999);
    expect(state(scene)).toBe('Stable');
    scene.pass(1);
    expect(state(scene)).toBe('Empty');
  });
});

describe('Heartbeat', () => {
  test('of an unknown group, member, instance or generation is refused', () => {
    const scene = stableStatic();
    scene.heartbeat('a', 'i-1', 1, { group: 'other' });
    scene.heartbeat('a', 'c-9', 1);
    scene.heartbeat('a', 'c-9', 1, { instance: 'i' });
    scene.heartbeat('a', 'i-1', 2);
    expect(scene.lines()).toEqual([
      'a: UNKNOWN_MEMBER_ID',
      'a: UNKNOWN_MEMBER_ID',
      'a: FENCED_INSTANCE_ID',
      'a: ILLEGAL_GENERATION',
    ]);
  });

  test('of a dead group: the coordinator has to be found anew', () => {
    const scene = stable(1);
    scene.core.groups.classic('g')?.transitionTo('Dead', 0);
    scene.heartbeat('a', 'c-1', 1);
    expect(scene.lines()).toEqual(['a: COORDINATOR_NOT_AVAILABLE']);
  });

  test('of an empty group: the member is unknown', () => {
    const scene = stable(1);
    scene.leave('a', 'c-1');
    scene.lines();
    scene.heartbeat('a', 'c-1', 2);
    expect(scene.lines()).toEqual(['a: UNKNOWN_MEMBER_ID']);
  });

  test('restarts the session in a stable group, and before the assignment is there', () => {
    const scene = joined(1);
    scene.pass(SESSION_MS - 1);
    scene.heartbeat('a', 'c-1', 1);
    scene.sync('a', { member: 'c-1', generation: 1, assign: 'c-1=x' });
    scene.pass(SESSION_MS - 1);
    scene.heartbeat('a', 'c-1', 1);
    scene.pass(SESSION_MS - 1);
    expect(scene.lines().filter((line) => line.startsWith('a: NONE'))).toHaveLength(2);
    expect(state(scene)).toBe('Stable');
  });

  test('while members gather restarts the session and asks to join again', () => {
    const scene = stable(2);
    scene.join('a', { member: 'c-1' });
    for (let i = 0; i < 3; i++) {
      scene.pass(SESSION_MS - 1);
      scene.heartbeat('b', 'c-2', 1);
    }
    expect(scene.lines()).toEqual([
      'a: ...',
      'b: REBALANCE_IN_PROGRESS',
      'b: REBALANCE_IN_PROGRESS',
      'b: REBALANCE_IN_PROGRESS',
    ]);
  });

  test('waits for what was written before it', () => {
    const scene = stable(1);
    scene.log.holds = true;
    scene.offsets('a', 't-0=5', { member: 'c-1', generation: 1 });
    scene.heartbeat('a', 'c-1', 1);
    scene.commit();
    expect(scene.lines()).toEqual(['log: offset of g t-0 = 5', 'a: ...', 'a: ...', 'a: t-0 NONE', 'a: NONE']);
  });
});

describe('LeaveGroup', () => {
  test('of an unknown group: every member is unknown', () => {
    const scene = new Scene();
    scene.leave('a', 'c-1 /i');
    expect(scene.lines()).toEqual(['a: left c-1/ UNKNOWN_MEMBER_ID, /i UNKNOWN_MEMBER_ID']);
  });

  test('of a dead group: the coordinator has to be found anew', () => {
    const scene = stable(1);
    scene.core.groups.classic('g')?.transitionTo('Dead', 0);
    scene.leave('a', 'c-1');
    expect(scene.lines()).toEqual(['a: COORDINATOR_NOT_AVAILABLE']);
  });

  test('judges each member for itself', () => {
    const scene = stableStatic();
    scene.leave('admin', '/i /nobody c-9 c-9/j j-2/j');
    expect(scene.lines().at(-1)).toBe(
      'admin: left /i NONE, /nobody UNKNOWN_MEMBER_ID, c-9/ UNKNOWN_MEMBER_ID, c-9/j FENCED_INSTANCE_ID, j-2/j NONE',
    );
  });

  test('without id and without instance id is of nobody', () => {
    const scene = stable(1);
    scene.leave('a', '/');
    expect(scene.lines()).toEqual(['a: left / UNKNOWN_MEMBER_ID']);
  });

  test('takes back an id that was handed out', () => {
    const scene = stable(1);
    scene.join('b');
    scene.leave('b', 'c-2');
    scene.join('b', { member: 'c-2' });
    expect(scene.lines()).toEqual(["b: MEMBER_ID_REQUIRED 'c-2'", 'b: left c-2/ NONE', "b: UNKNOWN_MEMBER_ID 'c-2'"]);
  });

  test('of many makes one rebalance, and writes nothing by itself', () => {
    const scene = stable(3);
    scene.leave('admin', 'c-2 c-3');
    expect(scene.lines()).toEqual(['admin: left c-2/ NONE, c-3/ NONE']);
    scene.join('a', { member: 'c-1' });
    expect(scene.lines()).toEqual(['a: joined as c-1, generation 2, range, leads c-1']);
    expect(scene.failover().core.groups.classic('g')?.members.size).toBe(3);
  });

  test('of nobody makes no rebalance', () => {
    const scene = stable(1);
    scene.leave('a', 'c-9');
    scene.heartbeat('a', 'c-1', 1);
    expect(scene.lines()).toEqual(['a: left c-9/ UNKNOWN_MEMBER_ID', 'a: NONE']);
  });

  test('during the initial delay does not end it', () => {
    const scene = new Scene();
    scene.join('a', { version: 3 });
    scene.join('b', { version: 3 });
    scene.lines();
    scene.leave('b', 'c-2');
    expect(scene.lines()).toEqual(["b: UNKNOWN_MEMBER_ID ''", 'b: left c-2/ NONE']);
    expect(state(scene)).toBe('PreparingRebalance');
    scene.pass(REBALANCE_MS);
    expect(scene.lines()[0]).toBe('a: joined as c-1, generation 1, range, leads c-1');
  });
});
