/** OffsetDelete, DeleteGroups, expiry and deleted topics. */
import { SLICE_RECORDS, SLICE_ROWS } from '../../../../src/coordinator/group/sweeps';
import { Scene, TOPIC_ID } from './scene';
import { joined, stable } from './stages';

const CHECK_MS = 600_000;
const RETENTION_MS = 10_080 * 60_000;

describe('OffsetDelete', () => {
  test('of an unknown or a dead group: GROUP_ID_NOT_FOUND', () => {
    const scene = stable(1);
    scene.deleteOffsets('tool', 't-0', 'other');
    scene.core.groups.classic('g')?.transitionTo('Dead', 0);
    scene.deleteOffsets('tool', 't-0');
    expect(scene.lines()).toEqual(['tool: failed with GROUP_ID_NOT_FOUND', 'tool: failed with GROUP_ID_NOT_FOUND']);
  });

  test('of a group with members that are no consumers: NON_EMPTY_GROUP', () => {
    const scene = stable(1, { type: 'connect' });
    scene.deleteOffsets('tool', 't-0');
    expect(scene.lines()).toEqual(['tool: failed with NON_EMPTY_GROUP']);
  });

  test('of topics that consumers subscribe to is refused, of others done', () => {
    const scene = stable(1, { protocols: 'range=t' });
    scene.offsets('a', 't-0=1 u-0=2', { member: 'c-1', generation: 1 });
    scene.lines();
    scene.deleteOffsets('tool', 't-0 u-0');
    expect(scene.lines()).toEqual([
      'log: offset of g u-0 gone',
      'tool: t-0 GROUP_SUBSCRIBED_TO_TOPIC',
      'tool: u-0 NONE',
    ]);
  });

  test('of consumers whose subscription cannot be read is refused for every topic', () => {
    const scene = stable(1, { protocols: 'range=garbage', raw: true });
    scene.deleteOffsets('tool', 'u-0');
    expect(scene.lines()).toEqual(['tool: u-0 GROUP_SUBSCRIBED_TO_TOPIC']);
  });

  test('of an empty group is done for every topic, and of what is not there without a record', () => {
    const scene = stable(1, { type: 'connect' });
    scene.offsets('a', 't-0=1', { member: 'c-1', generation: 1 });
    scene.leave('a', 'c-1');
    scene.lines();
    scene.deleteOffsets('tool', 't-0 t-1');
    expect(scene.lines()).toEqual(['log: offset of g t-0 gone', 'tool: t-0 NONE', 'tool: t-1 NONE']);
  });
});

describe('DeleteGroups', () => {
  test('refuses groups with members and groups that are not there', () => {
    const scene = stable(1);
    scene.deleteGroups('tool', 'g', 'other');
    expect(scene.lines()).toEqual(['tool: g NON_EMPTY_GROUP', 'tool: other GROUP_ID_NOT_FOUND']);
  });

  test('writes tombstones of the offsets, pending ones too, and then of the group', () => {
    const scene = new Scene();
    scene.offsets('a', 't-0=1');
    scene.offsets('a', 't-0=2 t-1=2', { producer: 7 });
    scene.lines();
    scene.deleteGroups('tool', 'g');
    expect(scene.lines()).toEqual([
      'log: offset of g t-0 gone',
      'log: offset of g t-1 gone',
      'log: group g gone',
      'tool: g NONE',
    ]);
    expect(scene.core.groups.size).toBe(0);
    expect(scene.failover().core.groups.size).toBe(0);
  });

  test('that the log refuses leaves the group as it was', () => {
    const scene = new Scene();
    scene.offsets('a', 't-0=1', { metadata: 'm' });
    scene.lines();
    scene.log.nextError = 19;
    scene.deleteGroups('tool', 'g');
    scene.fetch('a', 't-0');
    expect(scene.lines()).toEqual(['tool: failed with COORDINATOR_NOT_AVAILABLE', "a: t-0 1 'm'"]);
    expect(scene.core.groups.size).toBe(1);
  });

  test('takes a group with many offsets slice by slice, its own tombstone last', () => {
    const scene = new Scene();
    const count = 2 * SLICE_RECORDS + 5;
    for (let i = 0; i < count; i += 500) {
      const some = Array.from({ length: Math.min(500, count - i) }, (_, j) => `t-${i + j}=1`);
      scene.offsets('a', some.join(' '));
    }
    scene.lines();
    const batchesBefore = scene.log.batches.length;
    scene.deleteGroups('tool', 'g');
    scene.pass(10);
    const lines = scene.lines();
    expect(lines.filter((line) => line.endsWith('gone'))).toHaveLength(count + 1);
    expect(lines.slice(-2)).toEqual(['log: group g gone', 'tool: g NONE']);
    expect(scene.log.batches.length - batchesBefore).toBe(3);
    expect(scene.core.offsets.committed.size).toBe(0);
  });

  test('stops when a member comes between two slices', () => {
    const scene = new Scene();
    const some = (from: number): string => Array.from({ length: 700 }, (_, i) => `t-${from + i}=1`).join(' ');
    scene.offsets('a', some(0));
    scene.offsets('a', some(700));
    scene.lines();
    scene.deleteGroups('tool', 'g');
    scene.join('a', { version: 3 });
    scene.pass(10);
    expect(scene.lines().at(-1)).toBe('tool: g NON_EMPTY_GROUP');
  });

  test('of an old group makes room for a new one of the same name in the same batch', () => {
    const scene = new Scene();
    scene.offsets('a', 't-0=1');
    scene.lines();
    scene.ask('tool', { kind: 'deleteGroups', groupIds: ['g'] }, false);
    scene.join('a', { version: 3 });
    expect(scene.lines()).toEqual([
      'log: offset of g t-0 gone',
      'log: group g gone',
      'log: group g generation 0 - leader - {}',
      'tool: g NONE',
      'a: ...',
    ]);
  });
});

