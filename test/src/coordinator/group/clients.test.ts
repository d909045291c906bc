/** What kafkajs and Kafka Connect do that other clients do not. */
import { INITIAL_DELAY_MS, Scene } from './scene';
import { stable } from './stages';

describe('kafkajs', () => {
  test('joins as protocol type consumer with its own name of the assignor', () => {
    const scene = new Scene();
    scene.join('a', { version: 5, protocols: 'RoundRobinAssigner=topic' });
    scene.join('a', { version: 5, member: 'c-1', protocols: 'RoundRobinAssigner=topic' });
    scene.pass(INITIAL_DELAY_MS);
    scene.sync('a', { member: 'c-1', generation: 1, assign: 'c-1=bytes' });
    expect(scene.lines().slice(-2)).toEqual([
      'log: group g generation 1 consumer/RoundRobinAssigner leader c-1 {c-1=bytes}',
      "a: assigned 'bytes' consumer/RoundRobinAssigner",
    ]);
    expect(scene.core.groups.classic('g')?.isSubscribedTo('topic')).toBe(true);
  });

  test('syncs without naming the protocol, and leaves as a single member', () => {
    const scene = stable(1);
    scene.sync('a', { member: 'c-1', generation: 1 });
    scene.leave('a', 'c-1');
    expect(scene.lines()).toEqual([
      "a: assigned 'x1' consumer/range",
      'log: group g generation 2 consumer leader - {}',
      'a: left c-1/ NONE',
    ]);
  });

  test('commits with its generation while the group gathers members again', () => {
    const scene = stable(2);
    scene.join('b', { member: 'c-2', protocols: 'range=u' });
    scene.offsets('a', 't-0=5', { member: 'c-1', generation: 1, version: 5 });
    expect(scene.lines()).toEqual(['b: ...', 'log: offset of g t-0 = 5', 'a: t-0 NONE']);
  });
});

describe('Kafka Connect', () => {
  test('keeps bytes of its own in metadata and assignments', () => {
    const scene = stable(1, { type: 'connect', protocols: 'sessioned=\u0000\u0002 default=\u0000\u0000', raw: true });
    scene.describe('tool');
    expect(scene.lines()).toEqual(["tool: g NONE Stable connect/sessioned | c-1@/10.0.0.1 metadata 2 assignment 'x1'"]);
  });

  test('subscribes to nothing that the coordinator could know of', () => {
    const scene = stable(1, { type: 'connect' });
    expect(scene.core.groups.classic('g')?.isSubscribedTo('t')).toBe(false);
    expect(scene.core.groups.classic('g')?.expiryBase).toBe('never');
  });

  test('goes through a failover with its bytes', () => {
    const scene = stable(1, { type: 'connect', protocols: 'sessioned=abc', raw: true }).failover();
    scene.describe('tool');
    expect(scene.lines()).toEqual(["tool: g NONE Stable connect/sessioned | c-1@/10.0.0.1 metadata 3 assignment 'x1'"]);
  });
});
