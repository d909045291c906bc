/**
 * What producers at the source know, what the mirror has said of itself, and what must follow at the target (I36): the copy of
 * a partition is its records in order, none missing that no reported gap covers, none that nobody sent, none of a topic that
 * came later under the same name, none twice unless a process of the mirror was killed or paused with a request on its
 * way; with preserved offsets none twice at all, each at its offset. A translated group offset skips nothing. Values tell
 * where they come from.
 */

import { SimViolation, type ReportViolation } from '../../violation';

export interface StoredRecord {
  readonly offset: number;
  readonly value: string;
}

interface Gap {
  readonly from: number;
  readonly to: number;
}

/** One partition of one topic, and of one that was made again another one. */
export interface SourcePartition {
  readonly key: string;
  /** Each acknowledged value at its offset, in order. */
  readonly acked: StoredRecord[];
  /** Sent, acknowledged or not. */
  readonly sent: Set<string>;
}

export class MirrorGhost {
  private readonly partitions = new Map<string, SourcePartition>();
  private readonly gaps = new Map<string, Gap[]>();
  /** A process of the mirror died or slept with requests on their way. */
  mayDouble = false;

  constructor(private readonly report: ReportViolation) {}

  violate(what: string): never {
    const violation = new SimViolation(what);
    this.report(violation);
    throw violation;
  }

  partition(key: string): SourcePartition {
    const known = this.partitions.get(key);
    if (known !== undefined) return known;
    const partition: SourcePartition = { key, acked: [], sent: new Set() };
    this.partitions.set(key, partition);
    return partition;
  }

  /** What the mirror logs of offsets that were gone before they were copied. */
  told(line: string): void {
    const match = /offsets (\d+) to (\d+) of (\S+) of the source were gone/.exec(line);
    if (match === null) return;
    const [, from, last, key = ''] = match;
    this.gaps.set(key, [...(this.gaps.get(key) ?? []), { from: Number(from), to: Number(last) + 1 }]);
  }

  get reportedGaps(): number {
    return this.gaps.size;
  }

  /** The whole copy, in order of offsets. `isWhole`: nothing more is on its way, so that nothing may be missing. */
  checkCopy(key: string, copy: readonly StoredRecord[], mode: { readonly preserve: boolean; readonly isWhole: boolean }): void {
    const { acked, sent } = this.partition(key);
    const offsets = new Map(acked.map(({ offset, value }) => [value, offset]));
    const seen = new Set<string>();
    let newest = -1;
    for (const { offset, value } of copy) {
      const original = offsets.get(value);
      if (original === undefined && !sent.has(value)) this.violate(`I36 the copy of ${key} holds '${value}' at ${offset}, which is not of it`);
      if (mode.preserve && original !== undefined && original !== offset) this.violate(`I36 '${value}' is at ${original} of ${key} and at ${offset} of its copy`);
      if (seen.has(value) && (mode.preserve || !this.mayDouble)) this.violate(`I36 '${value}' is twice in the copy of ${key}`);
      // What comes again comes as a run of what was there; what is new goes on in order. What was told to be missing may come
      // all the same: a source that is killed forgets how far its records had been deleted, as Kafka does.
      if (!seen.has(value) && original !== undefined && original < newest && !this.isInGap(key, original)) this.violate(`I36 '${value}' (${original}) comes after ${newest} in the copy of ${key}`);
      seen.add(value);
      newest = Math.max(newest, original ?? -1);
    }
    if (mode.isWhole) this.checkNothingMissing(key, acked, seen);
  }

  private checkNothingMissing(key: string, acked: readonly StoredRecord[], seen: ReadonlySet<string>): void {
    const missing = acked.find(({ offset, value }) => !seen.has(value) && !this.isInGap(key, offset));
    if (missing !== undefined) this.violate(`I36 '${missing.value}' at ${missing.offset} of ${key} is not in the copy, and no gap was told`);
  }

  private isInGap(key: string, offset: number): boolean {
    return (this.gaps.get(key) ?? []).some(({ from, to }) => from <= offset && offset < to);
  }

  /** Whoever goes on at `translated` of the copy gets every record at or behind `committed` of the source that was copied. */
  checkTranslation(key: string, copy: readonly StoredRecord[], committed: number, translated: number): void {
    const { acked } = this.partition(key);
    const behind = new Set(copy.filter(({ offset }) => offset >= translated).map(({ value }) => value));
    const copied = new Set(copy.map(({ value }) => value));
    const skipped = acked.find(({ offset, value }) => offset >= committed && copied.has(value) && !behind.has(value));
    if (skipped !== undefined) this.violate(`I36 ${committed} of ${key} is ${translated} of its copy, which skips '${skipped.value}' at ${skipped.offset}`);
  }
}
