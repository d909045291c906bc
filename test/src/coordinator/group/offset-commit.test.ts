/** OffsetCommit, TxnOffsetCommit and transaction markers. */
import type { CommitVerdict } from '../../../../src/coordinator/group/group';
import { ErrorCode } from '../../../../wire/base/error-codes';
import { ZERO_UUID } from '../../../../wire/base/uuid';
import { WALL_START_MS } from '../manual-env';
import { Scene, SESSION_MS, TOPIC_ID } from './scene';
import { joined, stable, stableStatic } from './stages';

const state = (scene: Scene): string | undefined => scene.core.groups.classic('g')?.state;

describe('OffsetCommit', () => {
  test('without generation to an unknown group makes a simple group', () => {
    const scene = new Scene();
    scene.offsets('tool', 't-0=5 t-1=6 u-0=7');
    expect(scene.lines()).toEqual([
      'log: offset of g t-0 = 5',
      'log: offset of g t-1 = 6',
      'log: offset of g u-0 = 7',
      'tool: t-0 NONE',
      'tool: t-1 NONE',
      'tool: u-0 NONE',
    ]);
    expect(scene.core.groups.classic('g')).toMatchObject({ protocolType: null, state: 'Empty' });
  });

  test.each([
    [9, 'GROUP_ID_NOT_FOUND'],
    [8, 'ILLEGAL_GENERATION'],
  ])('with a generation to an unknown group is refused, in version %i with %s', (version, error) => {
    const scene = new Scene();
    scene.offsets('a', 't-0=5', { generation: 1, member: 'c-1', version });
    expect(scene.lines()).toEqual([`a: failed with ${error}`]);
  });

  test('without generation to an empty group is accepted, whatever the member id', () => {
    const scene = stable(1);
    scene.leave('a', 'c-1');
    scene.lines();
    scene.offsets('tool', 't-0=5', { member: 'whoever' });
    expect(scene.lines()).toEqual(['log: offset of g t-0 = 5', 'tool: t-0 NONE']);
  });

  test.each([
    ['an unknown member', { member: 'c-9', generation: 1 }, 'UNKNOWN_MEMBER_ID'],
    ['an unknown instance', { member: 'i-1', instance: 'nobody', generation: 1 }, 'UNKNOWN_MEMBER_ID'],
    ['a fenced instance', { member: 'old', instance: 'i', generation: 1 }, 'FENCED_INSTANCE_ID'],
    ['another generation', { member: 'i-1', generation: 2 }, 'ILLEGAL_GENERATION'],
    ['a member without generation', { member: 'i-1', generation: -1 }, 'ILLEGAL_GENERATION'],
    ['an instance alone', { instance: 'i', generation: -1 }, 'FENCED_INSTANCE_ID'],
    ['nobody', { generation: -1 }, 'UNKNOWN_MEMBER_ID'],
  ])('to a group with members is refused from %s', (_, options, error) => {
    const scene = stableStatic();
    scene.offsets('a', 't-0=5', options);
    expect(scene.lines()).toEqual([`a: failed with ${error}`]);
  });

  test('of a member before the assignment is there: REBALANCE_IN_PROGRESS', () => {
    const scene = joined(1);
    scene.offsets('a', 't-0=5', { member: 'c-1', generation: 1 });
    expect(scene.lines()).toEqual(['a: failed with REBALANCE_IN_PROGRESS']);
  });

  test('of a dead group: the coordinator has to be found anew', () => {
    const scene = stable(1);
    scene.core.groups.classic('g')?.transitionTo('Dead', 0);
    scene.offsets('a', 't-0=5', { member: 'c-1', generation: 1 });
    expect(scene.lines()).toEqual(['a: failed with COORDINATOR_NOT_AVAILABLE']);
  });

  test('with metadata that is too long fails for that partition alone; UTF-16 units count', () => {
    const scene = new Scene({ offsetMetadataMaxBytes: 4 });
    scene.offsets('a', 't-0=5', { metadata: 'äöüß' });
    scene.offsets('a', 't-1=5', { metadata: 'abcde' });
    expect(scene.lines()).toEqual(['log: offset of g t-0 = 5', 'a: t-0 NONE', 'a: t-1 OFFSET_METADATA_TOO_LARGE']);
  });

  test.each(['Stable', 'PreparingRebalance'])('restarts the session in %s', (which) => {
    const scene = stable(2);
    if (which === 'PreparingRebalance') scene.join('a', { member: 'c-1' });
    scene.pass(SESSION_MS - 1);
    scene.offsets('b', 't-0=5', { member: 'c-2', generation: 1 });
    scene.pass(1);
    expect(scene.core.groups.classic('g')?.members.has('c-2')).toBe(true);
    scene.pass(SESSION_MS);
    expect(scene.core.groups.classic('g')?.members.has('c-2')).toBe(false);
  });

  test('stores leader epoch, metadata, time and topic id, and a retention of its own', () => {
    const scene = new Scene();
    scene.pass(100);
    scene.offsets('a', 't-0=5', { epoch: 3, metadata: 'm' });
    scene.offsets('a', 't-1=6', { version: 2, retentionMs: 1000 });
    const { committed } = scene.core.offsets;
    expect(committed.valueOf(committed.find('g', 't', 0))).toEqual({
      offset: 5,
      leaderEpoch: 3,
      metadata: 'm',
      commitTimestampMs: WALL_START_MS + 100,
      expireTimestampMs: -1,
      topicId: TOPIC_ID,
      recordOffset: 0,
    });
    expect(committed.expireTimestampOf(committed.find('g', 't', 1))).toBe(WALL_START_MS + 1100);
    const after = scene.failover().core.offsets.committed;
    expect(after.valueOf(after.find('g', 't', 0))).toEqual(committed.valueOf(committed.find('g', 't', 0)));
    // Version 1 of the record has neither leader epoch nor topic id.
    expect(after.valueOf(after.find('g', 't', 1))).toMatchObject({
      offset: 6,
      expireTimestampMs: WALL_START_MS + 1100,
      topicId: ZERO_UUID,
    });
  });

  test('is answered when it has committed', () => {
    const scene = new Scene();
    scene.log.holds = true;
    scene.offsets('a', 't-0=5');
    expect(scene.lines()).toEqual(['log: offset of g t-0 = 5', 'a: ...']);
    scene.commit();
    expect(scene.lines()).toEqual(['a: t-0 NONE']);
  });

  test('that the log refuses leaves nothing behind', () => {
    const scene = new Scene();
    scene.offsets('a', 't-0=5');
    scene.log.nextError = 6;
    scene.offsets('a', 't-0=7 t-1=8');
    scene.log.nextError = 6;
    scene.offsets('a', 't-0=9', { group: 'other' });
    expect(scene.lines().slice(2)).toEqual(['a: failed with NOT_COORDINATOR', 'a: failed with NOT_COORDINATOR']);
    scene.fetch('a', 't-0 t-1');
    expect(scene.lines()).toEqual(['a: t-0 5', 'a: t-1 -1']);
    expect(scene.core.groups.get('other')).toBeNull();
  });

  test('checked per partition by its group fails as a whole (KIP-1251)', () => {
    const scene = new Scene();
    scene.offsets('a', 't-0=1');
    const group = scene.core.groups.classic('g');
    if (group === null) throw new Error('no group');
    group.checkCommit = (): CommitVerdict => ({
      errorCode: ErrorCode.NONE,
      partitionCheck: (_topic, _topicId, partition) => (partition === 1 ? ErrorCode.STALE_MEMBER_EPOCH : 0),
    });
    scene.lines();
    scene.offsets('a', 't-0=5 t-1=6');
    scene.offsets('a', 't-1=6', { producer: 7 });
    expect(scene.lines()).toEqual(['a: failed with STALE_MEMBER_EPOCH', 'a: failed with ILLEGAL_GENERATION']);
  });
});

