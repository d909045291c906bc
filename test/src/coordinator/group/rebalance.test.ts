/** The rebalance engine, point by point, and group.max.size. */
import { javaHashOrder } from '../../../../src/coordinator/java-hash';
import { INITIAL_DELAY_MS, REBALANCE_MS, Scene, SESSION_MS } from './scene';
import { joined, stable, stableStatic } from './stages';

const state = (scene: Scene): string | undefined => scene.core.groups.classic('g')?.state;

describe('point 1, preparing a rebalance', () => {
  test('answers parked SyncGroups with REBALANCE_IN_PROGRESS', () => {
    const scene = joined(2);
    scene.sync('b', { member: 'c-2', generation: 1 });
    scene.join('c', { version: 3 });
    expect(scene.lines()).toEqual(['b: ...', 'b: REBALANCE_IN_PROGRESS', 'c: ...']);
  });

  test('waits for all members, then begins the generation at once', () => {
    const scene = stable(2);
    scene.join('c', { version: 3 });
    scene.join('a', { member: 'c-1' });
    scene.join('b', { member: 'c-2' });
    expect(scene.lines()).toEqual([
      'c: ...',
      'a: ...',
      'a: joined as c-1, generation 2, range, leads c-1 c-2 c-3',
      'b: joined as c-2, generation 2, range, follows c-1',
      'c: joined as c-3, generation 2, range, follows c-1',
    ]);
  });

  test('waits for ids that were handed out, too', () => {
    const scene = stable(1);
    scene.join('b');
    scene.join('a', { member: 'c-1' });
    expect(state(scene)).toBe('PreparingRebalance');
    scene.join('b', { member: 'c-2' });
    expect(scene.lines()).toEqual([
      "b: MEMBER_ID_REQUIRED 'c-2'",
      'a: ...',
      'a: joined as c-1, generation 2, range, leads c-1 c-2',
      'b: joined as c-2, generation 2, range, follows c-1',
    ]);
  });

  test('waits at most for the longest rebalance timeout', () => {
    const scene = new Scene();
    scene.join('a', { version: 3, rebalanceMs: 20_000, sessionMs: 600_000 });
    scene.join('b', { version: 3, rebalanceMs: 40_000, sessionMs: 600_000 });
    scene.pass(2 * INITIAL_DELAY_MS);
    scene.sync('a', { member: 'c-1', generation: 1 });
    scene.sync('b', { member: 'c-2', generation: 1 });
    scene.join('a', { member: 'c-1', sessionMs: 600_000, rebalanceMs: 20_000 });
    scene.lines();
    scene.pass(39_999);
    expect(scene.lines()).toEqual([]);
    scene.pass(1);
    expect(scene.lines()).toEqual(['a: joined as c-1, generation 2, range, leads c-1']);
  });
});

describe('point 2, the initial delay', () => {
  test('ends when nobody came during it', () => {
    const scene = new Scene();
    scene.join('a', { version: 3 });
    scene.lines();
    scene.pass(INITIAL_DELAY_MS - 1);
    expect(scene.lines()).toEqual([]);
    scene.pass(1);
    expect(scene.lines()).toEqual(['a: joined as c-1, generation 1, range, leads c-1']);
  });

  test('is prolonged while members come, up to the rebalance timeout', () => {
    const scene = new Scene();
    scene.join('a', { version: 3, rebalanceMs: 10_000 });
    for (let i = 0; i < 3; i++) {
      scene.pass(INITIAL_DELAY_MS - 100);
      scene.join('more', { version: 3, rebalanceMs: 10_000 });
      scene.pass(100);
    }
    scene.lines();
    scene.pass(999);
    expect(scene.lines()).toEqual([]);
    scene.pass(1);
    expect(scene.lines()[0]).toBe('a: joined as c-1, generation 1, range, leads c-1 c-2 c-3 c-4');
  });

  test('of 0 still goes through a timer', () => {
    const scene = new Scene({ groupInitialRebalanceDelayMs: 0 });
    scene.join('a', { version: 3 });
    expect(scene.lines()).toEqual(['log: group g generation 0 - leader - {}', 'a: ...']);
    scene.pass(0);
    expect(scene.lines()).toEqual(['a: joined as c-1, generation 1, range, leads c-1']);
  });

  test('does not end early when all members are there', () => {
    const scene = new Scene();
    scene.join('a');
    scene.join('a', { member: 'c-1' });
    scene.join('b');
    scene.leave('b', 'c-2');
    scene.lines();
    scene.pass(INITIAL_DELAY_MS - 1);
    expect(scene.lines()).toEqual([]);
  });

  test('ends when the last id that was handed out expires during it', () => {
    const scene = new Scene({ groupInitialRebalanceDelayMs: 30_000 });
    scene.join('b');
    scene.join('a', { version: 3 });
    scene.lines();
    scene.pass(SESSION_MS);
    expect(scene.lines()).toEqual(['a: joined as c-2, generation 1, range, leads c-2']);
  });
});

