import { encodeBatch } from '../../../../wire/record/records';
import { createCrc32c } from '../../crc32c';
import { SimViolation } from '../../violation';
import { ClusterGhost } from './cluster-ghost';
import { DiskBatches } from './disk-batches';

describe('what clients of a cluster know', () => {
  const idempotent = { name: 'p', isIdempotent: true };
  const plain = { name: 'q', isIdempotent: false };
  const ghostWith = (...values: string[]): ClusterGhost => {
    const ghost = new ClusterGhost(() => undefined);
    ghost.sending('t-0', idempotent, values);
    return ghost;
  };
  const records = (...values: string[]): { offset: number; value: string }[] => values.map((value, offset) => ({ offset, value }));

  test('acknowledged records stay where they are (I1)', () => {
    const ghost = ghostWith('a', 'b');
    ghost.acked('t-0', 0, ['a']);
    expect(ghost.committedEnd('t-0')).toBe(1);
    ghost.checkWhole('t-0', records('a'));
    ghost.checkWhole('t-0', records('a', 'b'));
    expect(() => ghost.checkWhole('t-0', [])).toThrow(/I1 'a' was known at 0 of t-0, where now is nothing/);
    expect(() => ghost.checkWhole('t-0', records('b', 'a'))).toThrow(SimViolation);
  });

  test('what was read does not change (I9), and nobody wrote what nobody sent', () => {
    const ghost = ghostWith('a', 'b');
    ghost.read('t-0', 0, 'a');
    expect(() => ghost.read('t-0', 0, 'b')).toThrow(/I9 offset 0 of t-0 was 'a' and is 'b'/);
    expect(() => ghost.read('t-0', 1, 'c')).toThrow(/nobody sent/);
    expect(() => ghost.read('t-1', 0, 'a')).toThrow(/nobody sent/);
    ghost.refused(['b']);
    expect(() => ghost.read('t-0', 1, 'b')).toThrow(/was refused/);
  });

  test('idempotent records are stored once and in order (I20), others may come twice', () => {
    const ghost = ghostWith('a', 'b');
    ghost.sending('t-0', plain, ['x']);
    ghost.checkWhole('t-0', records('a', 'x', 'b', 'x'));
    expect(() => ghost.checkWhole('t-0', records('a', 'a'))).toThrow(/I20 .* twice/);
    expect(() => ghost.checkWhole('t-0', records('b', 'a'))).toThrow(/I20 .* after a later record/);
  });

  test('what acks=1 was told may be lost', () => {
    const ghost = ghostWith();
    ghost.sending('t-0', plain, ['x']);
    ghost.told(['x']);
    ghost.checkWhole('t-0', []);
  });

  test('a group is where it committed last, or where it tried to (I27)', () => {
    const ghost = ghostWith();
    ghost.checkCommitted('g', -1);
    ghost.committing('g', 3);
    ghost.commitAcked('g', 3);
    ghost.committing('g', 5);
    ghost.checkCommitted('g', 3);
    ghost.checkCommitted('g', 5);
    expect(() => ghost.checkCommitted('g', -1)).toThrow(/I27/);
    ghost.commitAcked('g', 5);
    expect(() => ghost.checkCommitted('g', 3)).toThrow(/I27/);
  });

  test('batches are read from bytes', () => {
    const bytes = encodeBatch({ records: [{ key: null, value: Buffer.from('a'), timestampMs: 0 }, { key: null, value: Buffer.from('b'), timestampMs: 0 }] }, createCrc32c());
    expect([...DiskBatches.recordsIn(Buffer.concat([bytes, bytes.subarray(0, 40)]))]).toEqual(records('a', 'b'));
  });
});
