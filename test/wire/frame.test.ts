import * as fc from 'fast-check';
import { BufferPool, MAX_POOLED_BYTES, heapMemory } from '../../wire/base/buffer-pool';
import type { PoolMemory } from '../../wire/base/buffer-pool';
import { discard } from '../../wire/base/node-discard';
import { IO_MEMORY_OVERHEAD_BYTES, IoMemory } from '../../wire/base/io-memory';
import { FrameError, FrameParser } from '../../wire/frame';
import type { FrameReceiver } from '../../wire/frame';
import { FrameBudget } from '../../wire/frame-budget';

const MAX_FRAME_BYTES = 1024 * 1024;

interface Fixture {
  readonly parser: FrameParser;
  readonly pool: BufferPool;
  readonly budget: FrameBudget;
  readonly frames: string[];
  readonly readable: number[];
  /** Decides whether a frame is taken, after `count` that were. */
  takes: (count: number) => boolean;
}

function fixture(options: { memory?: PoolMemory; budget?: FrameBudget; maxFrameBytes?: number } = {}): Fixture {
  const pool = new BufferPool(options.memory ?? heapMemory);
  const maxFrameBytes = options.maxFrameBytes ?? MAX_FRAME_BYTES;
  const budget = options.budget ?? new FrameBudget(1e9, maxFrameBytes);
  const frames: string[] = [];
  const readable: number[] = [];
  const receiver: FrameReceiver = {
    frame: (frame) => {
      const isTaken = made.takes(frames.length);
      if (isTaken) frames.push(Buffer.from(frame).toString('latin1'));
      return isTaken;
    },
    readable: () => void readable.push(frames.length),
  };
  const parser = new FrameParser({ maxFrameBytes, pool, budget }, receiver);
  const made: Fixture = { parser, pool, budget, frames, readable, takes: () => true };
  return made;
}

function framed(...texts: string[]): Buffer {
  return Buffer.concat(
    texts.flatMap((text) => {
      const size = Buffer.alloc(4);
      size.writeInt32BE(text.length);
      return [size, Buffer.from(text, 'latin1')];
    }),
  );
}

/** Feeds through one window that is overwritten after each call, as the network's is. */
function feed(parser: FrameParser, bytes: Uint8Array, sizes: readonly number[]): void {
  const window = Buffer.alloc(Math.max(...sizes, 1));
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = Math.min(sizes[i % sizes.length]!, bytes.length - at);
    window.set(bytes.subarray(at, at + size));
    parser.feed(window.subarray(0, size));
    window.fill(0xdd);
    at += size;
  }
}

describe('a frame parser', () => {
  test('that are large leave nothing behind, neither memory nor a share of the budget', () => {
    const maxFrameBytes = 12_000_000;
    const { parser, pool, budget, frames } = fixture({ maxFrameBytes, memory: { ...heapMemory, discard } });
    const large = framed('x'.repeat(maxFrameBytes - 1));
    for (let round = 1; round <= 3; round++) {
      feed(parser, large, [65536]);
      expect([frames.length, pool.takenBytes, budget.usedBytes]).toEqual([round, 0, 0]);
    }
    feed(parser, large.subarray(0, 10_000_000), [65536]);
    parser.close();
    expect([pool.takenBytes, budget.usedBytes]).toEqual([0, 0]);
  });

  test('hands on whole frames in place, without a copy', () => {
    const bytes = framed('one', '', 'three');
    const seen: ArrayBufferLike[] = [];
    const receiver: FrameReceiver = { frame: (frame) => seen.push(frame.buffer) > 0, readable: () => undefined };
    const { pool, budget } = fixture();
    new FrameParser({ maxFrameBytes: 100, pool, budget }, receiver).feed(bytes);
    expect(seen).toEqual([bytes.buffer, bytes.buffer, bytes.buffer]);
    expect(pool.takenBytes).toBe(0);
  });

  test('gives the same frames however the bytes are cut, held or not, and keeps nothing', () => {
    const memory = new IoMemory({ sizeBytes: IO_MEMORY_OVERHEAD_BYTES + 1024 * 1024 });
    const freeBytes = memory.freeBytes;
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 60, unit: 'binary-ascii' }), { maxLength: 30 }),
        fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 10 }),
        fc.integer({ min: 1, max: 6 }),
        (texts, sizes, holdEach) => {
          const made = fixture({ memory });
          let offered = 0;
          made.takes = () => ++offered % (holdEach + 1) !== 0;
          const { parser, pool, budget, frames } = made;
          feedWithHolds(parser, framed(...texts), sizes, holdEach);
          expect(frames).toEqual(texts);
          expect(parser.carriedBytes).toBe(0);
          expect([pool.takenBytes, budget.usedBytes]).toEqual([0, 0]);
        },
      ),
      { numRuns: 300 },
    );
    expect(memory.freeBytes).toBe(freeBytes);
  });

  function feedWithHolds(parser: FrameParser, bytes: Uint8Array, sizes: readonly number[], holdEach: number): void {
    const resumeAll = (): void => {
      while (parser.isHeld) parser.resume();
    };
    let fed = 0;
    for (let at = 0; at < bytes.length; fed++) {
      const size = Math.min(sizes[fed % sizes.length]!, bytes.length - at);
      const window = Buffer.from(bytes.subarray(at, at + size));
      parser.feed(window);
      window.fill(0xdd);
      at += size;
      if (fed % holdEach === 0) resumeAll();
    }
    resumeAll();
  }

  test('keeps a refused frame and what follows, and offers it again', () => {
    const made = fixture();
    let refusals = 1;
    made.takes = (count) => count % 2 === 0 || refusals-- <= 0;
    const { parser, frames } = made;
    parser.feed(framed('a', 'b', 'c', 'd', 'e').subarray(0, 23));
    expect(frames).toEqual(['a']);
    expect([parser.isHeld, parser.isReadable, parser.carriedBytes]).toEqual([true, false, 18]);
    parser.feed(framed('e').subarray(3));
    parser.feed(framed('f'));
    expect(frames).toEqual(['a']);
    refusals = 1;
    parser.resume();
    expect([frames, parser.isHeld]).toEqual([['a'], true]);
    parser.resume();
    expect(frames).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect([parser.isHeld, parser.isReadable, parser.carriedBytes]).toEqual([false, true, 0]);
    expect(made.pool.takenBytes).toBe(0);
  });

  test('keeps a refused frame that came in pieces', () => {
    const made = fixture();
    made.takes = () => false;
    feed(made.parser, framed('abcdefgh', 'next'), [5]);
    expect([made.frames, made.parser.isHeld]).toEqual([[], true]);
    made.takes = () => true;
    made.parser.resume();
    expect(made.frames).toEqual(['abcdefgh', 'next']);
    expect(made.pool.takenBytes).toBe(0);
  });

  test.each([
    [-1, 'negative'],
    [-2147483648, 'negative'],
    [MAX_FRAME_BYTES + 1, 'oversized'],
    [2147483647, 'oversized'],
  ])('refuses a size of %d as soon as its four bytes are there', (size, kind) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(size);
    for (const cut of [[4], [1], [3, 1]]) {
      const { parser, pool, budget, frames } = fixture();
      parser.feed(framed('before'));
      let error: unknown;
      try {
        feed(parser, bytes, cut);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(FrameError);
      expect(error).toMatchObject({ kind, sizeBytes: size });
      parser.feed(framed('after'));
      expect(frames).toEqual(['before']);
      expect([pool.takenBytes, budget.usedBytes]).toEqual([0, 0]);
    }
  });

  test('takes memory as bytes arrive, not as sizes announce', () => {
    const { parser, pool, budget } = fixture({ maxFrameBytes: 100 * 1024 * 1024 });
    const size = Buffer.alloc(4);
    size.writeInt32BE(100 * 1024 * 1024);
    parser.feed(size);
    expect(pool.takenBytes).toBeLessThan(100);
    let sent = 4;
    const piece = new Uint8Array(100_000);
    while (sent < 20 * 1024 * 1024) {
      parser.feed(piece);
      sent += piece.length;
      expect(budget.usedBytes).toBeLessThanOrEqual(Math.max(65536, 2 * sent));
      if (sent < MAX_POOLED_BYTES) expect(pool.takenBytes).toBe(budget.usedBytes);
    }
    parser.close();
    expect(pool.takenBytes).toBe(0);
  });

  test('may be closed by the receiver of a frame, whose bytes stay until the call ends', () => {
    const made = fixture();
    made.takes = () => {
      made.parser.close();
      return true;
    };
    feed(made.parser, framed('abc', 'def', 'ghi'), [5]);
    expect(made.frames).toEqual(['abc']);
    expect([made.pool.takenBytes, made.budget.usedBytes]).toEqual([0, 0]);
  });
});