describe('the expiry of offsets', () => {
  test('counts from the commit for a simple group, and removes the group with its last offset', () => {
    const scene = new Scene();
    scene.offsets('a', 't-0=1');
    scene.pass(RETENTION_MS / 2);
    scene.offsets('a', 't-1=1');
    scene.lines();
    scene.pass(RETENTION_MS / 2);
    expect(scene.lines()).toEqual(['log: offset of g t-0 gone']);
    scene.pass(RETENTION_MS / 2);
    expect(scene.lines()).toEqual(['log: offset of g t-1 gone', 'log: group g gone']);
  });

  test('counts from the moment when it became empty for a group that had members', () => {
    const scene = stable(1, { sessionMs: 600_000 });
    scene.offsets('a', 't-0=1', { member: 'c-1', generation: 1 });
    for (let i = 0; i < 2 * RETENTION_MS; i += 500_000) {
      scene.pass(500_000);
      scene.heartbeat('a', 'c-1', 1);
    }
    expect(scene.core.offsets.committed.size).toBe(1);
    scene.leave('a', 'c-1');
    scene.lines();
    scene.pass(RETENTION_MS - 1);
    expect(scene.lines()).toEqual([]);
    scene.pass(CHECK_MS);
    expect(scene.lines()).toEqual(['log: offset of g t-0 gone', 'log: group g gone']);
  });

  test('counts from the commit for an empty group whose record did not say when it became so', () => {
    const scene = new Scene();
    scene.offsets('a', 't-0=1');
    const group = scene.core.groups.classic('g');
    if (group === null) throw new Error('no group');
    group.protocolType = 'consumer';
    group.currentStateTimestampMs = null;
    group.updateSubscribedTopics();
    scene.lines();
    scene.pass(RETENTION_MS + CHECK_MS);
    expect(scene.lines()).toEqual(['log: offset of g t-0 gone', 'log: group g gone']);
  });

  test('in a stable group of consumers takes topics that nobody subscribes to', () => {
    const scene = stable(1, { protocols: 'range=t', sessionMs: 600_000 });
    scene.offsets('a', 't-0=1 u-0=2', { member: 'c-1', generation: 1 });
    scene.lines();
    for (let i = 0; i < RETENTION_MS + CHECK_MS; i += 500_000) {
      scene.pass(500_000);
      scene.heartbeat('a', 'c-1', 1);
    }
    expect(scene.lines().filter((line) => line.startsWith('log'))).toEqual(['log: offset of g u-0 gone']);
  });

  test.each([
    ['whose subscription cannot be read', { raw: true, protocols: 'range=garbage' }],
    ['that are no consumers', { type: 'connect' }],
  ])('never takes those of members %s', (_, options) => {
    const scene = stable(1, { ...options, sessionMs: 600_000 });
    scene.offsets('a', 'u-0=2', { member: 'c-1', generation: 1 });
    for (let i = 0; i < RETENTION_MS + CHECK_MS; i += 500_000) {
      scene.pass(500_000);
      scene.heartbeat('a', 'c-1', 1);
    }
    expect(scene.core.offsets.committed.size).toBe(1);
  });

  test('never takes those of a group that is gathering members', () => {
    const scene = stable(2, { protocols: 'range=t', sessionMs: 1_800_000, rebalanceMs: 2_000_000_000 });
    scene.offsets('a', 'u-0=2', { member: 'c-1', generation: 1, version: 2, retentionMs: 1 });
    scene.join('a', { member: 'c-1', rebalanceMs: 2_000_000_000, sessionMs: 1_800_000 });
    scene.pass(CHECK_MS);
    expect(scene.core.groups.classic('g')?.state).toBe('PreparingRebalance');
    expect(scene.core.offsets.committed.size).toBe(1);
  });

  test('takes an offset with a retention of its own when that is over', () => {
    const scene = new Scene();
    scene.offsets('a', 't-0=1', { version: 2, retentionMs: CHECK_MS });
    scene.offsets('a', 't-1=1', { version: 2, retentionMs: CHECK_MS + 1 });
    scene.lines();
    scene.pass(CHECK_MS);
    expect(scene.lines()).toEqual(['log: offset of g t-0 gone']);
  });

  test('keeps what an open transaction touches, and the group with it', () => {
    const scene = new Scene();
    scene.offsets('a', 't-0=1');
    scene.offsets('a', 't-0=2', { producer: 7 });
    scene.offsets('b', 't-0=2', { producer: 7, group: 'pending only' });
    scene.lines();
    scene.pass(RETENTION_MS + CHECK_MS);
    expect(scene.lines()).toEqual([]);
    scene.endTransaction(7, false);
    scene.pass(CHECK_MS);
    expect(scene.lines().slice(2).sort()).toEqual([
      'log: group g gone',
      'log: group pending only gone',
      'log: offset of g t-0 gone',
    ]);
  });

  test('removes an empty group without offsets at the first run', () => {
    const scene = new Scene();
    scene.join('a');
    scene.pass(CHECK_MS - 1);
    scene.lines();
    scene.pass(1);
    expect(scene.lines()).toEqual(['log: group g gone']);
  });

  test('comes round again when it could not be written', () => {
    const scene = new Scene();
    scene.offsets('a', 't-0=1', { version: 2, retentionMs: 1 });
    scene.lines();
    scene.log.nextError = 19;
    scene.pass(CHECK_MS);
    expect(scene.lines()).toEqual([]);
    scene.pass(CHECK_MS);
    expect(scene.lines()).toEqual(['log: offset of g t-0 gone', 'log: group g gone']);
  });

  test('goes through many offsets in slices', () => {
    const scene = new Scene();
    const count = SLICE_ROWS + 500;
    for (let i = 0; i < count; i += 500) {
      const some = Array.from({ length: 500 }, (_, j) => `t-${i + j}=1`).join(' ');
      scene.offsets('a', some, i % 5000 === 0 ? { version: 2, retentionMs: 1 } : {});
    }
    scene.lines();
    scene.pass(CHECK_MS + 100);
    expect(scene.lines().filter((line) => line.endsWith('gone'))).toHaveLength(1500);
    expect(scene.core.offsets.committed.size).toBe(count - 1500);
  });
});