describe('point 3, the end of the join phase', () => {
  test('removes dynamic members that stayed away', () => {
    const scene = stable(2, { sessionMs: 600_000 });
    scene.join('a', { member: 'c-1', sessionMs: 600_000 });
    scene.lines();
    scene.pass(REBALANCE_MS);
    expect(scene.lines()).toEqual(['a: joined as c-1, generation 2, range, leads c-1']);
    scene.heartbeat('b', 'c-2', 2);
    expect(scene.lines()).toEqual(['b: UNKNOWN_MEMBER_ID']);
  });

  test('makes a member that is there the leader in the place of one that is not', () => {
    const scene = stable(2, { sessionMs: 600_000 });
    scene.join('b', { member: 'c-2', protocols: 'range=u', sessionMs: 600_000 });
    scene.lines();
    scene.pass(REBALANCE_MS);
    expect(scene.lines()).toEqual(['b: joined as c-2, generation 2, range, leads c-2']);
  });

  test('keeps static members that stayed away, and tells the leader of them', () => {
    const scene = stableStatic({ sessionMs: 600_000 });
    scene.join('a', { instance: 'i', member: 'i-1', sessionMs: 600_000 });
    scene.lines();
    scene.pass(REBALANCE_MS);
    expect(scene.lines()).toEqual(['a: joined as i-1, generation 2, range, leads i-1 j-2']);
  });

  test('removes static members after all when they miss the sync phase, too', () => {
    const scene = stableStatic({ sessionMs: 600_000 });
    scene.join('a', { instance: 'i', member: 'i-1', sessionMs: 600_000 });
    scene.pass(REBALANCE_MS);
    scene.sync('a', { member: 'i-1', generation: 2, assign: 'i-1=y' });
    scene.lines();
    scene.pass(REBALANCE_MS);
    scene.heartbeat('a', 'i-1', 2);
    scene.heartbeat('b', 'j-2', 2);
    expect(scene.lines()).toEqual(['a: REBALANCE_IN_PROGRESS', 'b: UNKNOWN_MEMBER_ID']);
  });

  test('is put off when only static members are left and none of them is there', () => {
    const scene = stableStatic({ sessionMs: 600_000 });
    scene.join('c', { version: 3, sessionMs: 600_000 });
    scene.leave('c', 'c-3');
    scene.lines();
    scene.pass(REBALANCE_MS);
    expect(scene.lines()).toEqual([]);
    expect(state(scene)).toBe('PreparingRebalance');
    expect(scene.core.groups.classic('g')?.generationId).toBe(1);
  });

  test('writes the group without members when all are gone, with its protocol type', () => {
    const scene = stable(2);
    scene.leave('all', 'c-1 c-2');
    expect(scene.lines()).toEqual(['log: group g generation 2 consumer leader - {}', 'all: left c-1/ NONE, c-2/ NONE']);
    expect(state(scene)).toBe('Empty');
  });

  test('keeps an empty group when writing that is refused', () => {
    const scene = stable(1);
    scene.log.nextError = 19;
    scene.leave('a', 'c-1');
    expect(scene.lines()).toEqual(['a: failed with COORDINATOR_NOT_AVAILABLE']);
    expect(state(scene)).toBe('Empty');
  });

  test('restarts the sessions of those who were answered', () => {
    const scene = joined(2, { sessionMs: 20_000 });
    scene.pass(19_999);
    expect(scene.lines()).toEqual([]);
    scene.pass(1);
    expect(state(scene)).toBe('Empty');
  });
});