describe('TxnOffsetCommit', () => {
  test('stays pending until its transaction commits', () => {
    const scene = new Scene();
    scene.offsets('a', 't-0=5', { producer: 7 });
    scene.fetch('b', 't-0');
    scene.fetch('c', 't-0', { stable: true });
    scene.endTransaction(7, true);
    scene.fetch('c', 't-0', { stable: true });
    expect(scene.lines()).toEqual([
      'log: offset of g t-0 = 5 by producer 7',
      'a: t-0 NONE',
      'b: t-0 -1',
      'c: t-0 UNSTABLE_OFFSET_COMMIT',
      'log: marker of producer 7',
      'marker: NONE',
      'c: t-0 5',
    ]);
  });

  test('is dropped when its transaction aborts', () => {
    const scene = new Scene();
    scene.offsets('a', 't-0=1');
    scene.offsets('a', 't-0=5', { producer: 7 });
    scene.endTransaction(7, false);
    scene.lines();
    scene.fetch('c', 't-0', { stable: true });
    expect(scene.lines()).toEqual(['c: t-0 1']);
  });

  test('without generation, member and instance is accepted in any state', () => {
    for (const scene of [joined(1), stable(1)]) {
      scene.offsets('a', 't-0=5', { producer: 7 });
      expect(scene.lines().at(-1)).toBe('a: t-0 NONE');
    }
  });

  test('to an unknown group with a generation: ILLEGAL_GENERATION in every version', () => {
    const scene = new Scene();
    scene.offsets('a', 't-0=5', { producer: 7, generation: 1, member: 'c-1', version: 9 });
    expect(scene.lines()).toEqual(['a: failed with ILLEGAL_GENERATION']);
  });

  test('of a member before the assignment is there is accepted', () => {
    const scene = joined(1);
    scene.offsets('a', 't-0=5', { producer: 7, generation: 1, member: 'c-1' });
    expect(scene.lines().at(-1)).toBe('a: t-0 NONE');
  });

  test.each([
    ['an unknown member', { member: 'c-9', generation: 1 }, 'UNKNOWN_MEMBER_ID'],
    ['a fenced instance', { member: 'old', instance: 'i', generation: 1 }, 'FENCED_INSTANCE_ID'],
    ['another generation', { member: 'i-1', generation: 2 }, 'ILLEGAL_GENERATION'],
  ])('from %s is refused', (_, options, error) => {
    const scene = stableStatic();
    scene.offsets('a', 't-0=5', { producer: 7, ...options });
    expect(scene.lines()).toEqual([`a: failed with ${error}`]);
  });

  test('does not restart the session', () => {
    const scene = stable(1);
    scene.pass(SESSION_MS - 1);
    scene.offsets('a', 't-0=5', { producer: 7, member: 'c-1', generation: 1 });
    scene.pass(1);
    expect(state(scene)).toBe('Empty');
  });

  test('of several producers for one partition are pending side by side', () => {
    const scene = new Scene();
    scene.offsets('a', 't-0=5', { producer: 7 });
    scene.offsets('b', 't-0=6', { producer: 8 });
    scene.endTransaction(7, true);
    scene.lines();
    scene.fetch('c', 't-0', { stable: true });
    scene.endTransaction(8, true);
    scene.fetch('c', 't-0', { stable: true });
    expect(scene.lines()).toEqual([
      'c: t-0 UNSTABLE_OFFSET_COMMIT',
      'log: marker of producer 8',
      'marker: NONE',
      'c: t-0 6',
    ]);
  });

  test('keeps what the log refused out of the pending offsets', () => {
    const scene = new Scene();
    scene.log.nextError = 6;
    scene.offsets('a', 't-0=5', { producer: 7 });
    scene.fetch('c', 't-0', { stable: true });
    expect(scene.lines()).toEqual(['a: failed with NOT_COORDINATOR', 'c: t-0 -1']);
  });
});

