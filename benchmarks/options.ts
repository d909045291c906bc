/** The command line of `npm run bench`. */
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Row, rows } from './rows';

/** A Kafka with this heap, or another build of Moldau. */
export type Other = { readonly heapMb: number } | { readonly command: string };

export interface BenchOptions {
  readonly rows: readonly Row[];
  /** What to compare with; nothing for Moldau alone. */
  readonly against: readonly Other[];
  readonly pairs: number;
  readonly warmUpSeconds: number;
  readonly windowSeconds: number;
  readonly isQuick: boolean;
  readonly write: boolean;
  readonly json: string | null;
  readonly profileDir: string | null;
  readonly validation: 'full' | 'header';
  readonly overrides: readonly string[];
  readonly pin: boolean;
  /** Free memory is filled with clean page cache before each start. */
  readonly fillsMemory: boolean;
  readonly dir: string;
}

export const USAGE = `npm run bench -- [options]
  --quick               a smoke test of every row in under 3 minutes: short windows, one pair, one process for all rows
  --rows NAME,..        of: ${rows.map(({ name }) => name).join(' ')}
  --against WHAT,..     kafka-1g, kafka-256m (both by default; quick: kafka-1g), build:FILE for another build of
                        dist/moldau.cjs, or none
  --pairs N             5 (quick: 1)
  --window-seconds N    20 (quick: 2)
  --warm-up-seconds N   10 (quick: 1)
  --write               put the result into docs/benchmarks.md, between its two markers
  --json FILE           every sample, for other programs
  --profile DIR         Moldau writes CPU profiles there; the functions with the most time are printed for each row
  --validation MODE     log.record.validation of Moldau: full (the default) or header
  --override KEY=VALUE  a setting of Moldau; may come several times
  --pin                 broker on core 0, load generator on core 1 (taskset)
  --cold-memory         leave free memory alone; else, unless quick, it is filled with clean page cache before each start
  --dir DIR             where the brokers' directories are made; by default the system's for temporary files
`;

const BUILD_PREFIX = 'build:';
const HEAPS_MB: Readonly<Record<string, number>> = { 'kafka-1g': 1024, 'kafka-256m': 256 };

/** Throws an Error with a line for people when an option makes no sense. */
export function parseOptions(args: readonly string[]): BenchOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      rows: { type: 'string' },
      against: { type: 'string' },
      pairs: { type: 'string' },
      'window-seconds': { type: 'string' },
      'warm-up-seconds': { type: 'string' },
      write: { type: 'boolean', default: false },
      json: { type: 'string' },
      profile: { type: 'string' },
      validation: { type: 'string', default: 'full' },
      override: { type: 'string', multiple: true, default: [] },
      pin: { type: 'boolean', default: false },
      'cold-memory': { type: 'boolean', default: false },
      dir: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const isQuick = values.quick;
  const { validation } = values;
  if (validation !== 'full' && validation !== 'header') throw new Error(`--validation ${validation}: full or header`);
  return {
    rows: selectRows(values.rows),
    against: othersOf(values.against ?? (isQuick ? 'kafka-1g' : 'kafka-1g,kafka-256m')),
    pairs: positive('pairs', values.pairs, isQuick ? 1 : 5),
    windowSeconds: positive('window-seconds', values['window-seconds'], isQuick ? 2 : 20),
    warmUpSeconds: positive('warm-up-seconds', values['warm-up-seconds'], isQuick ? 1 : 10),
    isQuick,
    write: values.write,
    json: values.json ?? null,
    profileDir: values.profile ?? null,
    validation,
    overrides: values.override,
    pin: values.pin,
    fillsMemory: !isQuick && !values['cold-memory'],
    dir: values.dir ?? tmpdir(),
  };
}

function selectRows(names: string | undefined): readonly Row[] {
  if (names === undefined) return rows;
  const wanted = names.split(',');
  const unknown = wanted.filter((name) => !rows.some((row) => row.name === name));
  if (unknown.length > 0) throw new Error(`--rows: no row ${unknown.join(', ')}`);
  return rows.filter(({ name }) => wanted.includes(name));
}

function othersOf(against: string): readonly Other[] {
  if (against === 'none') return [];
  return against.split(',').map((name) => {
    if (name.startsWith(BUILD_PREFIX)) return { command: resolve(name.slice(BUILD_PREFIX.length)) };
    const heapMb = HEAPS_MB[name];
    if (heapMb === undefined)
      throw new Error(`--against ${name}: ${Object.keys(HEAPS_MB).join(', ')}, build:FILE or none`);
    return { heapMb };
  });
}

function positive(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} ${text}: a number above 0`);
  return value;
}
