/**
 * Records that go from a file to the socket: a range of a segment, held open until it has been sent or given up.
 *
 * Whoever takes a body out of a response releases it exactly once, whether or not it was sent.
 */
import type { DiskError, DiskFile } from '../../log/disk';
import type { PooledFile } from '../../log/file-pool';
import type { RecordsBody } from '../../wire/schema';

export interface FileRangeBody extends RecordsBody {
  readonly file: DiskFile;
  readonly position: number;
  readonly sizeBytes: number;
  /** Probably not in the page cache: reading it synchronously could hold up the loop. */
  readonly isCold: boolean;
  release(): void;
  /** Reading failed: whoever owns the log directory decides what that means for it. */
  failed?(error: DiskError): void;
}

/** A range of a segment's file; the file stays open until the body is released. Throws DiskError. */
export function fileRangeBody(
  segment: PooledFile,
  position: number,
  sizeBytes: number,
  isCold: boolean,
): FileRangeBody {
  const { file, release } = segment.hold();
  return { file, position, sizeBytes, isCold, release };
}

/** Whether a chunk of a response is bytes in memory; else it is a range of a file. Realm-safe. */
export function isBytes(chunk: Uint8Array | RecordsBody): chunk is Uint8Array {
  return ArrayBuffer.isView(chunk);
}