describe('a commit marker', () => {
  test('does not undo a plain commit that was written after the transactional one', () => {
    const scene = new Scene();
    scene.offsets('a', 't-0=5 t-1=5', { producer: 7 });
    scene.offsets('b', 't-0=3');
    scene.endTransaction(7, true);
    scene.lines();
    scene.fetch('c', 't-0 t-1');
    expect(scene.lines()).toEqual(['c: t-0 3', 'c: t-1 5']);
    const after = scene.failover();
    after.fetch('c', 't-0 t-1');
    expect(after.lines()).toEqual(['c: t-0 3', 'c: t-1 5']);
  });

  test('that the log refuses leaves the offsets pending', () => {
    const scene = new Scene();
    scene.offsets('a', 't-0=5', { producer: 7 });
    scene.lines();
    scene.log.nextError = 6;
    scene.endTransaction(7, true);
    scene.fetch('c', 't-0', { stable: true });
    scene.fetch('c', 't-0');
    scene.endTransaction(7, true);
    scene.fetch('c', 't-0', { stable: true });
    expect(scene.lines()).toEqual([
      'marker: NOT_COORDINATOR',
      'c: t-0 UNSTABLE_OFFSET_COMMIT',
      'c: t-0 -1',
      'log: marker of producer 7',
      'marker: NONE',
      'c: t-0 5',
    ]);
  });

  test('of a producer without pending offsets is written all the same', () => {
    const scene = new Scene();
    scene.endTransaction(7, false);
    expect(scene.lines()).toEqual(['log: marker of producer 7', 'marker: NONE']);
  });

  test('a tombstone drops pending offsets, too', () => {
    const scene = new Scene();
    scene.offsets('a', 't-0=5', { producer: 7 });
    scene.deleteOffsets('tool', 't-0');
    scene.endTransaction(7, true);
    scene.lines();
    scene.fetch('c', 't-0', { stable: true });
    expect(scene.lines()).toEqual(['c: t-0 -1']);
  });
});
