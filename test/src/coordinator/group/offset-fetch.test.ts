/** OffsetFetch. */
import { ErrorCode } from '../../../../wire/base/error-codes';
import { ZERO_UUID } from '../../../../wire/base/uuid';
import { Scene, TOPIC_ID } from './scene';
import { stable } from './stages';

const OTHER_ID = 'BBBBBBBBBBBBBBBBBBBBBA';

describe('OffsetFetch', () => {
  test('of an unknown group has -1 for every partition, and no topics when all are asked', () => {
    const scene = new Scene();
    scene.fetch('a', 't-0 t-1');
    scene.fetch('a', null);
    expect(scene.lines()).toEqual(['a: t-0 -1', 'a: t-1 -1', 'a: no offsets']);
  });

  test('of a dead group is that of an unknown one', () => {
    const scene = stable(1);
    scene.offsets('a', 't-0=5', { member: 'c-1', generation: 1 });
    scene.core.groups.classic('g')?.transitionTo('Dead', 0);
    scene.lines();
    scene.fetch('a', 't-0');
    expect(scene.lines()).toEqual(['a: t-0 -1']);
  });

  test('of all topics lists those with offsets only', () => {
    const scene = new Scene();
    scene.offsets('a', 'u-1=1 t-2=2 t-0=3');
    scene.offsets('a', 'v-0=4', { producer: 7 });
    scene.lines();
    scene.fetch('a', null, { stable: true });
    expect(scene.lines()).toEqual(['a: t-0 3', 'a: t-2 2', 'a: u-1 1']);
  });

  test('of all topics that wants stable offsets says which are not', () => {
    const scene = new Scene();
    scene.offsets('a', 't-0=1 t-1=1');
    scene.offsets('a', 't-1=4', { producer: 7 });
    scene.lines();
    scene.fetch('a', null, { stable: true });
    scene.fetch('a', null);
    expect(scene.lines()).toEqual(['a: t-0 1', 'a: t-1 UNSTABLE_OFFSET_COMMIT', 'a: t-0 1', 'a: t-1 1']);
  });

  test('has the metadata', () => {
    const scene = new Scene();
    scene.offsets('a', 't-0=1', { metadata: 'hello' });
    scene.lines();
    scene.fetch('a', 't-0');
    expect(scene.lines()).toEqual(["a: t-0 1 'hello'"]);
  });

  test.each([
    ['another id', OTHER_ID, '-1'],
    ['the same id', TOPIC_ID, '1'],
    ['no id', ZERO_UUID, '1'],
  ])('by %s than the offset was stored under gives %s', (_, topicId, offset) => {
    const scene = new Scene();
    scene.offsets('a', 't-0=1');
    scene.lines();
    scene.fetch('a', null, { topics: [{ name: 't', topicId, partitionIndexes: [0] }] });
    expect(scene.lines()).toEqual([`a: t-0 ${offset}`]);
  });

  test('by an id finds offsets that were stored without one', () => {
    const scene = new Scene();
    scene.offsets('a', 't-0=1', { topicId: ZERO_UUID });
    scene.lines();
    scene.fetch('a', null, { topics: [{ name: 't', topicId: OTHER_ID, partitionIndexes: [0] }] });
    expect(scene.lines()).toEqual(['a: t-0 1']);
  });

  test.each([true, false])(
    'waits for the commits before it (stable: %s), so it never shows what may be lost',
    (isStable) => {
      const scene = new Scene();
      scene.log.holds = true;
      scene.offsets('a', 't-0=5');
      scene.fetch('b', 't-0', { stable: isStable });
      expect(scene.lines()).toEqual(['log: offset of g t-0 = 5', 'a: ...', 'b: ...']);
      scene.commit();
      expect(scene.lines()).toEqual(['a: t-0 NONE', 'b: t-0 5']);
    },
  );

  test('fails when those do not commit in time', () => {
    const scene = new Scene();
    scene.log.holds = true;
    scene.offsets('a', 't-0=5');
    scene.fetch('b', 't-0');
    scene.lines();
    scene.pass(5_000);
    expect(scene.lines()).toEqual([
      'a: failed with COORDINATOR_NOT_AVAILABLE',
      'b: failed with COORDINATOR_NOT_AVAILABLE',
    ]);
  });

  test("tells the group's own error, such as a stale epoch (KIP-848)", () => {
    const scene = new Scene();
    scene.offsets('a', 't-0=1');
    const group = scene.core.groups.classic('g');
    if (group === null) throw new Error('no group');
    group.checkFetch = () => ErrorCode.STALE_MEMBER_EPOCH;
    scene.lines();
    scene.fetch('a', 't-0', { memberId: 'm', memberEpoch: 1 });
    expect(scene.lines()).toEqual(['a: failed with STALE_MEMBER_EPOCH']);
  });
});
