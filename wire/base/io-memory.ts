/**
 * The memory that bytes are received into, kept in and checksummed in: one WebAssembly memory, page-aligned, allocated at
 * its maximum and never grown (growing would detach every slice, silently).
 *
 * Layout: 64 KiB work area of the checksum, 64 KiB scratch for bytes that lie elsewhere, 128 KiB carry, 128 KiB receive
 * window, then the pool. What is left of an unfinished frame is put right before the window (into the carry's end), so
 * that the next read lands page-aligned and the frame is whole again in one piece.
 * Pages that nobody has touched cost address space only. Where WebAssembly SIMD is missing, checksums are plain JavaScript.
 */

import { CRC32C_WASM_BASE64 } from '../record/crc32c-wasm';
import { crc32cPortable } from '../record/crc32c';
import type { Crc32c } from './env';
import { invariant } from './invariant';
import { PagePool } from './page-pool';

const WASM_PAGE_BYTES = 65536;
const SCRATCH_START = 65536;
const SCRATCH_BYTES = 65536;
const CARRY_START = SCRATCH_START + SCRATCH_BYTES;
const POOL_PAGE_BYTES = 4096;
/** Below this, bytes elsewhere are faster to sum where they are than to copy. */
const COPY_FROM_BYTES = 64;

export const CARRY_BYTES = 128 * 1024;
export const RECEIVE_WINDOW_BYTES = 128 * 1024;

const POOL_START = CARRY_START + CARRY_BYTES + RECEIVE_WINDOW_BYTES;
const MAX_BYTES = 65535 * WASM_PAGE_BYTES;

/** What a WebAssembly memory needs below its pool; `sizeBytes` minus this is the pool. */
export const IO_MEMORY_OVERHEAD_BYTES = POOL_START;

interface Crc32cModule {
  prepare(): void;
  crc32c(seed: number, address: number, bytes: number): number;
}

/** Compiles at first use and keeps the outcome, which never changes; null where SIMD is missing. */
const compiled: { module?: WebAssembly.Module | null } = {};

function crc32cModule(): WebAssembly.Module | null {
  if (compiled.module === undefined) {
    const binary = new Uint8Array(Buffer.from(CRC32C_WASM_BASE64, 'base64'));
    compiled.module = WebAssembly.validate(binary) ? new WebAssembly.Module(binary) : null;
  }
  return compiled.module;
}

export interface IoMemoryOptions {
  /** The whole memory, rounded up to 64 KiB: the fixed areas and the pool. At most 4 GiB less 64 KiB. */
  readonly sizeBytes: number;
  /** For tests: false sums in plain JavaScript. */
  readonly useSimd?: boolean;
  /** See `PoolMemory`. */
  readonly discard?: (buffer: Uint8Array) => void;
}

export class IoMemory {
  /** CRC-32C: in place when `bytes` lie in this memory, else copied through the scratch in pieces of 64 KiB. */
  readonly crc32c: Crc32c;
  /** Whether checksums run in WebAssembly. */
  readonly usesSimd: boolean;
  /** Where sockets read into; shared by all of them. */
  readonly receiveWindow: Uint8Array;
  /** Carry and window in one piece: the window is its last RECEIVE_WINDOW_BYTES. */
  readonly receiveArea: Uint8Array;
  /** The pool's size. */
  readonly poolBytes: number;
  /** For large buffers beside this memory: see `PoolMemory`. */
  readonly discard: ((buffer: Uint8Array) => void) | undefined;

  private readonly buffer: ArrayBufferLike;
  private readonly scratch: Uint8Array;
  private readonly pool: PagePool;
  private readonly module: Crc32cModule | null;

  constructor(options: IoMemoryOptions) {
    const wasmPages = Math.ceil(Math.max(options.sizeBytes, POOL_START) / WASM_PAGE_BYTES);
    invariant(wasmPages * WASM_PAGE_BYTES <= MAX_BYTES, 'an I/O memory has at most 4 GiB');
    const memory = new WebAssembly.Memory({ initial: wasmPages, maximum: wasmPages });
    this.buffer = memory.buffer;
    this.discard = options.discard;
    this.scratch = new Uint8Array(this.buffer, SCRATCH_START, SCRATCH_BYTES);
    this.receiveArea = new Uint8Array(this.buffer, CARRY_START, CARRY_BYTES + RECEIVE_WINDOW_BYTES);
    this.receiveWindow = new Uint8Array(this.buffer, CARRY_START + CARRY_BYTES, RECEIVE_WINDOW_BYTES);
    this.poolBytes = wasmPages * WASM_PAGE_BYTES - POOL_START;
    this.pool = new PagePool(this.poolBytes / POOL_PAGE_BYTES);
    const code = options.useSimd === false ? null : crc32cModule();
    this.module = code === null ? null : instantiate(code, memory);
    this.usesSimd = this.module !== null;
    this.crc32c = this.module === null ? (bytes) => crc32cPortable(bytes) : (bytes) => this.checksum(bytes);
  }

  /** Bytes of the pool that are not handed out. */
  get freeBytes(): number {
    return this.pool.freePages * POOL_PAGE_BYTES;
  }

  /**
   * A page-aligned slice of exactly `sizeBytes`, with whatever was there before; null when the pool has no such piece left.
   * It is the caller's until `free`.
   */
  allocate(sizeBytes: number): Uint8Array | null {
    const pages = Math.max(1, Math.ceil(sizeBytes / POOL_PAGE_BYTES));
    const first = this.pool.allocate(pages);
    if (first < 0) return null;
    return new Uint8Array(this.buffer, POOL_START + first * POOL_PAGE_BYTES, sizeBytes);
  }

  /**
   * Gives back what `allocate` returned, or a slice of it that starts where it starts. Freeing twice, or what is not from
   * this pool, is an invariant violation.
   */
  free(slice: Uint8Array): void {
    const place = slice.byteOffset - POOL_START;
    invariant(slice.buffer === this.buffer && place >= 0, 'freed a slice that is not from this pool');
    invariant(place % POOL_PAGE_BYTES === 0, 'freed a slice that is not the start of an allocation');
    this.pool.free(place / POOL_PAGE_BYTES);
  }

  /** Whether `bytes` lie in this memory. */
  holds(bytes: Uint8Array): boolean {
    return bytes.buffer === this.buffer;
  }

  private checksum(bytes: Uint8Array): number {
    const module = this.module as Crc32cModule;
    if (bytes.buffer === this.buffer) return module.crc32c(0, bytes.byteOffset, bytes.length) >>> 0;
    if (bytes.length < COPY_FROM_BYTES) return crc32cPortable(bytes);
    if (bytes.length <= SCRATCH_BYTES) {
      this.scratch.set(bytes);
      return module.crc32c(0, SCRATCH_START, bytes.length) >>> 0;
    }
    let crc = 0;
    for (let at = 0; at < bytes.length; at += SCRATCH_BYTES) {
      const piece = bytes.subarray(at, at + SCRATCH_BYTES);
      this.scratch.set(piece);
      crc = module.crc32c(crc, SCRATCH_START, piece.length);
    }
    return crc >>> 0;
  }
}

function instantiate(code: WebAssembly.Module, memory: WebAssembly.Memory): Crc32cModule {
  const module = new WebAssembly.Instance(code, { env: { memory } }).exports as unknown as Crc32cModule;
  module.prepare();
  return module;
}
