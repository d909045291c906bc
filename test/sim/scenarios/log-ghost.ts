/**
 * What a partition's log may hold after a crash, as nobody in the world can see it.
 *
 * `now` is what the log holds by its own word. Before a truncation the content is kept aside, since until the truncation is
 * durable a loss of power may bring it back; while a call runs, what it would lead to is kept as `next`.
 */

export interface GhostRecord {
  readonly value: string;
  readonly epoch: number;
  /** -1 for none. */
  readonly producerId: number;
  readonly sequence: number;
}

/** An offset that has no record: a mirror left it out, as its source's log does. */
export const GAP: GhostRecord = { value: '(nothing)', epoch: -1, producerId: -2, sequence: -1 };

export type GhostContent = readonly GhostRecord[];

export interface Recovered {
  readonly startOffset: number;
  /** What is at each offset from startOffset on. */
  readonly records: GhostContent;
}

export class LogGhost {
  now: GhostContent = [];
  /** What the call that is running leads to; null between calls. */
  next: GhostContent | null = null;
  startOffset = 0;
  /** No recovery may find the log starting past this. */
  nextStartOffset = 0;
  /** A checkpoint holds it: no recovery may find the log starting before this. */
  durableStartOffset = 0;
  /** Everything below is flushed, by the log's word. */
  flushedOffset = 0;
  private former: GhostContent[] = [];

  appending(records: GhostContent): void {
    this.next = [...this.now, ...records];
  }

  truncating(offset: number): void {
    this.next = this.now.slice(0, offset);
  }

  /** The sequence that the producer's next record has; -1 when its last one may be below the log's start, out of sight. */
  nextSequence(producerId: number): number {
    for (let i = this.now.length - 1; i >= 0; i--) {
      if (this.now[i]!.producerId === producerId) return i < this.startOffset ? -1 : this.now[i]!.sequence + 1;
    }
    return this.startOffset === 0 ? 0 : -1;
  }

  /** The call has returned. */
  done(): void {
    if (this.next === null) return;
    if (this.next.length < this.now.length) {
      this.former.push(this.now);
      this.flushedOffset = Math.min(this.flushedOffset, this.next.length);
    }
    this.now = this.next;
    this.next = null;
  }

  /** The call has thrown: nothing has changed. */
  refused(): void {
    this.next = null;
  }

  /** What a new life found is what there is. */
  adopt(recovered: Recovered): void {
    const end = recovered.startOffset + recovered.records.length;
    const match = this.candidates(true).find((content) => isPrefix(recovered, content)) ?? this.now;
    this.now = [...match.slice(0, recovered.startOffset), ...recovered.records];
    this.next = null;
    this.former = [];
    this.startOffset = recovered.startOffset;
    this.nextStartOffset = recovered.startOffset;
    this.durableStartOffset = Math.min(this.durableStartOffset, recovered.startOffset);
    this.flushedOffset = end;
  }

  /** Why this cannot be what is left after the process ended, or null. `lostCache`: the power went, or a sync had failed. */
  objection(recovered: Recovered, lostCache: boolean): string | null {
    const end = recovered.startOffset + recovered.records.length;
    if (recovered.startOffset > Math.max(this.startOffset, this.nextStartOffset)) {
      return `the log starts at ${recovered.startOffset}, but it was never moved past ${this.nextStartOffset}`;
    }
    const least = lostCache ? Math.min(this.flushedOffset, this.next?.length ?? Infinity) : this.leastKept();
    if (end < least) return `the log ends at ${end}, but ${least} ${lostCache ? 'was flushed' : 'was written'}`;
    const candidates = this.candidates(lostCache);
    if (candidates.some((content) => isPrefix(recovered, content))) return null;
    return `what is there is no state that the log was ever in:\n${describe(recovered)}\nexpected a part of\n${candidates.map((content) => describe({ startOffset: 0, records: content })).join('\nor\n')}`;
  }

  private leastKept(): number {
    return Math.min(this.now.length, this.next?.length ?? Infinity);
  }

  private candidates(lostCache: boolean): readonly GhostContent[] {
    return [this.now, ...(this.next === null ? [] : [this.next]), ...(lostCache ? this.former : [])];
  }
}

function isPrefix({ startOffset, records }: Recovered, content: GhostContent): boolean {
  if (startOffset + records.length > content.length) return false;
  return records.every((record, index) => {
    const expected = content[startOffset + index];
    return expected !== undefined && expected.value === record.value && expected.epoch === record.epoch;
  });
}

/** Runs of one epoch, with the first and last value. */
function describe({ startOffset, records }: Recovered): string {
  const runs: string[] = [];
  let from = 0;
  for (let i = 1; i <= records.length; i++) {
    if (i < records.length && records[i]!.epoch === records[from]!.epoch) continue;
    runs.push(`[${startOffset + from}..${startOffset + i - 1}] epoch ${records[from]!.epoch} ${records[from]!.value.slice(0, 12)}..${records[i - 1]!.value.slice(0, 12)}`);
    from = i;
  }
  return runs.join(' ');
}
