/**
 * The receipt of a failback: for each partition what the old primary has that the promoted cluster has not, and the other way
 * round, by offsets. It says what was compared, and nothing that was not. Pure.
 */
import { addRange, type OffsetRange } from './compare-core';

export interface ExportedTail {
  /** A segment file of Kafka's, relative to the receipt. */
  readonly file: string;
  readonly bytes: number;
  readonly batches: number;
  readonly records: number;
}

export interface PartitionReceipt {
  readonly topic: string;
  readonly partition: number;
  /** The secondary's end when it was promoted: what lies from there on was written to it. */
  readonly promotedAt: number;
  readonly primary: { readonly logStartOffset: number; readonly logEndOffset: number };
  readonly secondary: { readonly logStartOffset: number; readonly logEndOffset: number };
  /** What was compared, batch by batch, and found the same. */
  readonly same: { readonly fromOffset: number; readonly batches: number; readonly records: number };
  /** Where the common history ends: the primary's log goes on from here with what the secondary has. */
  readonly forkOffset: number;
  /** Offsets of records that only the primary has, from the fork on; they are exported, and cut off. */
  readonly lost: readonly OffsetRange[];
  readonly lostRecords: number;
  /** Offsets from the fork on under which both have a record, and not the same one. */
  readonly diverged: readonly OffsetRange[];
  /** Offsets of the primary below the fork that the secondary does not have; they stay. */
  readonly gaps: readonly OffsetRange[];
  /** Offsets of copied records that the primary itself had lost, and gets back. */
  readonly restored: readonly OffsetRange[];
  readonly exported: ExportedTail | null;
}

export interface Receipt {
  readonly from: string;
  readonly to: string;
  readonly createdMs: number;
  /** A mirror keeps offsets and appends each once: no record is there twice because of it. What producers sent again is not looked for. */
  readonly duplicatedByTheMirror: 0;
  readonly partitions: readonly PartitionReceipt[];
}

/** What two lists of ascending ranges have in common. */
export function overlaps(one: readonly OffsetRange[], other: readonly OffsetRange[]): OffsetRange[] {
  const found: OffsetRange[] = [];
  for (let i = 0, j = 0; i < one.length && j < other.length; ) {
    const a = one[i]!;
    const b = other[j]!;
    const fromOffset = Math.max(a.fromOffset, b.fromOffset);
    const toOffset = Math.min(a.toOffset, b.toOffset);
    if (fromOffset <= toOffset) addRange(found, { fromOffset, toOffset });
    if (a.toOffset < b.toOffset) i++;
    else j++;
  }
  return found;
}

export function receiptText(receipt: Receipt): string {
  const { from, to, partitions } = receipt;
  const lines = [`Failback from ${from} to ${to}`, ''];
  let lost = 0;
  for (const each of partitions) {
    const { topic, partition, forkOffset, same, lostRecords, exported } = each;
    lost += lostRecords;
    lines.push(`${topic}-${partition}: the same up to ${forkOffset} (${same.records} records in ${same.batches} batches compared, from ${same.fromOffset})`);
    const say = (what: string, ranges: readonly OffsetRange[]): void => {
      if (ranges.length > 0) lines.push(`  ${what}: ${ranges.map(({ fromOffset, toOffset }) => `${fromOffset}..${toOffset}`).join(', ')}`);
    };
    say(`lost, only ${to} had them (${lostRecords} records)`, each.lost);
    say(`diverged, ${from} has other records there`, each.diverged);
    say(`only ${to} has them, they stay`, each.gaps);
    say(`${to} had lost them, ${from} gives them back`, each.restored);
    if (exported !== null) lines.push(`  exported: ${exported.file} (${exported.records} records, ${exported.bytes} bytes)`);
  }
  lines.push('', `${partitions.length} partitions, ${lost} records of ${to} that ${from} never had. The mirror doubled nothing; what producers sent again is not looked for.`);
  return `${lines.join('\n')}\n`;
}
