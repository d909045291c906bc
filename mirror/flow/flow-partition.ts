/** One partition that a flow copies, and what the parts of a flow tell each other about it. */

export interface FlowPartition {
  readonly sourceTopic: string;
  /** The topic's id (KIP-516): another one under the same name is another topic. */
  readonly sourceTopicId: string;
  readonly partition: number;
  readonly targetTopic: string;
}

/**
 * Records that the target has acknowledged. Both offsets are those of the last record; between `firstSourceOffset` and
 * `lastSourceOffset` each record of the source has its copy, in order. `isContiguous` says that in between source and
 * target offsets run in step: no record is missing there on either side.
 */
export interface Copied {
  readonly partition: FlowPartition;
  readonly firstSourceOffset: number;
  readonly lastSourceOffset: number;
  readonly firstTargetOffset: number;
  readonly lastTargetOffset: number;
  readonly isContiguous: boolean;
  readonly bytes: number;
  readonly records: number;
  /** Of the newest record among them, milliseconds since the epoch. */
  readonly maxTimestampMs: number;
}

/** How far a partition's copy is. -1 where nothing is known yet. */
export interface PartitionLag {
  readonly sourceLogStartOffset: number;
  /** The end of what may be copied: the last stable offset. */
  readonly sourceEndOffset: number;
  /** The next source offset to copy. */
  readonly position: number;
}

/**
 * What has gone wrong with one partition. `gap`: records expired before they were copied, and the copy goes on behind
 * them. The others stop this partition, and only this one, until somebody decides or the cause passes.
 */
export type Trouble =
  | { readonly kind: 'gap'; readonly fromOffset: number; readonly toOffset: number }
  | { readonly kind: 'source-truncated'; readonly position: number; readonly sourceEndOffset: number }
  | { readonly kind: 'source-recreated'; readonly oldTopicId: string; readonly newTopicId: string }
  | { readonly kind: 'source-deleted' }
  | { readonly kind: 'foreign-write'; readonly targetOffset: number; readonly expectedOffset: number }
  | { readonly kind: 'refused'; readonly errorCode: number; readonly message: string };

/** What the copying tells the rest of a flow. Called in order per partition; the callbacks never throw. */
export interface CopyEvents {
  copied(copied: Copied): void;
  lag(partition: FlowPartition, lag: PartitionLag): void;
  trouble(partition: FlowPartition, trouble: Trouble): void;
  recovered(partition: FlowPartition): void;
}
