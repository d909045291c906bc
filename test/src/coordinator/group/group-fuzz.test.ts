/**
 * Clients that do anything in any order, a log that refuses and stalls: whatever happens, the group keeps its invariants, and no
 * request is forgotten.
 */
import type { ClassicGroup } from '../../../../src/coordinator/group/classic-group';
import { Scene } from './scene';

const STEPS = 400;

class Chance {
  constructor(private state: number) {}
  below(limit: number): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * limit);
  }
  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }
}

function check(scene: Scene, group: ClassicGroup): void {
  const members = [...group.members.values()];
  expect(group.awaitingJoin).toBe(members.filter(({ joinToken }) => joinToken !== null).length);
  if (members.length > 0) expect(group.members.has(group.leaderId ?? '')).toBe(true);
  if (group.isEmpty) expect(members).toEqual([]);
  for (const { groupInstanceId, memberId } of members) {
    if (groupInstanceId !== null) expect(group.staticMemberId(groupInstanceId)).toBe(memberId);
  }
  if (members.length > 0) expect(group.selectProtocol()).not.toBeNull();
  // A parked JoinGroup belongs to a rebalance, or waits for the record of a static member's new id.
  if (group.state === 'Stable' && !scene.log.holds && scene.turns) expect(group.awaitingJoin).toBe(0);
  const parkedSyncs = members.filter(({ syncToken }) => syncToken !== null).length;
  if (group.state === 'PreparingRebalance' || group.state === 'Stable') expect(parkedSyncs).toBe(0);
}

function act(scene: Scene, chance: Chance, ids: string[]): void {
  const group = scene.core.groups.classic('g');
  const member = ids.length === 0 || chance.below(8) === 0 ? `c-${chance.below(50)}` : chance.pick(ids);
  const generation = (group?.generationId ?? 0) - (chance.below(6) === 0 ? 1 : 0);
  const instance = chance.below(3) === 0 ? { instance: chance.pick(['i', 'j']) } : {};
  const protocols = chance.pick(['range', 'range roundrobin', 'roundrobin range', 'sticky range']);
  switch (chance.below(10)) {
    case 0:
    case 1:
      return scene.join('x', { protocols, ...instance, version: chance.pick([3, 5, 9]) });
    case 2:
    case 3:
      return scene.join('x', { member, protocols, ...(chance.below(4) === 0 ? instance : {}) });
    case 4:
      return scene.sync('x', { member, generation, assign: `${member}=y` });
    case 5:
      return scene.heartbeat('x', member, generation);
    case 6:
      return scene.leave('x', chance.pick([member, `${member} /i`, '/j']));
    case 7:
      return scene.offsets('x', 't-0=1', { member, generation });
    case 8:
      return scene.pass(chance.pick([1, 500, 3_000, 9_000, 30_000]));
    default:
      return trouble(scene, chance);
  }
}

function trouble(scene: Scene, chance: Chance): void {
  switch (chance.below(4)) {
    case 0:
      scene.log.nextError = chance.pick([6, 19, 10]);
      return;
    case 1:
      scene.log.holds = true;
      return;
    default:
      scene.log.holds = false;
      return scene.commit();
  }
}

/** Ids that the group has, handed out ones included. */
function idsIn(lines: readonly string[], ids: string[]): string[] {
  for (const line of lines) {
    const [, id] = /(?:MEMBER_ID_REQUIRED '|joined as )([^',]+)/.exec(line) ?? [];
    if (id !== undefined) ids.push(id);
  }
  return ids.slice(-12);
}

test.each(Array.from({ length: 25 }, (_, i) => i + 1))('seed %i', (seed) => {
  const chance = new Chance(seed * 7919);
  const scene = new Scene({ groupMaxSize: 6 });
  let ids: string[] = [];
  for (let step = 0; step < STEPS; step++) {
    scene.turns = chance.below(3) !== 0;
    act(scene, chance, ids);
    ids = idsIn(scene.lines(), ids);
    for (const group of scene.core.groups.all()) check(scene, group as ClassicGroup);
  }
  scene.turns = true;
  scene.log.nextError = null;
  scene.log.holds = false;
  scene.commit();
  // One generation without trouble: a refused record of an empty group is made up for by the next.
  scene.pass(3_600_000);
  scene.join('last', { version: 3 });
  scene.pass(3_600_000);
  expect(scene.shard.openRequests).toBe(0);
  const group = scene.core.groups.classic('g');
  expect(group?.members.size ?? 0).toBe(0);
  const reloaded = scene.failover().core.groups.classic('g');
  expect(reloaded?.generationId).toBe(group?.generationId);
  expect(reloaded?.state).toBe(group?.state);
});
