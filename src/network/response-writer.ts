/**
 * Sends the responses of one connection.
 *
 * All that is queued when a write begins leaves in one write: small pieces and records from files are put one behind the
 * other in a pooled buffer, large pieces go as they are. One write is under way at a time and carries at most
 * MAX_WRITE_BYTES of file data, so a reader that has stopped costs that much and no more, whatever it has asked for.
 * Invariants: pieces leave in order; a buffer is given back only when the socket is done with it; every range of a file
 * is released once.
 */
import type { DiskError } from '../../log/disk';
import type { BufferPool } from '../../wire/base/buffer-pool';
import type { Connection, Timers } from '../../wire/base/env';
import { invariant } from '../../wire/base/invariant';
import type { FileRangeBody } from './response-body';
import { isBytes } from './response-body';
import type { ResponseChunks } from './request-handler';
import { StagedWrite } from './staged-write';

export const MAX_WRITE_BYTES = 256 * 1024;
/** When so much is on its way to slow readers, each gets smaller pieces. */
const POOL_PRESSURE_BYTES = 64 * 1024 * 1024;
const MAX_WRITE_BYTES_UNDER_PRESSURE = 32 * 1024;
/** What one connection may send before others get their turn. */
const MAX_BYTES_PER_TURN = 512 * 1024;
/** From this size on a piece is not copied. */
const LARGE_PIECE_BYTES = 16 * 1024;

export interface WriterEvents {
  /** Something has been handed to the system, or everything. */
  progressed(sentBytes: number): void;
  /** A file could not be read, or was too short: the stream is broken off in the middle of a response. */
  broken(why: string): void;
}

type Piece = Uint8Array | FileRangeBody;

export class ResponseWriter {
  /** Pieces from `#head` on are to be sent; `#headOffset` bytes of the first one are sent already. */
  #pieces: Piece[] = [];
  #head = 0;
  #headOffset = 0;
  #queuedBytes = 0;
  #fileBytes = 0;
  #isWriting = false;
  #isReading = false;
  #isClosed = false;
  #bytesThisTurn = 0;
  #isTurnPlanned = false;

  constructor(
    private readonly connection: Connection,
    private readonly pool: BufferPool,
    private readonly timers: Timers,
    private readonly events: WriterEvents,
  ) {}

  /** Nothing is queued, and the system has taken all of it. */
  get isIdle(): boolean {
    return this.#queuedBytes === 0 && !this.#isWriting && !this.#isReading;
  }

  /** Bytes in memory that have not been handed on. */
  get queuedMemoryBytes(): number {
    return this.#queuedBytes - this.#fileBytes;
  }

  /** Bytes in files that have not been handed on. */
  get queuedFileBytes(): number {
    return this.#fileBytes;
  }

  /** Queues a response; it leaves with the next `flush`. */
  enqueue(header: Uint8Array, response: ResponseChunks): void {
    if (this.#isClosed) {
      releaseAll(response);
      return;
    }
    this.#add(header);
    for (const chunk of response.chunks) this.#add(isBytes(chunk) ? chunk : (chunk as FileRangeBody));
  }

