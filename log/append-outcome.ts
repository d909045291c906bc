/** Who appends to a log, and what comes of it. */

/** 'replication' brings offsets and epochs along, 'mirror' only offsets: those of another cluster's log. */
export type AppendOrigin = 'client' | 'coordinator' | 'replication' | 'mirror';

export type AppendOutcome =
  | {
      readonly status: 'appended';
      readonly baseOffset: number;
      readonly lastOffset: number;
      readonly maxTimestampMs: number;
      /** flush.messages asks for an fsync before this append is answered. */
      readonly isFlushDue: boolean;
    }
  | { readonly status: 'duplicate'; readonly baseOffset: number; readonly lastOffset: number; readonly timestampMs: number }
  | { readonly status: 'refused'; readonly errorCode: number; readonly message: string };
