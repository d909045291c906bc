/**
 * The aborted transactions of one segment, ordered by the offset of their abort marker. The file exists only when there is
 * one. Entries are few, so they are read whole when asked for and appended as they come.
 */
import type { Disk } from './disk';
import { readWholeFile, unlinkIfPresent } from './small-file';

const ENTRY_BYTES = 34;

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
  /** Offset of the abort marker. */
  readonly lastOffset: number;
  readonly lastStableOffset: number;
}

export class TransactionIndex {
  private entries: AbortedTransaction[] | null = null;

  constructor(
    private readonly disk: Disk,
    /** Changes when the partition's directory is renamed. */
    public path: string,
  ) {}

  all(): readonly AbortedTransaction[] {
    return (this.entries ??= this.read());
  }

  private read(): AbortedTransaction[] {
    const bytes = readWholeFile(this.disk, this.path);
    if (bytes === null) return [];
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const int64 = (at: number): number => view.getInt32(at) * 4294967296 + view.getUint32(at + 4);
    const entries: AbortedTransaction[] = [];
    for (let at = 0; at + ENTRY_BYTES <= bytes.length; at += ENTRY_BYTES) {
      entries.push({
        producerId: int64(at + 2),
        firstOffset: int64(at + 10),
        lastOffset: int64(at + 18),
        lastStableOffset: int64(at + 26),
      });
    }
    return entries;
  }

  append(entry: AbortedTransaction): void {
    const entries = (this.entries ??= this.read());
    const file = this.disk.openSync(this.path, 'create');
    try {
      file.writeSync(entries.length * ENTRY_BYTES, [encodeEntry(entry)]);
    } finally {
      file.closeSync();
    }
    entries.push(entry);
  }

  /** Drops the entries whose marker is at or after `offset`. */
  truncateTo(offset: number): void {
    const kept = this.all().filter((entry) => entry.lastOffset < offset);
    if (kept.length === this.all().length) return;
    this.reset();
    for (const entry of kept) this.append(entry);
  }

  reset(): void {
    unlinkIfPresent(this.disk, this.path);
    this.entries = [];
  }
}

function encodeEntry(entry: AbortedTransaction): Uint8Array {
  const bytes = new Uint8Array(ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  const fields = [entry.producerId, entry.firstOffset, entry.lastOffset, entry.lastStableOffset];
  fields.forEach((value, i) => view.setBigInt64(2 + i * 8, BigInt(value)));
  return bytes;
}