describe('point 4, the choice of the protocol', () => {
  test('takes the one that most members like best among those that all have', () => {
    const scene = new Scene();
    scene.join('a', { version: 3, protocols: 'range roundrobin sticky' });
    scene.join('b', { version: 3, protocols: 'roundrobin range' });
    scene.join('c', { version: 3, protocols: 'sticky roundrobin range' });
    scene.pass(2 * INITIAL_DELAY_MS);
    expect(scene.lines()).toContain('a: joined as c-1, generation 1, roundrobin, leads c-1 c-2 c-3');
  });

  test.each([
    ['range', 'roundrobin'],
    ['sticky', 'range'],
    ['roundrobin', 'sticky'],
  ])('breaks a tie of %s and %s in the order of a Java HashMap', (first, second) => {
    const scene = new Scene();
    scene.join('a', { version: 3, protocols: `${first} ${second}` });
    scene.join('b', { version: 3, protocols: `${second} ${first}` });
    scene.pass(2 * INITIAL_DELAY_MS);
    const winner = javaHashOrder([first, second])[0];
    expect(scene.lines()).toContain(`a: joined as c-1, generation 1, ${winner}, leads c-1 c-2`);
  });

  test('bears a client that lists a protocol twice', () => {
    const scene = new Scene();
    scene.join('a', { version: 3, protocols: 'range=t range=u' });
    scene.pass(INITIAL_DELAY_MS);
    expect(scene.lines()).toContain('a: joined as c-1, generation 1, range, leads c-1');
  });

  test('sends the leader the metadata of the chosen protocol', () => {
    const scene = new Scene();
    const members: unknown[] = [];
    scene.ask('b', joinRequest('sticky=s range=r'), false);
    scene.shard.submit(joinRequest('range=r sticky=s sticky=z'), {
      respond: (response) => members.push(...(response.kind === 'joinGroup' ? response.body.members : [])),
      fail: () => undefined,
    });
    scene.pass(2 * INITIAL_DELAY_MS);
    expect(members).toEqual([]);
    const group = scene.core.groups.classic('g');
    expect(Buffer.from(group?.members.get('c-1')?.metadataOf(group.protocolName) ?? []).toString()).toBe(
      group?.protocolName === 'range' ? 'r' : 's',
    );
  });
});

describe('point 5, the leader', () => {
  test('is the first member, and stays it over generations', () => {
    const scene = stable(2);
    scene.join('a', { member: 'c-1' });
    scene.join('b', { member: 'c-2' });
    scene.sync('a', { member: 'c-1', generation: 2 });
    scene.join('a', { member: 'c-1' });
    scene.join('b', { member: 'c-2' });
    expect(scene.lines()).toContain('a: joined as c-1, generation 3, range, leads c-1 c-2');
  });

  test('is another member once it has left', () => {
    const scene = stable(3);
    scene.leave('a', 'c-1');
    scene.join('b', { member: 'c-2' });
    scene.join('c', { member: 'c-3' });
    expect(scene.lines().slice(-2)).toEqual([
      'b: joined as c-2, generation 2, range, leads c-2 c-3',
      'c: joined as c-3, generation 2, range, follows c-2',
    ]);
  });
});

describe('point 6, the sync timer', () => {
  test('removes whoever has not synced, and begins a new rebalance', () => {
    const scene = joined(2, { sessionMs: 600_000 });
    scene.sync('a', { member: 'c-1', generation: 1, assign: 'c-1=x' });
    scene.lines();
    scene.pass(REBALANCE_MS);
    scene.heartbeat('a', 'c-1', 1);
    scene.heartbeat('b', 'c-2', 1);
    expect(scene.lines()).toEqual(['a: REBALANCE_IN_PROGRESS', 'b: UNKNOWN_MEMBER_ID']);
  });

  test('does the same while the leader has not assigned', () => {
    const scene = joined(2, { sessionMs: 600_000 });
    scene.sync('b', { member: 'c-2', generation: 1 });
    scene.lines();
    scene.pass(REBALANCE_MS);
    expect(scene.lines()).toEqual(['b: REBALANCE_IN_PROGRESS']);
    expect(state(scene)).toBe('PreparingRebalance');
  });

  test('does nothing when all have synced', () => {
    const scene = stable(2, { sessionMs: 600_000 });
    scene.pass(2 * REBALANCE_MS);
    expect(state(scene)).toBe('Stable');
  });

  test('does nothing to a later generation', () => {
    const scene = joined(1, { sessionMs: 600_000 });
    scene.pass(REBALANCE_MS - 1000);
    scene.join('a', { member: 'c-1', protocols: 'range=u', sessionMs: 600_000 });
    scene.pass(2000);
    scene.heartbeat('a', 'c-1', 2);
    expect(scene.lines()).toEqual(['a: joined as c-1, generation 2, range, leads c-1', 'a: NONE']);
  });
});

