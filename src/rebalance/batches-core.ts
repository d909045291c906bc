/** A plan in portions: so many partitions at a time are copied, and so many bytes. */
import type { Move } from './plan-core';

export interface BatchLimits {
  readonly maxPartitions: number;
  /** A single partition may have more. */
  readonly maxBytes: number;
}

export function batchesOf(moves: readonly Move[], { maxPartitions, maxBytes }: BatchLimits): readonly (readonly Move[])[] {
  const batches: Move[][] = [];
  let bytes = 0;
  for (const move of moves) {
    const last = batches.at(-1);
    if (last === undefined || last.length >= maxPartitions || bytes + move.bytes > maxBytes) {
      batches.push([move]);
      bytes = move.bytes;
    } else {
      last.push(move);
      bytes += move.bytes;
    }
  }
  return batches;
}

/** How long the rest of a portion must be waited for, so that on average no more than `throttle` bytes go in a second. */
export function pauseMs(copiedBytes: number, elapsedMs: number, throttle: number | null): number {
  if (throttle === null) return 0;
  return Math.max(0, (copiedBytes / throttle) * 1000 - elapsedMs);
}
