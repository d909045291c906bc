/**
 * The contract between a coordinator's pure machine (one per partition of the internal topic) and the runtime that drives it.
 * Pure: types only.
 *
 * The machine is told what happened and answers with effects; it never waits, and sees no log, clock or timer. Persistent
 * state changes in `replay` alone, live and on load alike. Soft state, which no record carries, changes within `step`;
 * where it changed ahead of a write, the machine asks to hear of that write and repairs what it did if it failed.
 */

import type { UndoLog } from './undo-log';

/** Names one request until it is answered. */
export type RequestToken = number;
/** Names one write whose fate the machine wants to know; numbered by the machine. */
export type WriteToken = number;

export type MachineInput<Request, Timer> =
  | { readonly kind: 'request'; readonly token: RequestToken; readonly request: Request }
  | { readonly kind: 'timer'; readonly timer: Timer }
  | { readonly kind: 'written'; readonly write: WriteToken }
  /** `errorCode` is what a client may be told. `isStored`: only the wait ran out of time, the records may commit yet. */
  | {
      readonly kind: 'writeFailed';
      readonly write: WriteToken;
      readonly errorCode: number;
      readonly isStored: boolean;
    }
  | { readonly kind: 'loaded' }
  | { readonly kind: 'unloaded' };

export interface TransactionalProducer {
  readonly producerId: number;
  readonly producerEpoch: number;
  /** What the verification of the transaction gave; handed to the log untouched. */
  readonly verificationGuard: unknown;
}

export interface AppendEffect<StoredRecord> {
  readonly kind: 'append';
  readonly records: readonly StoredRecord[];
  /** False when the machine's soft state is already what the records say (classic groups). */
  readonly replay: boolean;
  /** All records in one batch, or none is written. */
  readonly atomic: boolean;
  /** Whose fate comes back as `written` (committed) or `writeFailed`; null when nobody asks. */
  readonly write: WriteToken | null;
  readonly producer: TransactionalProducer | null;
}

export type MachineEffect<Response, Timer, StoredRecord> =
  | AppendEffect<StoredRecord>
  /** Leaves at once. Answering twice is allowed; the second answer goes nowhere. */
  | { readonly kind: 'respond'; readonly token: RequestToken; readonly response: Response }
  /** Leaves when all that was written so far, by this step too, has committed; fails if that fails. */
  | {
      readonly kind: 'respondWhenCommitted';
      readonly token: RequestToken;
      readonly response: Response;
      /** Answer all the same when the wait runs out of time: for views that show soft state anyway. */
      readonly evenIfLate: boolean;
    }
  /** Fails the request, if still open, should what was written so far not commit. */
  | { readonly kind: 'failUnlessCommitted'; readonly token: RequestToken }
  | { readonly kind: 'fail'; readonly token: RequestToken; readonly errorCode: number }
  | { readonly kind: 'startTimer'; readonly key: string; readonly delayMs: number; readonly timer: Timer }
  | { readonly kind: 'cancelTimer'; readonly key: string }
  | { readonly kind: 'log'; readonly level: 'debug' | 'info' | 'warn'; readonly message: string };

export interface ShardMachine<Request, Response, Timer, StoredRecord> {
  /** `nowMs` is wall time: it goes into records; delays are the runtime's business. */
  step(
    input: MachineInput<Request, Timer>,
    nowMs: number,
    effects: MachineEffect<Response, Timer, StoredRecord>[],
  ): void;
  /** `producerId` is -1 outside transactions. `undo` is null on load, when nothing is taken back. */
  replay(record: StoredRecord, offset: number, producerId: number, nowMs: number, undo: UndoLog | null): void;
  replayEndTransactionMarker(producerId: number, committed: boolean, undo: UndoLog | null): void;
}

/** Bytes of stored records. */
export interface RecordCodec<StoredRecord> {
  encode(record: StoredRecord): { readonly key: Uint8Array; readonly value: Uint8Array | null };
  /** Null for a record type that this version does not know; throws a DecodeError for bytes that no version wrote. */
  decode(key: Uint8Array, value: Uint8Array | null): StoredRecord | null;
}

export type ShardState = 'INITIAL' | 'LOADING' | 'ACTIVE' | 'FAILED' | 'CLOSED';

/** How a request ends: exactly one of the two is called, once. */
export interface RequestCallbacks<Response> {
  respond(response: Response): void;
  fail(errorCode: number): void;
}

export interface RuntimeConfig {
  /** offsets.commit.timeout.ms or share.coordinator.write.timeout.ms. */
  readonly writeTimeoutMs: number;
  /** -1: whatever comes in the same turn of the event loop shares a batch. */
  readonly appendLingerMs: number;
  readonly loadBufferBytes: number;
  /** CompressionType of the batches written. */
  readonly compression: number;
}
