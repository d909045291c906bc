/**
 * Walks the batches of a segment's file, reading it in pieces into one scratch buffer.
 *
 * Headers alone are enough to find an offset; a whole batch is read when its records or its checksum are asked for.
 */
import { BATCH_HEADER_BYTES, BatchView, batchSizeAt } from '../wire/record/batch';
import type { DiskFile } from './disk';

const HEADER_PIECE_BYTES = 8 * 1024;

/** Where a batch lies in its file. */
export interface BatchPosition {
  readonly position: number;
  readonly sizeBytes: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly maxTimestampMs: number;
}

/**
 * The first batch at or after `position` that `wanted` accepts, judged by its header; null when there is none before
 * `endPosition`. A header that makes no sense ends the walk: damage is recovery's business.
 */
export function findBatch(
  file: DiskFile,
  position: number,
  endPosition: number,
  wanted: (batch: HeaderView) => boolean,
): BatchPosition | null {
  const piece = new Uint8Array(HEADER_PIECE_BYTES);
  const header = new HeaderView();
  let pieceStart = position;
  let pieceBytes = 0;
  let at = position;
  while (at + BATCH_HEADER_BYTES <= endPosition) {
    if (at < pieceStart || at + BATCH_HEADER_BYTES > pieceStart + pieceBytes) {
      pieceStart = at;
      pieceBytes = file.readSync(at, piece.subarray(0, Math.min(HEADER_PIECE_BYTES, endPosition - at)));
      if (pieceBytes < BATCH_HEADER_BYTES) return null;
    }
    header.moveTo(piece, at - pieceStart);
    const sizeBytes = header.sizeBytes;
    if (sizeBytes < BATCH_HEADER_BYTES || at + sizeBytes > endPosition) return null;
    if (wanted(header)) {
      const { baseOffset, lastOffset, maxTimestampMs } = header;
      return { position: at, sizeBytes, baseOffset, lastOffset, maxTimestampMs };
    }
    at += sizeBytes;
  }
  return null;
}

/** The header of a batch whose records need not be there. */
export class HeaderView {
  private view: DataView = new DataView(new ArrayBuffer(BATCH_HEADER_BYTES));
  private start = 0;
  private bytes: Uint8Array = new Uint8Array(BATCH_HEADER_BYTES);

  moveTo(bytes: Uint8Array, start: number): void {
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    this.start = start;
  }

  get sizeBytes(): number {
    return batchSizeAt(this.bytes, this.start);
  }
  get baseOffset(): number {
    return this.int64(0);
  }
  get lastOffset(): number {
    return this.baseOffset + this.view.getInt32(this.start + 23);
  }
  get maxTimestampMs(): number {
    return this.int64(35);
  }

  private int64(at: number): number {
    return this.view.getInt32(this.start + at) * 4294967296 + this.view.getUint32(this.start + at + 4);
  }
}

/** Reads one whole batch into memory of its own. */
export function readBatch(file: DiskFile, where: BatchPosition): BatchView {
  const bytes = new Uint8Array(where.sizeBytes);
  file.readSync(where.position, bytes);
  return new BatchView(bytes);
}
