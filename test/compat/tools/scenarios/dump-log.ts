import type { RunStep, Scenario } from '../scenario';

const dump = (file: string, ...args: readonly string[]): RunStep => ({
  tool: 'kafka-dump-log',
  args: ['--files', `{logs}/${file}`, ...args],
  isOffline: true,
  varies: [
    [/crc: \d+/, 'crc: <crc>'],
    [/producerId: \d+/, 'producerId: <id>'],
    // The times inside a compressed batch decide by a byte how long it is.
    [/(position|size): \d+/g, '$1: <bytes>'],
  ],
});

/** Needs what the console clients' scenarios wrote, after both brokers have stopped in order. */
export const kafkaDumpLog: readonly Scenario[] = [
  {
    name: 'kafka-dump-log reads the files that a broker leaves',
    steps: [
      dump('keyed-0/00000000000000000000.log', '--print-data-log'),
      dump('codecs-0/00000000000000000000.log', '--deep-iteration', '--print-data-log'),
      dump('lines-0/00000000000000000000.log', '--skip-record-metadata', '--print-data-log'),
      dump('codecs-0/00000000000000000000.index'),
      dump('perf-0/00000000000000000000.index', '--index-sanity-check'),
      dump('perf-0/00000000000000000000.timeindex', '--index-sanity-check'),
      dump('codecs-0/00000000000000000000.timeindex'),
      dump('codecs-0/00000000000000000000.timeindex', '--index-sanity-check'),
      dump('grouped-0/00000000000000000005.snapshot'),
    ],
  },
];
