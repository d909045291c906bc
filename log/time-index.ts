/**
 * The sparse time index of one segment: (largest timestamp so far, last offset of the batch that had it), both ascending.
 * Kept and written as the offset index is.
 */
import type { Disk } from './disk';
import { readWholeFile } from './small-file';

const ENTRY_BYTES = 12;
const INITIAL_ENTRIES = 16;

export interface TimestampOffset {
  readonly timestampMs: number;
  readonly offset: number;
}

export class TimeIndex {
  private timestamps: Float64Array;
  private relativeOffsets: Int32Array;
  private count = 0;

  constructor(
    private readonly baseOffset: number,
    private readonly maxEntries: number,
  ) {
    this.timestamps = new Float64Array(INITIAL_ENTRIES);
    this.relativeOffsets = new Int32Array(INITIAL_ENTRIES);
  }

  /** Reads the file; null when it is missing or not an index of this segment, and has to be rebuilt. */
  static load(disk: Disk, path: string, baseOffset: number, maxEntries: number): TimeIndex | null {
    const bytes = readWholeFile(disk, path);
    if (bytes === null || bytes.length % ENTRY_BYTES !== 0) return null;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const index = new TimeIndex(baseOffset, maxEntries);
    for (let at = 0; at < bytes.length; at += ENTRY_BYTES) {
      const timestampMs = view.getInt32(at) * 4294967296 + view.getUint32(at + 4);
      const relativeOffset = view.getInt32(at + 8);
      if (relativeOffset < 0 || (index.count > 0 && timestampMs < index.last.timestampMs)) return null;
      index.push(timestampMs, relativeOffset);
    }
    return index;
  }

  /** One slot stays free for the entry that a roll forces. */
  get isFull(): boolean {
    return this.count >= this.maxEntries - 1;
  }

  get last(): TimestampOffset {
    if (this.count === 0) return { timestampMs: -1, offset: this.baseOffset };
    return this.entry(this.count - 1);
  }

  private entry(slot: number): TimestampOffset {
    return { timestampMs: this.timestamps[slot] ?? -1, offset: this.baseOffset + (this.relativeOffsets[slot] ?? 0) };
  }

  /** Adds an entry if its timestamp is later than the last one's; `force` lets a full index take the final one. */
  maybeAppend(timestampMs: number, offset: number, force = false): boolean {
    if (timestampMs <= this.last.timestampMs) return false;
    if (this.isFull && !force) return false;
    this.push(timestampMs, offset - this.baseOffset);
    return true;
  }

  private push(timestampMs: number, relativeOffset: number): void {
    if (this.count === this.timestamps.length) this.grow();
    this.timestamps[this.count] = timestampMs;
    this.relativeOffsets[this.count] = relativeOffset;
    this.count++;
  }

  private grow(): void {
    const timestamps = new Float64Array(this.count * 2);
    timestamps.set(this.timestamps);
    this.timestamps = timestamps;
    const offsets = new Int32Array(this.count * 2);
    offsets.set(this.relativeOffsets);
    this.relativeOffsets = offsets;
  }

  /** The greatest entry whose timestamp is not above `timestampMs`; the segment's base when there is none. */
  lookup(timestampMs: number): TimestampOffset {
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      if ((this.timestamps[middle] ?? 0) <= timestampMs) low = middle + 1;
      else high = middle - 1;
    }
    return high < 0 ? { timestampMs: -1, offset: this.baseOffset } : this.entry(high);
  }

  /** Between which timestamps the record at `offset` was written, as far as entries tell; -1 before the first, Infinity after the last. */
  around(offset: number): { readonly fromMs: number; readonly toMs: number } {
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      if (this.baseOffset + (this.relativeOffsets[middle] ?? 0) < offset) low = middle + 1;
      else high = middle - 1;
    }
    const at = (slot: number, otherwise: number): number => (slot < 0 || slot >= this.count ? otherwise : (this.timestamps[slot] ?? otherwise));
    return { fromMs: at(high, -1), toMs: at(low, Infinity) };
  }

  /** Drops the entries at or after `offset`. */
  truncateTo(offset: number): void {
    while (this.count > 0 && this.last.offset >= offset) this.count--;
  }

  toBytes(): Uint8Array {
    const bytes = new Uint8Array(this.count * ENTRY_BYTES);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < this.count; i++) {
      const { timestampMs, offset } = this.entry(i);
      view.setInt32(i * ENTRY_BYTES, Math.floor(timestampMs / 4294967296));
      view.setUint32(i * ENTRY_BYTES + 4, ((timestampMs % 4294967296) + 4294967296) % 4294967296);
      view.setInt32(i * ENTRY_BYTES + 8, offset - this.baseOffset);
    }
    return bytes;
  }
}
