/**
 * Where a follower cuts its log when the leader says that their histories part. (KIP-101, KIP-279, KIP-595) Pure.
 *
 * The leader's answer names its largest epoch not above the follower's last one, and where that epoch ends. Each answer takes
 * an epoch or some records off the follower's log, so that asking again comes to an end.
 */

export interface EpochEnd {
  readonly epoch: number;
  readonly endOffset: number;
}

/** The follower's own history. */
export interface EpochHistory {
  /** The largest epoch not above the one asked for and where it ends; -1, -1 when unknown. */
  endOffsetFor(epoch: number, logEndOffset: number): EpochEnd;
}

/**
 * The log's new end: at most its present one, and where the largest epoch that both may have ends in either history. It may
 * lie below the log's start; then nothing of the log is of use.
 */
export function truncationOffset(leader: EpochEnd, own: EpochHistory, logEndOffset: number): number {
  const { epoch, endOffset } = own.endOffsetFor(leader.epoch, logEndOffset);
  const isKnown = epoch >= 0 && endOffset >= 0;
  return Math.min(isKnown ? endOffset : logEndOffset, leader.endOffset, logEndOffset);
}
