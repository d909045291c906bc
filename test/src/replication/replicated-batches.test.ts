import { replicatedBatches } from '../../../src/replication/replicated-batches';
import { BatchView } from '../../../wire/record/batch';
import { batchOf, crc32c } from '../../log/support/log-bench';

function at(offset: number, leaderEpoch: number, values: readonly string[] = ['a', 'b']): Uint8Array {
  const bytes = batchOf(values);
  const batch = new BatchView(bytes);
  batch.setBaseOffset(offset);
  batch.setPartitionLeaderEpoch(leaderEpoch);
  return bytes;
}

function take(batches: readonly Uint8Array[], logEndOffset: number, more: { maxAppendBytes?: number; cut?: number } = {}) {
  const bytes = Buffer.concat(batches);
  const expected = { logEndOffset, leaderEpoch: 5, maxAppendBytes: more.maxAppendBytes ?? 1_000_000 };
  return replicatedBatches(bytes.subarray(0, bytes.length - (more.cut ?? 0)), expected, crc32c);
}

const sizes = (taken: ReturnType<typeof take>) => (taken.ok ? taken.appends.map(({ length }) => length) : taken.problem);
const one = at(0, 1).length;

describe('what a leader sends', () => {
  test('is taken batch by whole batch, as it is', () => {
    const batches = [at(4, 2), at(6, 5), at(9, 5)];
    const taken = take(batches, 4);
    expect(taken).toMatchObject({ ok: true, baseOffset: 4 });
    expect(taken.ok && Buffer.concat(taken.appends).equals(Buffer.concat(batches))).toBe(true);
  });

  test('ends where a batch is cut short, be it the first', () => {
    expect(sizes(take([at(0, 1), at(2, 1)], 0, { cut: 1 }))).toEqual([one]);
    expect(sizes(take([at(0, 1)], 0, { cut: 1 }))).toEqual([]);
    expect(sizes(take([], 0))).toEqual([]);
  });

  test('ends before a later epoch than the one that was asked in', () => {
    expect(sizes(take([at(0, 5), at(2, 6)], 0))).toEqual([one]);
  });

  test('is cut into appends of a bounded size', () => {
    const batches = [0, 2, 4, 6, 8].map((offset) => at(offset, 1));
    expect(sizes(take(batches, 0, { maxAppendBytes: 2 * one }))).toEqual([2 * one, 2 * one, one]);
    expect(sizes(take(batches.slice(0, 2), 0, { maxAppendBytes: 1 }))).toEqual([one, one]);
  });

  test('may begin in the middle of a batch', () => {
    expect(take([at(4, 1)], 5)).toMatchObject({ ok: true, baseOffset: 4 });
  });

  test.each([
    ['ends below what is there', () => take([at(4, 1)], 6)],
    ['does not ascend', () => take([at(4, 1), at(5, 1)], 4)],
    ['has flipped bits', () => take([at(4, 1).map((byte, i) => (i === 70 ? byte ^ 1 : byte))], 4)],
    ['is no batch', () => take([new Uint8Array(80)], 4)],
    ['is of an older format', () => take([at(4, 1).map((byte, i) => (i === 16 ? 1 : byte))], 4)],
  ])('is refused when it %s', (_, taken) => {
    expect(taken()).toMatchObject({ ok: false });
  });
});
