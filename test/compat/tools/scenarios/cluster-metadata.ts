import type { RunStep, Scenario } from '../scenario';

/** What the scenarios of three nodes did, as the metadata log has it: the same records on each node of either cluster. */
const dumpMetadata = (node: number): RunStep => ({
  tool: 'kafka-dump-log',
  args: ['--cluster-metadata-decoder', '--files', `{logs-${node}}/__cluster_metadata-0/00000000000000000000.log`],
  isOffline: true,
  varies: [
    [/^\| offset: \d+ .* payload: /, ''],
    [/"directories":\[.*?\]/, '"directories":[<ids>]'],
  ],
  allowed: [
    {
      reason: 'in which batch a record is, and what brokers and leaders do meanwhile, is up to timing',
      pattern: /^(?!\{"type":"(TOPIC|PARTITION|CONFIG|REMOVE_TOPIC)_RECORD")(?!exit)/,
      replacement: null,
    },
    {
      reason: 'kafka-reassign-partitions removes throttles each time it looks, and of offsets the placement and the order of configs is chance',
      pattern: /__consumer_offsets","name"|throttled\.|alter\.log\.dirs|"partitionId":\d,"topicId":"<uuid>","replicas":\[\d,\d,\d\]/,
      replacement: null,
    },
  ],
});

const dumpSnapshot = (node: number): RunStep => {
  const { args, ...rest } = dumpMetadata(node);
  const untilThen = {
    reason: 'the snapshot was taken before the end, some partitions have changed since, and topics come in any order',
    pattern: /"type":"PARTITION_RECORD"|throttled/,
    replacement: null,
  };
  const allowed = [...(rest.allowed ?? []), untilThen];
  return { ...rest, args: [...args.slice(0, -1), `{snapshot-${node}}`], allowed, sortLines: true };
};

/** The shell may look before it has read the whole file, or miss its end and wait: it is asked until it has found `until`. */
const shell = (until: RegExp, ...command: readonly string[]): RunStep => ({
  until,
  timeoutMs: 3_000,
  tool: 'kafka-metadata-shell',
  args: ['--snapshot', '{snapshot-1}', ...command],
  isOffline: true,
  varies: [[/at offset \d+/, 'at offset <n>']],
});

/** Needs what the scenarios of three nodes wrote, after both clusters have stopped in order. */
export const clusterMetadata: readonly Scenario[] = [
  {
    name: 'kafka-dump-log decodes the metadata log',
    steps: [1, 2, 3].map(dumpMetadata),
  },
  {
    name: 'kafka-dump-log decodes a snapshot',
    steps: [1, 2, 3].map(dumpSnapshot),
  },
  {
    name: 'kafka-metadata-shell shows a snapshot',
    steps: [
      shell(/strict/, 'ls', '/image/topics/byName'),
      shell(/brokers/, 'ls', '/image/cluster'),
      shell(/^0$/m, 'ls', '/image/topics/byName/strict'),
      shell(/IV/, 'cat', '/image/features/metadataVersion'),
      shell(/strict/, 'find', '/image/configs'),
    ],
  },
];