describe('a deleted topic', () => {
  test('takes its offsets along, committed and pending, of every group', () => {
    const scene = new Scene();
    scene.offsets('a', 't-0=1 u-0=1');
    scene.offsets('a', 't-1=1', { group: 'h' });
    scene.offsets('a', 't-2=2', { producer: 7, group: 'p' });
    scene.lines();
    scene.topicDeleted('metadata', 't', TOPIC_ID);
    expect(scene.lines()).toEqual([
      'log: offset of p t-2 gone',
      'log: offset of g t-0 gone',
      'log: offset of h t-1 gone',
      'metadata: 3 offsets went',
    ]);
  });

  test('leaves alone what was stored under the id of another topic of that name', () => {
    const scene = new Scene();
    scene.offsets('a', 't-0=1', { topicId: 'BBBBBBBBBBBBBBBBBBBBBA' });
    scene.offsets('a', 't-1=1', { topicId: 'AAAAAAAAAAAAAAAAAAAAAA' });
    scene.lines();
    scene.topicDeleted('metadata', 't', TOPIC_ID);
    expect(scene.lines()).toEqual(['log: offset of g t-1 gone', 'metadata: 1 offsets went']);
  });

  test('nobody had offsets of costs no record', () => {
    const scene = joined(1);
    scene.topicDeleted('metadata', 't', TOPIC_ID);
    expect(scene.lines()).toEqual(['metadata: 0 offsets went']);
  });
});
