/**
 * The sparse offset index of one segment: (last offset of a batch, position of that batch), strictly ascending.
 *
 * Entries live in typed arrays; the file gets them in one piece when the segment is rolled, closed or flushed, since the
 * segment that is active at a crash is rebuilt from its batches anyway. So its file is never preallocated, and holds
 * exactly Kafka's bytes when the segment is closed.
 */
import type { Disk } from './disk';
import { readWholeFile } from './small-file';

const ENTRY_BYTES = 8;
const INITIAL_ENTRIES = 16;

export class OffsetIndex {
  private relativeOffsets: Int32Array;
  private positions: Int32Array;
  private count = 0;

  constructor(
    private readonly baseOffset: number,
    private readonly maxEntries: number,
  ) {
    this.relativeOffsets = new Int32Array(INITIAL_ENTRIES);
    this.positions = new Int32Array(INITIAL_ENTRIES);
  }

  /** Reads the file; null when it is missing or not an index of this segment, and has to be rebuilt. */
  static load(disk: Disk, path: string, baseOffset: number, maxEntries: number): OffsetIndex | null {
    const bytes = readWholeFile(disk, path);
    if (bytes === null || bytes.length % ENTRY_BYTES !== 0) return null;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const index = new OffsetIndex(baseOffset, maxEntries);
    for (let at = 0; at < bytes.length; at += ENTRY_BYTES) {
      if (!index.push(view.getInt32(at), view.getInt32(at + 4))) return null;
    }
    return index;
  }

  get entries(): number {
    return this.count;
  }

  get isFull(): boolean {
    return this.count >= this.maxEntries;
  }

  get lastOffset(): number {
    return this.count === 0 ? this.baseOffset : this.baseOffset + (this.relativeOffsets[this.count - 1] ?? 0);
  }

  append(offset: number, position: number): void {
    this.push(offset - this.baseOffset, position);
  }

  private push(relativeOffset: number, position: number): boolean {
    if (this.count > 0 && relativeOffset <= (this.relativeOffsets[this.count - 1] ?? -1)) return false;
    if (relativeOffset < 0 || position < 0) return false;
    if (this.count === this.relativeOffsets.length) this.grow();
    this.relativeOffsets[this.count] = relativeOffset;
    this.positions[this.count] = position;
    this.count++;
    return true;
  }

  private grow(): void {
    const size = this.count * 2;
    const offsets = new Int32Array(size);
    offsets.set(this.relativeOffsets);
    this.relativeOffsets = offsets;
    const positions = new Int32Array(size);
    positions.set(this.positions);
    this.positions = positions;
  }

  /** The position from which a scan finds `offset`: that of the greatest entry not above it, or 0. */
  positionFor(offset: number): number {
    const slot = this.slotFor(offset - this.baseOffset);
    return slot < 0 ? 0 : (this.positions[slot] ?? 0);
  }

  /** The offset from which a scan finds what lies at `position`: that of the last entry before it, or the base. */
  offsetBefore(position: number): number {
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      if ((this.positions[middle] ?? 0) < position) low = middle + 1;
      else high = middle - 1;
    }
    return high < 0 ? this.baseOffset : this.baseOffset + (this.relativeOffsets[high] ?? 0);
  }

  private slotFor(relativeOffset: number): number {
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      if ((this.relativeOffsets[middle] ?? 0) <= relativeOffset) low = middle + 1;
      else high = middle - 1;
    }
    return high;
  }

  /** Drops the entries at or after `offset`. */
  truncateTo(offset: number): void {
    this.count = this.slotFor(offset - this.baseOffset - 1) + 1;
  }

  toBytes(): Uint8Array {
    const bytes = new Uint8Array(this.count * ENTRY_BYTES);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < this.count; i++) {
      view.setInt32(i * ENTRY_BYTES, this.relativeOffsets[i] ?? 0);
      view.setInt32(i * ENTRY_BYTES + 4, this.positions[i] ?? 0);
    }
    return bytes;
  }
}
