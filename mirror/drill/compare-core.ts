/**
 * Two logs of one partition, batch by batch, after one of them was promoted: how far they are the same. Pure.
 *
 * `primary` is the old primary, `secondary` the promoted one. Below `promotedAt` the secondary holds what it had copied;
 * everything behind it was written there. Batches come in the order of their offsets, control batches and what was aborted left
 * out. The common history ends at the first offset at which the secondary has something that the primary does not have so, and
 * from `promotedAt` on the other way round, too. What only the primary has below `promotedAt` had expired there before it was
 * copied, or was removed on the secondary since: it is told as a gap and stays.
 */
import type { BatchView } from '../../wire/record/batch';
import { isSameBatch, mayBeCompacted } from '../preserve/batch-identity';

export interface OffsetRange {
  readonly fromOffset: number;
  /** The last one. */
  readonly toOffset: number;
}

/** Puts a range behind those that are there, which it may continue. */
export function addRange(ranges: OffsetRange[], { fromOffset, toOffset }: OffsetRange): void {
  const last = ranges.at(-1);
  if (last !== undefined && last.toOffset + 1 === fromOffset) ranges[ranges.length - 1] = { ...last, toOffset };
  else ranges.push({ fromOffset, toOffset });
}

export class LogComparison {
  /** Where the common history ends; null: not found yet. */
  forkOffset: number | null = null;
  readonly onlyPrimary: OffsetRange[] = [];
  batches = 0;
  records = 0;

  constructor(
    private readonly promotedAt: number,
    private readonly primaryEndOffset: number,
    /** Either side may have removed records by itself. */
    private readonly isCompacted: boolean,
  ) {}

  /**
   * The next batch of each side, null at its end; tells which to move on. Null when the comparison is over.
   */
  step(primary: BatchView | null, secondary: BatchView | null): 'both' | 'primary' | 'secondary' | null {
    if (primary === null) {
      const isBelowEnd = secondary !== null && secondary.baseOffset < this.primaryEndOffset;
      return isBelowEnd ? this.fork(secondary.baseOffset) : null;
    }
    if (secondary === null || primary.baseOffset < secondary.baseOffset) return this.onlyInPrimary(primary, secondary);
    if (secondary.baseOffset < primary.baseOffset) return this.isCompacted ? 'secondary' : this.fork(secondary.baseOffset);
    const isSame = isSameBatch(primary, secondary) || (this.isCompacted && mayBeCompacted(primary, secondary));
    if (!isSame) return this.fork(primary.baseOffset);
    this.batches++;
    this.records += primary.recordsCount;
    return 'both';
  }

  private onlyInPrimary(primary: BatchView, secondary: BatchView | null): 'primary' | null {
    const { baseOffset, lastOffset } = primary;
    // It may reach into what the secondary has otherwise.
    const isSplit = secondary !== null && lastOffset >= secondary.baseOffset;
    if (isSplit || baseOffset >= this.promotedAt) return this.fork(baseOffset);
    addRange(this.onlyPrimary, { fromOffset: baseOffset, toOffset: lastOffset });
    return 'primary';
  }

  private fork(offset: number): null {
    this.forkOffset = offset;
    return null;
  }
}
