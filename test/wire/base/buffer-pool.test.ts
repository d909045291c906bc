import { BufferPool, heapMemory } from '../../../wire/base/buffer-pool';
import { discard } from '../../../wire/base/node-discard';
import { IO_MEMORY_OVERHEAD_BYTES, IoMemory } from '../../../wire/base/io-memory';

describe('a buffer pool', () => {
  test('takes from the memory while it has room, and from the heap beyond it', () => {
    const memory = new IoMemory({ sizeBytes: IO_MEMORY_OVERHEAD_BYTES + 256 * 1024 });
    const pool = new BufferPool(memory);
    const taken = Array.from({ length: 10 }, () => pool.take(100 * 1024));
    expect(taken.filter((buffer) => memory.holds(buffer)).length).toBeGreaterThan(0);
    expect(taken.filter((buffer) => !memory.holds(buffer)).length).toBeGreaterThan(0);
    expect(taken.every((buffer) => buffer.length === 100 * 1024)).toBe(true);
    expect(pool.takenBytes).toBe(1000 * 1024);
    const { freeBytes } = memory;
    for (const buffer of taken) pool.give(buffer);
    expect(pool.takenBytes).toBe(0);
    expect(memory.freeBytes).toBeGreaterThan(freeBytes);
  });

  test('takes large buffers from the heap, whatever room there is, and gives their memory back at once', () => {
    const large = 20 * 1024 * 1024;
    const memory = new IoMemory({ sizeBytes: IO_MEMORY_OVERHEAD_BYTES + 2 * large, discard });
    const pool = new BufferPool(memory);
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 50; i++) {
      const buffer = pool.take(large);
      expect(memory.holds(buffer)).toBe(false);
      pool.give(buffer);
      expect(buffer).toHaveLength(0);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 * large);
    expect(pool.takenBytes).toBe(0);
  });

  test('works without any memory', () => {
    const pool = new BufferPool(heapMemory);
    const buffer = pool.take(10);
    expect(buffer).toHaveLength(10);
    pool.give(buffer);
    expect(pool.takenBytes).toBe(0);
  });
});