  /** Begins to send what is queued, unless a write is under way: then the rest follows by itself. */
  flush(): void {
    while (this.#queuedBytes > 0 && !this.#isWriting && !this.#isReading && !this.#isClosed) {
      if (this.#bytesThisTurn >= MAX_BYTES_PER_TURN) return this.#planTurn();
      const first = this.#pieces[this.#head]!;
      if (!isBytes(first) && first.isCold) this.#readCold(first);
      else this.#writeOnce();
    }
  }

  /** Gives everything back. What the socket holds comes back when it lets go. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // The range that is being read is released when the read has ended.
    const from = this.#isReading ? this.#head + 1 : this.#head;
    for (const piece of this.#pieces.slice(from)) if (!isBytes(piece)) piece.release();
    this.#pieces = [];
    this.#queuedBytes = 0;
    this.#fileBytes = 0;
  }

  #add(piece: Piece): void {
    const sizeBytes = isBytes(piece) ? piece.length : piece.sizeBytes;
    if (sizeBytes === 0) {
      if (!isBytes(piece)) piece.release();
      return;
    }
    this.#pieces.push(piece);
    this.#queuedBytes += sizeBytes;
    if (!isBytes(piece)) this.#fileBytes += sizeBytes;
  }

  #limit(): number {
    return this.pool.takenBytes > POOL_PRESSURE_BYTES ? MAX_WRITE_BYTES_UNDER_PRESSURE : MAX_WRITE_BYTES;
  }

  #writeOnce(): void {
    const write = new StagedWrite(this.pool, Math.min(this.#limit(), this.#queuedBytes));
    while (this.#head < this.#pieces.length && write.hasRoom) {
      const piece = this.#pieces[this.#head]!;
      if (!isBytes(piece) && piece.isCold) break;
      const taken = isBytes(piece) ? this.#takeBytes(piece, write) : this.#takeRange(piece, write);
      if (taken === 0) {
        write.giveUp();
        return;
      }
      this.#advance(piece, taken);
    }
    this.#send(write);
  }

  #takeBytes(piece: Uint8Array, write: StagedWrite): number {
    const rest = piece.subarray(this.#headOffset);
    return rest.length >= LARGE_PIECE_BYTES ? write.addWhole(rest) : write.addCopy(rest);
  }

  /** Reads as much of a range as fits; 0 when that failed, which has been told. */
  #takeRange(range: FileRangeBody, write: StagedWrite): number {
    const into = write.room(range.sizeBytes - this.#headOffset);
    try {
      const bytes = range.file.readSync(range.position + this.#headOffset, into);
      if (bytes === into.length) return write.added(bytes);
      this.#break(range, null, `the log ended ${into.length - bytes} bytes too early`);
    } catch (error) {
      this.#break(range, error as DiskError, (error as DiskError).message);
    }
    return 0;
  }

  #readCold(range: FileRangeBody): void {
    this.#isReading = true;
    const sizeBytes = Math.min(this.#limit(), range.sizeBytes - this.#headOffset);
    const write = new StagedWrite(this.pool, sizeBytes);
    range.file.read(range.position + this.#headOffset, write.room(sizeBytes), (error, bytes) => {
      this.#isReading = false;
      if (this.#isClosed || error !== null || bytes < sizeBytes) {
        write.giveUp();
        if (this.#isClosed) range.release();
        else this.#break(range, error, error?.message ?? 'the log ended too early');
        return;
      }
      write.added(bytes);
      this.#advance(range, bytes);
      this.#send(write);
      this.flush();
    });
  }

  #advance(piece: Piece, bytes: number): void {
    this.#queuedBytes -= bytes;
    this.#headOffset += bytes;
    if (!isBytes(piece)) this.#fileBytes -= bytes;
    if (this.#headOffset < (isBytes(piece) ? piece.length : piece.sizeBytes)) return;
    if (!isBytes(piece)) piece.release();
    this.#headOffset = 0;
    this.#head += 1;
    if (this.#head === this.#pieces.length) this.#pieces = [];
    else if (this.#head < 64) return;
    else this.#pieces.splice(0, this.#head);
    this.#head = 0;
  }

  #send(write: StagedWrite): void {
    const chunks = write.chunks();
    const { sizeBytes } = write;
    invariant(sizeBytes > 0, 'a write without bytes');
    this.#isWriting = true;
    this.#bytesThisTurn += sizeBytes;
    this.connection.write(chunks, () => {
      this.#isWriting = false;
      write.giveUp();
      if (this.#isClosed) return;
      if (this.#queuedBytes === 0) this.#bytesThisTurn = 0;
      this.events.progressed(sizeBytes);
      this.flush();
    });
  }

  #planTurn(): void {
    if (this.#isTurnPlanned) return;
    this.#isTurnPlanned = true;
    this.timers.soon(() => {
      this.#isTurnPlanned = false;
      this.#bytesThisTurn = 0;
      this.flush();
    });
  }

  #break(range: FileRangeBody, error: DiskError | null, why: string): void {
    this.close();
    if (error !== null) range.failed?.(error);
    this.events.broken(why);
  }
}

/** For a response that nobody will send. */
export function releaseAll(response: ResponseChunks): void {
  for (const chunk of response.chunks) if (!isBytes(chunk)) (chunk as FileRangeBody).release();
}
