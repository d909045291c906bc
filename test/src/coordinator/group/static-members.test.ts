/** Static members. */
import { Scene, SESSION_MS } from './scene';
import { stableStatic } from './stages';

const state = (scene: Scene): string | undefined => scene.core.groups.classic('g')?.state;

describe('a static member that comes back under its instance id', () => {
  test('gets a new id and its assignment; nobody else notices', () => {
    const scene = stableStatic();
    scene.join('b', { instance: 'j' });
    expect(scene.lines()).toEqual([
      'log: group g generation 1 consumer/range leader i-1 {i-1=x1 j-3=x2}',
      'b: joined as j-3, generation 1, range, follows i-1',
    ]);
    scene.sync('b', { member: 'j-3', generation: 1 });
    scene.heartbeat('a', 'i-1', 1);
    expect(scene.lines()).toEqual(["b: assigned 'x2' consumer/range", 'a: NONE']);
  });

  test('fences the old id', () => {
    const scene = stableStatic();
    scene.join('b', { instance: 'j' });
    scene.lines();
    scene.heartbeat('old b', 'j-2', 1, { instance: 'j' });
    scene.join('old b', { member: 'j-2', instance: 'j' });
    expect(scene.lines()).toEqual(['old b: FENCED_INSTANCE_ID', "old b: FENCED_INSTANCE_ID 'j-2'"]);
  });

  test('as the leader skips the assignment from version 9 on', () => {
    const scene = stableStatic();
    scene.join('a', { instance: 'i', version: 9 });
    expect(scene.lines()).toEqual([
      'log: group g generation 1 consumer/range leader i-3 {j-2=x2 i-3=x1}',
      'a: joined as i-3, generation 1, range, leads j-2 i-3, skips the assignment',
    ]);
  });

  test('as the leader is told the old id before version 9, so that it follows', () => {
    const scene = stableStatic();
    scene.join('a', { instance: 'i', version: 5 });
    expect(scene.lines().at(-1)).toBe('a: joined as i-3, generation 1, range, follows i-1');
  });

  test('keeps the host and client id of the first, and takes timeouts and metadata of the request', () => {
    const scene = stableStatic();
    scene.join('b', { instance: 'j', client: 'other', sessionMs: 7_000, rebalanceMs: 70_000, protocols: 'range=u' });
    const member = scene.core.groups.classic('g')?.members.get('j-3');
    expect(member).toMatchObject({ clientId: 'c', sessionTimeoutMs: 7_000, rebalanceTimeoutMs: 70_000 });
    expect(scene.core.groups.classic('g')?.generationId).toBe(1);
    scene.heartbeat('b', 'j-3', 1);
    scene.pass(6_999);
    expect(scene.core.groups.classic('g')?.members.has('j-3')).toBe(true);
    scene.pass(1);
    expect(scene.core.groups.classic('g')?.members.has('j-3')).toBe(false);
  });

  test('puts everything back when the new id cannot be written', () => {
    const scene = stableStatic();
    scene.log.nextError = 19;
    scene.join('a', { instance: 'i', sessionMs: 7_000 });
    expect(scene.lines()).toEqual(["a: COORDINATOR_NOT_AVAILABLE ''"]);
    const group = scene.core.groups.classic('g');
    expect(group?.leaderId).toBe('i-1');
    expect(group?.members.get('i-1')?.sessionTimeoutMs).toBe(SESSION_MS);
    expect(group?.awaitingJoin).toBe(0);
    scene.heartbeat('a', 'i-1', 1, { instance: 'i' });
    expect(scene.lines()).toEqual(['a: NONE']);
  });

  test('with another choice of protocol makes a rebalance', () => {
    const scene = stableStatic({ protocols: 'range roundrobin' });
    scene.join('b', { instance: 'j', protocols: 'roundrobin' });
    expect(scene.lines()).toEqual(['b: ...']);
    expect(state(scene)).toBe('PreparingRebalance');
  });

  test('while members gather waits with the others, and fences its own parked JoinGroup', () => {
    const scene = stableStatic();
    scene.join('a', { instance: 'i', member: 'i-1' });
    scene.join('a again', { instance: 'i' });
    expect(scene.lines()).toEqual(['a: ...', "a: FENCED_INSTANCE_ID 'i-1'", 'a again: ...']);
    scene.join('b', { instance: 'j', member: 'j-2' });
    expect(scene.lines()).toEqual([
      'b: joined as j-2, generation 2, range, follows i-3',
      'a again: joined as i-3, generation 2, range, leads j-2 i-3',
    ]);
  });

  test('before the assignment is there always makes a new rebalance, and fences its own parked SyncGroup', () => {
    const scene = stableStatic();
    scene.join('a', { instance: 'i', member: 'i-1' });
    scene.join('b', { instance: 'j', member: 'j-2' });
    scene.sync('b', { instance: 'j', member: 'j-2', generation: 2 });
    scene.lines();
    scene.join('b again', { instance: 'j' });
    expect(scene.lines()).toEqual(['b: FENCED_INSTANCE_ID', 'b again: ...']);
    expect(state(scene)).toBe('PreparingRebalance');
  });

  test('in the place of one that had not synced has to sync itself, and is then left alone', () => {
    const scene = stableStatic({ sessionMs: 600_000 });
    scene.join('a', { instance: 'i', member: 'i-1', sessionMs: 600_000 });
    scene.pass(60_000);
    scene.sync('a', { member: 'i-1', generation: 2, assign: 'i-1=y1 j-2=y2' });
    scene.join('b', { instance: 'j', sessionMs: 600_000 });
    scene.sync('b', { member: 'j-3', generation: 2 });
    scene.pass(60_000);
    expect(state(scene)).toBe('Stable');
  });
});

test('a static member whose session expires is removed like any other', () => {
  const scene = stableStatic();
  scene.pass(SESSION_MS / 2);
  scene.heartbeat('a', 'i-1', 1);
  scene.pass(SESSION_MS / 2);
  scene.heartbeat('a', 'i-1', 1);
  scene.heartbeat('b', 'j-2', 1, { instance: 'j' });
  expect(scene.lines()).toEqual(['a: NONE', 'a: REBALANCE_IN_PROGRESS', 'b: UNKNOWN_MEMBER_ID']);
});
