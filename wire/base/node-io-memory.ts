/** Part of the binding (`node-env.ts`): the process's one piece of I/O memory. */
import { discard } from './node-discard';
import { IO_MEMORY_OVERHEAD_BYTES, IoMemory } from './io-memory';

/**
 * What unfinished frames and responses on their way out take from the pool; beyond it they take ordinary buffers. Touched
 * pages stay resident, so this is also what a burst may leave behind.
 */
const POOL_BYTES = 128 * 1024 * 1024;

let shared: IoMemory | undefined;

/**
 * The window that all sockets of this process read into, its checksum and its pool. One for all brokers in the process:
 * callbacks never interleave, and each WebAssembly memory reserves gigabytes of addresses. Made at first use.
 */
export function sharedIoMemory(): IoMemory {
  shared ??= new IoMemory({ sizeBytes: POOL_BYTES + IO_MEMORY_OVERHEAD_BYTES, discard });
  return shared;
}