describe('point 7, a member that leaves or falls silent', () => {
  test.each(['leaves', 'falls silent'])('makes a new rebalance of a stable group when it %s', (how) => {
    const scene = stable(2, { sessionMs: 20_000 });
    scene.pass(10_000);
    scene.heartbeat('a', 'c-1', 1);
    if (how === 'leaves') scene.leave('b', 'c-2');
    else scene.pass(10_000);
    scene.lines();
    scene.heartbeat('a', 'c-1', 1);
    expect(scene.lines()).toEqual(['a: REBALANCE_IN_PROGRESS']);
  });

  test('ends the join phase when it was the only one missing', () => {
    const scene = stable(2);
    scene.join('a', { member: 'c-1' });
    scene.lines();
    scene.leave('b', 'c-2');
    expect(scene.lines()).toEqual(['a: joined as c-1, generation 2, range, leads c-1', 'b: left c-2/ NONE']);
  });

  test('ends the join phase when its session expires', () => {
    const scene = stable(2);
    scene.join('a', { member: 'c-1' });
    scene.lines();
    scene.pass(SESSION_MS);
    expect(scene.lines()).toEqual(['a: joined as c-1, generation 2, range, leads c-1']);
  });

  test('is told so in a JoinGroup of its own that is parked', () => {
    const scene = stable(2);
    scene.join('a', { member: 'c-1' });
    scene.lines();
    scene.leave('admin', 'c-1');
    expect(scene.lines()).toEqual(["a: UNKNOWN_MEMBER_ID ''", 'admin: left c-1/ NONE']);
  });

  test('is only forgotten when it never used its id, and that may end the join phase', () => {
    const scene = stable(1, { sessionMs: 600_000 });
    scene.join('b', { sessionMs: 8_000 });
    scene.join('a', { member: 'c-1', sessionMs: 600_000 });
    scene.lines();
    scene.pass(8_000);
    expect(scene.lines()).toEqual(['a: joined as c-1, generation 2, range, leads c-1']);
  });
});

describe('point 8, a member without heartbeats', () => {
  test('is alive while its JoinGroup or SyncGroup is parked', () => {
    const scene = stable(3, { sessionMs: 600_000 });
    scene.join('a', { member: 'c-1', sessionMs: 6_000 });
    scene.pass(30_000);
    expect(scene.core.groups.classic('g')?.members.has('c-1')).toBe(true);
    scene.join('b', { member: 'c-2', sessionMs: 6_000 });
    scene.join('c', { member: 'c-3', sessionMs: 6_000 });
    scene.sync('b', { member: 'c-2', generation: 2 });
    scene.pass(6_000);
    expect([...(scene.core.groups.classic('g')?.members.keys() ?? [])]).toEqual(['c-2']);
  });
});

describe('group.max.size', () => {
  test('counts parked members while members gather', () => {
    const scene = new Scene({ groupMaxSize: 2 });
    scene.join('a', { version: 3 });
    scene.join('b', { version: 3 });
    scene.join('c', { version: 3 });
    expect(scene.lines().slice(-1)).toEqual(["c: GROUP_MAX_SIZE_REACHED ''"]);
  });

  test('lets a parked member join again while members gather', () => {
    const scene = new Scene({ groupMaxSize: 2 });
    scene.join('a');
    scene.join('a', { member: 'c-1' });
    scene.join('b', { version: 3 });
    scene.lines();
    scene.join('a again', { member: 'c-1' });
    expect(scene.lines()).toEqual(["a: REBALANCE_IN_PROGRESS 'c-1'", 'a again: ...']);
  });

  test('lets members of a full group join again', () => {
    const scene = stable(2, {}, new Scene({ groupMaxSize: 2 }));
    scene.join('a', { member: 'c-1' });
    scene.join('b', { member: 'c-2' });
    expect(scene.lines()).toContain('a: joined as c-1, generation 2, range, leads c-1 c-2');
  });

  test('lowered before a load, it makes the last who come back go', () => {
    const scene = stable(3).failover({ groupMaxSize: 2 });
    expect(state(scene)).toBe('PreparingRebalance');
    scene.join('c', { member: 'c-3' });
    scene.join('a', { member: 'c-1' });
    scene.join('b', { member: 'c-2' });
    expect(scene.lines()).toEqual([
      'c: ...',
      'a: ...',
      "b: GROUP_MAX_SIZE_REACHED ''",
      'a: joined as c-1, generation 2, range, leads c-1 c-3',
      'c: joined as c-3, generation 2, range, follows c-1',
    ]);
  });
});

function joinRequest(protocols: string) {
  return {
    kind: 'joinGroup' as const,
    context: { clientId: 'c', clientHost: '/10.0.0.1', apiVersion: 3 },
    request: {
      groupId: 'g',
      sessionTimeoutMs: SESSION_MS,
      rebalanceTimeoutMs: REBALANCE_MS,
      memberId: '',
      groupInstanceId: null,
      protocolType: 'connect',
      protocols: protocols.split(' ').map((each) => {
        const [name = '', metadata = ''] = each.split('=');
        return { name, metadata: new TextEncoder().encode(metadata) };
      }),
      reason: null,
    },
  };
}
