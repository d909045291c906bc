/** Samples become lines: Moldau beside each of the others, medians with ranges, ratios within pairs. Pure. */
import type { Row } from './rows';
import type { Sample } from './sample';
import { formatSummary, pairRatios, summarize } from './statistics';

export interface NamedTarget {
  readonly name: string;
  readonly title: string;
}

const HEADER = [
  'row',
  'mode',
  'unit',
  'against',
  'Moldau',
  'other',
  'ratio',
  'CPU Moldau',
  'CPU other',
  'CPU ratio',
  'stall Moldau, ms',
  'stall other, ms',
  'client busy',
];

/** The header, then a line for each row and each of the others; without any one for each row. */
export function tableOf(
  rows: readonly Row[],
  samples: readonly Sample[],
  ours: NamedTarget,
  theirs: readonly NamedTarget[],
): string[][] {
  const against: readonly (NamedTarget | null)[] = theirs.length === 0 ? [null] : theirs;
  const lines = rows.flatMap((row) =>
    lineNames(row, samples).flatMap((line) => against.map((other) => lineOf(row, line, samples, ours, other))),
  );
  return [HEADER, ...lines];
}

/** A row may have several lines, named after it. */
function lineNames(row: Row, samples: readonly Sample[]): string[] {
  const names = samples.map(({ line }) => line).filter((line) => line === row.name || line.startsWith(`${row.name}: `));
  return [...new Set(names)];
}

function lineOf(
  row: Row,
  line: string,
  samples: readonly Sample[],
  ours: NamedTarget,
  other: NamedTarget | null,
): string[] {
  const of = (target: NamedTarget | null): Sample[] =>
    target === null ? [] : samples.filter((sample) => sample.line === line && sample.target === target.name);
  const [mine, yours] = [of(ours), of(other)];
  const [first] = [...mine, ...yours];
  const text = (from: readonly Sample[], field: (sample: Sample) => number | null): string =>
    formatSummary(summarize(from.map(field).filter((value) => value !== null)));
  const ratio = (field: (sample: Sample) => number | null): string =>
    formatSummary(summarize(pairRatios(byPair(mine, field), byPair(yours, field))));
  const note = first?.note ?? '';
  const busy = Math.max(...[...mine, ...yours].map(({ clientBusy }) => clientBusy ?? 0));
  return [
    `${row.title}${line.slice(row.name.length)}${note === '' ? '' : ` (${note})`}`,
    row.mode,
    first?.unit ?? '',
    other?.title ?? '–',
    text(mine, ({ value }) => value),
    text(yours, ({ value }) => value),
    ratio(({ value }) => value),
    text(mine, ({ cpu }) => cpu),
    text(yours, ({ cpu }) => cpu),
    ratio(({ cpu }) => cpu),
    text(mine, ({ stallMs }) => stallMs),
    text(yours, ({ stallMs }) => stallMs),
    busy > 0 ? `${(busy * 100).toFixed(0)} %` : '–',
  ];
}

/** Values at the index of their pair; null where a measurement failed. */
function byPair(samples: readonly Sample[], field: (sample: Sample) => number | null): (number | null)[] {
  const values: (number | null)[] = [];
  for (const sample of samples) {
    while (values.length <= sample.pair) values.push(null);
    values[sample.pair] = field(sample);
  }
  return values;
}

export function asText(table: readonly (readonly string[])[]): string {
  const widths = HEADER.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  const pad = (line: readonly string[]): string =>
    line
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return `${table.map(pad).join('\n')}\n`;
}

export function asMarkdown(table: readonly (readonly string[])[]): string {
  const [header = [], ...lines] = table;
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return row(header) + row(header.map(() => '---')) + lines.map(row).join('');
}
