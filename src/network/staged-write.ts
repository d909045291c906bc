/**
 * One write in the making: runs of bytes that were put into one pooled buffer, and large pieces between them as they are.
 */
import type { BufferPool } from '../../wire/base/buffer-pool';

/** Pieces of a write: beyond, it is cheaper to write twice. */
const MAX_CHUNKS = 256;

export class StagedWrite {
  readonly #pool: BufferPool;
  readonly #maxBytes: number;
  #staging: Uint8Array | null = null;
  #filled = 0;
  /** Where in the staging the run begins that no chunk has yet. */
  #runStart = 0;
  #wholeBytes = 0;
  readonly #chunks: Uint8Array[] = [];

  /** `maxBytes` bounds what is put into the pooled buffer; pieces that go as they are take no memory of ours. */
  constructor(pool: BufferPool, maxBytes: number) {
    this.#pool = pool;
    this.#maxBytes = maxBytes;
  }

  get sizeBytes(): number {
    return this.#filled + this.#wholeBytes;
  }

  get hasRoom(): boolean {
    return this.#filled < this.#maxBytes && this.#chunks.length < MAX_CHUNKS;
  }

  /** Copies as much of `bytes` as fits, and says how much. */
  addCopy(bytes: Uint8Array): number {
    const into = this.room(bytes.length);
    into.set(bytes.subarray(0, into.length));
    return this.added(into.length);
  }

  /** Adds `bytes` as they are; they must stay untouched until the write has ended. */
  addWhole(bytes: Uint8Array): number {
    this.#endRun();
    this.#chunks.push(bytes);
    this.#wholeBytes += bytes.length;
    return bytes.length;
  }

  /** Where up to `wanted` bytes may be put, to be confirmed by `added`. */
  room(wanted: number): Uint8Array {
    this.#staging ??= this.#pool.take(this.#maxBytes);
    const left = this.#maxBytes - this.#filled;
    return this.#staging.subarray(this.#filled, this.#filled + Math.min(wanted, left));
  }

  added(bytes: number): number {
    this.#filled += bytes;
    return bytes;
  }

  chunks(): readonly Uint8Array[] {
    this.#endRun();
    return this.#chunks;
  }

  /** The write has ended, or will not be. */
  giveUp(): void {
    if (this.#staging !== null) this.#pool.give(this.#staging);
    this.#staging = null;
  }

  #endRun(): void {
    if (this.#filled > this.#runStart) this.#chunks.push(this.#staging!.subarray(this.#runStart, this.#filled));
    this.#runStart = this.#filled;
  }
}
