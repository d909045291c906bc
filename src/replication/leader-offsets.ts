/**
 * Where a leader's log ends and starts, for a follower whose offset the leader does not have: asked by ListOffsets, as a
 * replica, in the leader epoch that the follower believes in.
 */
import { ErrorCode, errorName } from '../../wire/base/error-codes';
import { isPeerFailure, type PeerFailure, type PeerLink } from '../../wire/peer-link';
import type { ListOffsetsResponse } from '../../wire/schema/offsets';
import type { PartitionName } from './fetcher-core';

export type LeaderOffsets =
  | { readonly ok: true; readonly startOffset: number; readonly endOffset: number }
  | { readonly ok: false; readonly problem: string };

const LATEST = -1;
const EARLIEST = -2;

export interface OffsetsQuestion extends PartitionName {
  readonly leaderEpoch: number;
}

/** Ends exactly once, never within the call. */
export function askLeaderOffsets(
  link: PeerLink,
  brokerId: number,
  question: OffsetsQuestion,
  done: (found: LeaderOffsets) => void,
): void {
  // A partition may stand in one request only once.
  ask(link, brokerId, question, LATEST, (end) => {
    if (typeof end === 'string') return done({ ok: false, problem: end });
    ask(link, brokerId, question, EARLIEST, (start) => {
      if (typeof start === 'string') done({ ok: false, problem: start });
      else done({ ok: true, startOffset: start, endOffset: end });
    });
  });
}

function ask(
  link: PeerLink,
  brokerId: number,
  { topic, partition, leaderEpoch }: OffsetsQuestion,
  timestamp: number,
  done: (offset: number | string) => void,
): void {
  const partitions = [{ partitionIndex: partition, currentLeaderEpoch: leaderEpoch, timestamp }];
  const request = { replicaId: brokerId, isolationLevel: 0, topics: [{ name: topic, partitions }] };
  link.call('ListOffsets', request, {}, (result) => done(offsetIn(result)));
}

function offsetIn(result: ListOffsetsResponse | PeerFailure): number | string {
  if (isPeerFailure(result)) return result.message;
  const listed = result.topics[0]?.partitions[0];
  if (listed === undefined) return 'ListOffsets was answered without the partition';
  return listed.errorCode === ErrorCode.NONE ? listed.offset : `ListOffsets: ${errorName(listed.errorCode)}`;
}
