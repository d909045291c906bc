/** How far flows are behind, as rows of a table. Pure. */

export interface LagRow {
  readonly flow: string;
  readonly topic: string;
  readonly partition: number;
  /** The next source offset to copy, as it was last stored. */
  readonly position: number;
  /** The end of what may be copied. */
  readonly endOffset: number;
  readonly lagRecords: number;
  /** From the size of the partition and the share of it that is not copied; null when the source does not tell sizes. */
  readonly lagBytes: number | null;
  /** The age of the oldest record that is not copied; null when there is none, or it could not be read. */
  readonly lagSeconds: number | null;
  /** Offsets before the source's start that were never copied. */
  readonly lostRecords: number;
}

export interface PartitionFacts {
  readonly flow: string;
  readonly topic: string;
  readonly partition: number;
  /** null: nothing is stored yet. */
  readonly position: number | null;
  readonly startOffset: number;
  readonly endOffset: number;
  readonly sizeBytes: number | null;
  readonly oldestTimestampMs: number | null;
}

export function lagRow(facts: PartitionFacts, nowMs: number): LagRow {
  const { flow, topic, partition, startOffset, endOffset, sizeBytes, oldestTimestampMs } = facts;
  const position = facts.position ?? startOffset;
  const from = Math.max(position, startOffset);
  const lagRecords = Math.max(0, endOffset - from);
  const span = endOffset - startOffset;
  const share = sizeBytes === null || span <= 0 ? 0 : Math.round((sizeBytes * lagRecords) / span);
  const ageMs = lagRecords === 0 ? 0 : oldestTimestampMs === null ? null : Math.max(0, nowMs - oldestTimestampMs);
  return {
    ...{ flow, topic, partition, position, endOffset, lagRecords },
    lagBytes: sizeBytes === null ? null : share,
    lagSeconds: ageMs === null ? null : Math.round(ageMs / 100) / 10,
    lostRecords: Math.max(0, startOffset - position),
  };
}

/** Farthest behind first. */
export function inOrder(rows: readonly LagRow[]): LagRow[] {
  return [...rows].sort(
    (left, right) =>
      right.lagRecords - left.lagRecords ||
      left.flow.localeCompare(right.flow) ||
      left.topic.localeCompare(right.topic) ||
      left.partition - right.partition,
  );
}

const HEAD = ['FLOW', 'TOPIC', 'PARTITION', 'COPIED TO', 'END', 'LAG', 'BYTES', 'SECONDS', 'LOST'] as const;

/** Lines of equal columns; at most `maxRows` rows, and a line that counts the others. */
export function tableOf(rows: readonly LagRow[], maxRows: number): string[] {
  const shown = rows
    .slice(0, maxRows)
    .map((row) => [
      ...[
        row.flow,
        row.topic,
        String(row.partition),
        String(row.position),
        String(row.endOffset),
        String(row.lagRecords),
      ],
      ...[row.lagBytes === null ? '-' : sizeText(row.lagBytes), row.lagSeconds === null ? '-' : String(row.lagSeconds)],
      row.lostRecords === 0 ? '' : String(row.lostRecords),
    ]);
  const widths = HEAD.map((head, at) => Math.max(head.length, ...shown.map((cells) => cells[at]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (at < 2 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)))
      .join('  ')
      .trimEnd();
  const rest = rows.length - shown.length;
  return [line(HEAD), ...shown.map(line), ...(rest > 0 ? [`and ${rest} more, none of which is farther behind`] : [])];
}

/** One line that sums up a flow. */
export function summaryOf(flow: string, rows: readonly LagRow[], processes: number): string {
  const sum = (pick: (row: LagRow) => number): number => rows.reduce((total, row) => total + pick(row), 0);
  const oldest = Math.max(0, ...rows.map(({ lagSeconds }) => lagSeconds ?? 0));
  const who = processes === 0 ? 'no process runs' : processes === 1 ? '1 process' : `${processes} processes`;
  const lag = `${sum(({ lagRecords }) => lagRecords)} records, ${sizeText(sum(({ lagBytes }) => lagBytes ?? 0))}, ${oldest} s behind`;
  return `${flow}: ${who}, ${rows.length} partitions, ${lag}`;
}

function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(1)} KiB`;
  return bytes < 1024 ** 3 ? `${(bytes / 1024 ** 2).toFixed(1)} MiB` : `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}
