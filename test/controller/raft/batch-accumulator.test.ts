import { BatchView } from '../../../wire/record/batch';
import { decodeRecords } from '../../../wire/record/records';
import { InvariantViolation } from '../../../wire/base/invariant';
import {
  BatchAccumulator,
  RecordBatchTooLargeError,
  type FinishedBatch,
} from '../../../controller/raft/batch-accumulator';
import { CommittedCache } from '../../../controller/raft/committed-cache';
import { crc32c } from '../support/test-ports';

function accumulator(maxBatchBytes = 1000): BatchAccumulator {
  return new BatchAccumulator(3, 10, 25, crc32c, maxBatchBytes);
}

function write(target: BatchAccumulator, sizes: readonly number[], urgent = true, nowMs = 0): number[] {
  const { baseOffset, lastOffset } = target.prepare(
    sizes.map((size) => new Uint8Array(size)),
    urgent,
    nowMs,
    5,
  );
  target.schedule();
  return [baseOffset, lastOffset];
}

function shape({ bytes, baseOffset, nextOffset, urgent }: FinishedBatch): string {
  const batch = new BatchView(bytes);
  expect([batch.baseOffset, batch.nextOffset, batch.partitionLeaderEpoch]).toEqual([baseOffset, nextOffset, 3]);
  expect(batch.isCrcValid(crc32c)).toBe(true);
  return `${baseOffset}..${nextOffset - 1}:${decodeRecords(batch).length}${urgent ? ' urgent' : ''}`;
}

describe('the accumulator', () => {
  test('gives offsets in order, and gathers writes into one batch', () => {
    const target = accumulator();
    expect([write(target, [1, 1]), write(target, [1])]).toEqual([
      [10, 11],
      [12, 12],
    ]);
    expect(target.drain().map(shape)).toEqual(['10..12:3 urgent']);
    expect(target.drain()).toEqual([]);
    expect(write(target, [1], false)).toEqual([13, 13]);
    expect(target.drain().map(shape)).toEqual(['13..13:1']);
  });

  test('puts the records of one write into one batch, and begins another when they do not fit', () => {
    const target = accumulator();
    write(target, [400]);
    write(target, [400, 300]);
    expect(target.takeFinished().map(shape)).toEqual(['10..10:1 urgent']);
    expect(target.drain().map(shape)).toEqual(['11..12:2 urgent']);
  });

  test('refuses a write that fits no batch, and gives its offsets to the next', () => {
    const target = accumulator();
    expect(() => write(target, [500, 500])).toThrow(RecordBatchTooLargeError);
    expect(write(target, [1])).toEqual([10, 10]);
  });

  test('makes no batch larger than it may be', () => {
    for (let size = 1; size < 900; size += 7) {
      const target = accumulator();
      write(target, [size]);
      write(target, [Math.min(900 - size, 800)]);
      for (const { bytes } of target.drain()) expect(bytes.length).toBeLessThanOrEqual(1000);
    }
  });

  test('keeps back what is prepared and not scheduled', () => {
    const target = accumulator();
    target.prepare([new Uint8Array(1)], true, 0, 5);
    expect(target.drain()).toEqual([]);
    expect(() => target.prepare([new Uint8Array(1)], true, 0, 5)).toThrow(InvariantViolation);
    target.schedule();
    expect(target.drain().map(shape)).toEqual(['10..10:1 urgent']);
  });

  test('lingers from the first record on', () => {
    const target = accumulator();
    expect(target.lingerDeadlineMs).toBe(Number.POSITIVE_INFINITY);
    write(target, [1], true, 100);
    write(target, [1], true, 110);
    expect(target.lingerDeadlineMs).toBe(125);
    write(target, [980 - 24 - 61], true, 120);
    expect(target.lingerDeadlineMs).toBe(0);
  });
});

describe('the cache of committed batches', () => {
  const batch = (baseOffset: number, size = 10) => ({
    baseOffset,
    nextOffset: baseOffset + 1,
    bytes: new Uint8Array(size),
  });

  test('has a batch by its first offset, once it is committed', () => {
    const cache = new CommittedCache(100);
    cache.add(batch(5));
    cache.add(batch(6));
    expect(cache.batchAt(6, 7)?.baseOffset).toBe(6);
    expect(cache.batchAt(6, 6)).toBeNull();
    cache.dropBelow(6);
    expect(cache.batchAt(5, 9)).toBeNull();
  });

  test('stays within its bytes, and begins anew after a gap', () => {
    const cache = new CommittedCache(25);
    for (const offset of [1, 2, 3]) cache.add(batch(offset));
    expect([1, 2, 3].map((offset) => cache.batchAt(offset, 9) !== null)).toEqual([false, true, true]);
    cache.add(batch(7));
    expect([3, 7].map((offset) => cache.batchAt(offset, 9) !== null)).toEqual([false, true]);
    cache.add(batch(8, 1000));
    expect(cache.batchAt(8, 9)).toBeNull();
  });
});
