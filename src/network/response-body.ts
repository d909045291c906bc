/**
 * Records that go from a file to the socket: a range of a segment, held open until it has been sent or given up.
 *
 * Whoever takes a body out of a response releases it exactly once, whether or not it was sent.
 */
import type { DiskError, DiskFile } from '../../log/disk';
import type { LogSlice } from '../../log/log-reader';
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

/**
 * A range of a segment's file; the file stays open until the body is released. A range that cannot be read takes its log
 * directory offline. Throws LogStorageError.
 */
export function fileRangeBody({ log, segment, position, sizeBytes, isCold }: LogSlice): FileRangeBody {
  const { file, release } = log.guarded(() => segment.file.hold());
  const failed = (error: DiskError): void => void log.directoryState.failed(error);
  return { file, position, sizeBytes, isCold, release, failed };
}

/** Releases every range in a response, or a part of one, that will not be encoded. */
export function releaseRangesIn(part: unknown): void {
  if (typeof part !== 'object' || part === null || ArrayBuffer.isView(part)) return;
  if ('release' in part && typeof part.release === 'function') part.release();
  else for (const value of Object.values(part)) releaseRangesIn(value);
}

/** Whether a chunk of a response is bytes in memory; else it is a range of a file. Realm-safe. */
export function isBytes(chunk: Uint8Array | RecordsBody): chunk is Uint8Array {
  return ArrayBuffer.isView(chunk);
}