describe('a frame budget', () => {
  const FRAME = 'x'.repeat(1000);

  function contend(count: number, budgetBytes: number): { budget: FrameBudget; made: Fixture[] } {
    const budget = new FrameBudget(budgetBytes, 1004);
    const made = Array.from({ length: count }, () => fixture({ budget, maxFrameBytes: 1004 }));
    return { budget, made };
  }

  test('lets frames wait when it is used up, and all of them end in the order of waiting', () => {
    const { budget, made } = contend(20, 3000);
    const left = made.map(() => framed(FRAME));
    let peak = 0;
    for (let round = 0; round < 1000 && left.some((bytes) => bytes.length > 0); round++) {
      made.forEach(({ parser }, i) => {
        if (!parser.isReadable || left[i]!.length === 0) return;
        parser.feed(left[i]!.subarray(0, 100));
        left[i] = left[i]!.subarray(100);
        peak = Math.max(peak, budget.usedBytes);
      });
    }
    expect(made.every(({ frames }) => frames[0] === FRAME)).toBe(true);
    expect(made.some(({ readable }) => readable.length > 0)).toBe(true);
    expect(peak).toBeLessThanOrEqual(3000 + 20 * 100);
    expect([budget.usedBytes, budget.waiters]).toEqual([0, 0]);
  });

  test('is not stopped for ever by frames that hold it and do not come', () => {
    const { budget, made } = contend(30, 3000);
    const stuck = made.slice(0, 29);
    for (const { parser } of stuck) if (parser.isReadable) parser.feed(framed(FRAME).subarray(0, 100));
    const late = made[29]!;
    let at = 0;
    while (late.parser.isReadable && at < 1004) {
      late.parser.feed(framed(FRAME).subarray(at, at + 100));
      at += 100;
    }
    expect(late.parser.isReadable).toBe(false);
    // Those without progress are closed by their connections; whoever waits is then told.
    for (const { parser } of stuck) parser.close();
    expect(late.parser.isReadable).toBe(true);
    expect(late.readable).toHaveLength(1);
    late.parser.feed(framed(FRAME).subarray(at));
    expect(late.frames).toEqual([FRAME]);
    expect([budget.usedBytes, budget.waiters]).toEqual([0, 0]);
  });

  test('does not hold up small frames that come whole', () => {
    const { made } = contend(5, 1000);
    for (const { parser } of made.slice(0, 4)) parser.feed(framed(FRAME).subarray(0, 900));
    made[4]!.parser.feed(framed('small', 'ones'));
    expect(made[4]!.frames).toEqual(['small', 'ones']);
    expect(made[4]!.parser.isReadable).toBe(true);
  });
});
