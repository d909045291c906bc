/**
 * Buffers for bytes in transit: from the I/O memory as long as it has room, from the heap beyond that. So a full pool makes
 * things slower and never stops them; how much may be in transit is bounded by whoever takes.
 */

/** The pool of `IoMemory`, or a stand-in. */
export interface PoolMemory {
  /** A slice of exactly `sizeBytes`, with whatever was there before; null when there is no such piece left. */
  allocate(sizeBytes: number): Uint8Array | null;
  free(slice: Uint8Array): void;
  /** Whether `bytes` lie in this memory. */
  holds(bytes: Uint8Array): boolean;
  /** Ends a large buffer of the heap at once; nobody looks at it any more. Without it garbage collection does, later. */
  readonly discard?: ((buffer: Uint8Array) => void) | undefined;
}

/**
 * Larger pieces are made when they are needed and go back to the system afterwards. The memory's pages would stay: a few
 * frames of 100 MB would make the process large for good. Of a new piece only what is written to takes memory.
 */
export const MAX_POOLED_BYTES = 4 * 1024 * 1024;

export class BufferPool {
  /** Bytes that are taken and not given back. */
  takenBytes = 0;

  constructor(private readonly memory: PoolMemory) {}

  /** A buffer of `sizeBytes`, with whatever was there before, until `give`. */
  take(sizeBytes: number): Uint8Array {
    this.takenBytes += sizeBytes;
    const pooled = sizeBytes <= MAX_POOLED_BYTES ? this.memory.allocate(sizeBytes) : null;
    return pooled ?? Buffer.allocUnsafeSlow(sizeBytes);
  }

  /** Ends a buffer that `take` returned: the same object. */
  give(buffer: Uint8Array): void {
    this.takenBytes -= buffer.length;
    if (this.memory.holds(buffer)) this.memory.free(buffer);
    else if (buffer.length > MAX_POOLED_BYTES) this.memory.discard?.(buffer);
  }
}

/** No pool at all: everything comes from the heap. */
export const heapMemory: PoolMemory = {
  allocate: () => null,
  free: () => undefined,
  holds: () => false,
};
