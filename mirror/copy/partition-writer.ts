/**
 * The seam between the copying engine and the two ways in which records reach a target: ordinary (their offsets are the
 * target's own) and offset-preserving. The engine fetches, orders, bounds, sends and retries; a writer knows where one
 * partition's copy resumes, what one Produce carries, and what the target's answer means.
 *
 * One writer belongs to one partition of one flow in one process. The engine calls it in this order: `resume` (alone, again
 * after a failure); then `pack` for batches in the order of their offsets, `answered` for parcels in the order in which they
 * were packed; `resume` again when an answer said so, after which every parcel before it is forgotten. A parcel without an
 * answer (a lost connection, a leader that has moved) is sent again as it is, with all that came after it, in order.
 */
import type { RequestInput } from '../../wire/exchange';
import type { FlowPartition, Trouble } from '../flow/flow-partition';
import type { CommittedBatch } from './committed-batches-core';

export type ProducePartition = RequestInput<'Produce'>['topicData'][number]['partitionData'][number];

/** What one Produce request carries for one partition. */
export interface Parcel {
  /** Index, records, and what a mode adds. Stays untouched until the engine has its answer. */
  readonly data: ProducePartition;
  readonly sizeBytes: number;
  /** How many of the batches that `pack` was given are in it; at least 1. */
  readonly batches: number;
  readonly recordsCount: number;
  /** Of the records in it, at the source. */
  readonly firstSourceOffset: number;
  readonly lastSourceOffset: number;
  /** Each offset between them has its record. */
  readonly isContiguous: boolean;
  /** The source offset behind all that it stands for: what to go on with once it is acknowledged. */
  readonly nextSourceOffset: number;
  /** The source's leader epoch of the last batch in it. */
  readonly sourceEpoch: number;
  readonly maxTimestampMs: number;
}

/** The target's answer for one partition; retriable errors are the engine's business and do not come here. */
export interface ProduceAnswer {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  /** -1 where the target does not know (a duplicate that is not among the last five). */
  readonly baseOffset: number;
  readonly logStartOffset: number;
}

export type Verdict =
  /** On the target at these offsets. */
  | { readonly kind: 'acked'; readonly firstTargetOffset: number; readonly lastTargetOffset: number }
  /** What the target holds has to be found out anew: everything unacknowledged is dropped, and `resume` is asked. */
  | { readonly kind: 'resume'; readonly why: string }
  /** The partition stops; it is resumed after a while, in case the cause has passed. */
  | { readonly kind: 'trouble'; readonly trouble: Trouble };

/** From where a partition's copy goes on. */
export interface ResumePoint {
  /** The next source offset to copy. */
  readonly position: number;
  /** The offset of the last record on the target; -1 when there is none. */
  readonly lastTargetOffset: number;
  /** The source's leader epoch of the record before `position`; -1 where that is not known. */
  readonly epoch: number;
}

/** What the source's leader said last; -1 before it has said anything. */
export interface SourceRange {
  readonly logStartOffset: number;
  readonly lastStableOffset: number;
}

export interface PartitionWriter {
  /** The most batches that `pack` makes use of; 64 when it does not say. */
  readonly batchesAtOnce?: number;
  /**
   * Looks at the target, and at the source where it must. Rejects with an ExchangeError or a ServerError when somebody does
   * not answer (asked again after a back-off), with a CopyStopped when it must not go on.
   */
  resume(): Promise<ResumePoint>;
  /** A parcel of the first of `batches`, one at least, and more while they fit into `maxBytes`. Throws a CopyStopped. */
  pack(batches: readonly CommittedBatch[], maxBytes: number, source: SourceRange): Parcel;
  answered(parcel: Parcel, answer: ProduceAnswer): Verdict;
}

/** Makes the writer of one partition. */
export type WriterFactory = (partition: FlowPartition) => PartitionWriter;

/** The copy of a partition cannot go on, for a reason that people must hear of. */
export class CopyStopped extends Error {
  override readonly name = 'CopyStopped';
  constructor(readonly trouble: Trouble) {
    super(trouble.kind === 'refused' ? trouble.message : trouble.kind);
  }
}
