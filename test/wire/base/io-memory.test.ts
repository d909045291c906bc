import crc32cOracle from 'crc-32/crc32c';
import { InvariantViolation } from '../../../wire/base/invariant';
import { CARRY_BYTES, IO_MEMORY_OVERHEAD_BYTES, IoMemory, RECEIVE_WINDOW_BYTES } from '../../../wire/base/io-memory';

const MIB = 1024 * 1024;

function oracle(bytes: Uint8Array): number {
  return crc32cOracle.buf(bytes) >>> 0;
}

/** A small generator with a seed, so that a failure repeats. */
function seeded(seed: number): (exclusive: number) => number {
  let state = seed;
  return (exclusive) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * exclusive);
  };
}

function fill(bytes: Uint8Array, below: (exclusive: number) => number): void {
  for (let i = 0; i < bytes.length; i++) bytes[i] = below(256);
}

describe('the checksum', () => {
  const memory = new IoMemory({ sizeBytes: 4 * MIB });
  const area = memory.allocate(2 * MIB) as Uint8Array;
  const elsewhere = new Uint8Array(2 * MIB);
  fill(area, seeded(1));
  elsewhere.set(area);

  test('runs in WebAssembly here', () => {
    expect(memory.usesSimd).toBe(true);
  });

  test('agrees with an independent implementation on every length up to 300 at every alignment within 16', () => {
    for (let at = 0; at < 16; at++) {
      for (let length = 0; length <= 300; length++) {
        const expected = oracle(elsewhere.subarray(at, at + length));
        expect(memory.crc32c(area.subarray(at, at + length))).toBe(expected);
        expect(memory.crc32c(elsewhere.subarray(at, at + length))).toBe(expected);
      }
    }
  });

  test('agrees on the lengths around which the method changes', () => {
    for (const length of [1263, 1264, 1280, 1799, 1800, 1801, 5360, 5376, 5377, 65535, 65536, 65537, 131072, 131073]) {
      for (const at of [0, 1, 15, 4095]) {
        const expected = oracle(elsewhere.subarray(at, at + length));
        expect(memory.crc32c(area.subarray(at, at + length))).toBe(expected);
        expect(memory.crc32c(elsewhere.subarray(at, at + length))).toBe(expected);
      }
    }
  });

  test('agrees on random slices, in this memory and elsewhere', () => {
    const below = seeded(20261124);
    for (let i = 0; i < 400; i++) {
      const at = below(MIB);
      const length = below(i % 10 === 0 ? MIB : 9000);
      const expected = oracle(elsewhere.subarray(at, at + length));
      expect(memory.crc32c(area.subarray(at, at + length))).toBe(expected);
      expect(memory.crc32c(elsewhere.subarray(at, at + length))).toBe(expected);
    }
  });

  test('is the same without SIMD', () => {
    const plain = new IoMemory({ sizeBytes: MIB, useSimd: false });
    expect(plain.usesSimd).toBe(false);
    expect(plain.crc32c(area.subarray(7, 100_000))).toBe(memory.crc32c(area.subarray(7, 100_000)));
  });

  test('of one memory is not disturbed by another', () => {
    const other = new IoMemory({ sizeBytes: MIB });
    const slice = other.allocate(5000) as Uint8Array;
    slice.set(area.subarray(0, 5000));
    expect(memory.crc32c(slice)).toBe(other.crc32c(slice));
    expect(other.holds(slice)).toBe(true);
    expect(memory.holds(slice)).toBe(false);
  });

  test('leaves the receive area and the pool alone', () => {
    const quiet = new IoMemory({ sizeBytes: IO_MEMORY_OVERHEAD_BYTES + MIB });
    const pool = quiet.allocate(quiet.poolBytes) as Uint8Array;
    quiet.receiveArea.fill(7);
    pool.fill(9);
    quiet.crc32c(elsewhere);
    quiet.crc32c(pool);
    expect(quiet.receiveArea.every((byte) => byte === 7)).toBe(true);
    expect(pool.every((byte) => byte === 9)).toBe(true);
  });
});

describe('the memory', () => {
  test('has a page-aligned window right behind its carry', () => {
    const memory = new IoMemory({ sizeBytes: 0 });
    expect(memory.receiveWindow.length).toBe(RECEIVE_WINDOW_BYTES);
    expect(memory.receiveWindow.byteOffset % 4096).toBe(0);
    expect(memory.receiveArea.length).toBe(CARRY_BYTES + RECEIVE_WINDOW_BYTES);
    memory.receiveArea[CARRY_BYTES] = 42;
    expect(memory.receiveWindow[0]).toBe(42);
    expect(memory.poolBytes).toBe(0);
    expect(memory.allocate(1)).toBeNull();
  });

  test('hands out page-aligned slices of the exact size until nothing is left, and takes them back', () => {
    const memory = new IoMemory({ sizeBytes: IO_MEMORY_OVERHEAD_BYTES + MIB });
    expect(memory.freeBytes).toBe(MIB);
    const slices: Uint8Array[] = [];
    for (let slice = memory.allocate(5000); slice !== null; slice = memory.allocate(5000)) slices.push(slice);
    expect(slices).toHaveLength(128);
    expect(slices.every((slice) => slice.length === 5000 && slice.byteOffset % 4096 === 0)).toBe(true);
    expect(memory.freeBytes).toBe(0);
    for (const slice of slices) memory.free(slice.subarray(0, 10));
    expect(memory.freeBytes).toBe(MIB);
    expect(memory.allocate(MIB)?.length).toBe(MIB);
  });

  test('treats a double free and a foreign slice as bugs', () => {
    const memory = new IoMemory({ sizeBytes: MIB });
    const slice = memory.allocate(100) as Uint8Array;
    expect(() => memory.free(slice.subarray(1))).toThrow(InvariantViolation);
    expect(() => memory.free(new Uint8Array(100))).toThrow(InvariantViolation);
    expect(() => memory.free(memory.receiveWindow)).toThrow(InvariantViolation);
    memory.free(slice);
    expect(() => memory.free(slice)).toThrow(InvariantViolation);
  });
});
