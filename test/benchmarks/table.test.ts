import type { Row } from '../../benchmarks/rows';
import { plainSample, throughputSample } from '../../benchmarks/sample';
import { asMarkdown, tableOf } from '../../benchmarks/table';

const OURS = { name: 'moldau', title: 'Moldau' };
const THEIRS = { name: 'kafka-1024m', title: 'Kafka 1 GB' };
const ROWS: readonly Row[] = [
  { name: 'some-load', title: 'some load', work: { kind: 'start' }, mode: 'acks=1' },
  { name: 'memory', title: 'memory', work: { kind: 'memory' }, mode: 'resident' },
];

function load(target: string, pair: number, megabytes: number) {
  const window = {
    seconds: 2,
    requests: 10,
    records: 100,
    batchBytes: megabytes * 1e6,
    brokerCpuSeconds: 1,
    clientCpuSeconds: 0.5,
    longestStallMs: 7,
  };
  return throughputSample({ line: 'some-load', target, pair }, window, false, 'Produce v13');
}

function cells(table: readonly (readonly string[])[], line: number): Record<string, string> {
  return Object.fromEntries((table[0] ?? []).map((name, i) => [name, table[line]?.[i] ?? '']));
}

describe('the table of a benchmark', () => {
  test('has medians, ranges and ratios within pairs, with rates per second and CPU per gigabyte', () => {
    const samples = [
      load('moldau', 0, 400),
      load(THEIRS.name, 0, 200),
      load('moldau', 1, 100),
      load(THEIRS.name, 1, 200),
    ];
    const table = tableOf(ROWS, samples, OURS, [THEIRS]);
    expect(cells(table, 1)).toMatchObject({
      row: 'some load (Produce v13)',
      mode: 'acks=1',
      unit: 'MB/s',
      against: 'Kafka 1 GB',
      Moldau: '125 (50..200)',
      other: '100 (100..100)',
      ratio: '1.25 (0.50..2.00)',
      'CPU Moldau': '6.25 (2.50..10.00)',
      'CPU ratio': '1.25 (0.50..2.00)',
      'stall other, ms': '7.00 (7.00..7.00)',
      'client busy': '25 %',
    });
  });

  test('pairs halves by their number even where a measurement is missing', () => {
    const samples = [load('moldau', 0, 400), load('moldau', 1, 100), load(THEIRS.name, 1, 200)];
    expect(cells(tableOf(ROWS, samples, OURS, [THEIRS]), 1)['ratio']).toBe('0.50');
  });

  test('gives a row several lines where it has several readings, and none where there is nothing', () => {
    const samples = ['after start', 'after load'].map((moment, i) =>
      plainSample({ line: `memory: ${moment}`, target: 'moldau', pair: 0 }, 50 + i, 'MB'),
    );
    const table = tableOf(ROWS, samples, OURS, []);
    expect(table.slice(1).map(([row]) => row)).toEqual(['memory: after start', 'memory: after load']);
    expect(cells(table, 1)).toMatchObject({ Moldau: '50.0', other: '–', ratio: '–' });
    expect(asMarkdown(table).split('\n')).toHaveLength(table.length + 2);
  });
});
