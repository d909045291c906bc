/** Every file that Moldau leaves, as Kafka's own tool reads it: after a clean stop, and after kill -9, a restart and a clean stop. */
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { SimRandom } from '../sim/random';
import { KafkaTools, type ToolResult } from '../support/kafka-tools';
import { type MoldauProcess, startMoldau } from '../support/moldau-process';
import { needs } from '../support/needs';
import { withClient } from './support/client-env';
import { Committer } from './support/committer';
import { Ledger } from './support/ledger';
import { type ChaosProducer, KafkajsProducer, WireProducer } from './support/producers';

const TOPIC = 'dumped';
const PARTITIONS = 3;
const SEGMENT_BYTES = 256 * 1024;
const ACKS = 3000;
const COMPLAINTS = /isvalid: false|Mismatch|Non-consecutive|Found/;
const CLUSTER_METADATA = '__cluster_metadata-';
const GROUP_OFFSETS = '__consumer_offsets-';

needs('kafka')('kafka-dump-log finds nothing wrong', () => {
  let tools: KafkaTools;
  beforeAll(() => {
    tools = new KafkaTools();
  });
  afterAll(() => tools.close());

  test('after a clean stop, and after kill -9, a restart and a clean stop', async () => {
    let broker = await startMoldau();
    try {
      await createTopic(broker.port);
      await produce(broker, 'before', () => broker.stop());
      expect(await complaintsOf(tools, broker.logDir)).toEqual([]);

      broker = await startMoldau({ restartOf: broker });
      await produce(broker, 'after', () => broker.kill());
      broker = await startMoldau({ restartOf: broker });
      await broker.stop();
      expect(await complaintsOf(tools, broker.logDir)).toEqual([]);
    } finally {
      await broker.dispose();
    }
  }, 180_000);
});

async function createTopic(port: number): Promise<void> {
  const configs = { 'internal.segment.bytes': String(SEGMENT_BYTES) };
  await withClient(port, (client) => client.createTopic(TOPIC, PARTITIONS, 1, configs));
}

/** Writes until enough is acked, then ends the broker under the writers. */
async function produce(broker: MoldauProcess, name: string, end: () => Promise<unknown>): Promise<void> {
  const ledger = new Ledger();
  const target = { topic: TOPIC, partitions: PARTITIONS, ledger };
  const random = new SimRandom(name);
  const producers: ChaosProducer[] = [
    new WireProducer(target, { name, acks: 1, random }),
    new WireProducer(target, { name: `${name}-idempotent`, acks: -1, isIdempotent: true, random }),
    new KafkajsProducer(target, `${name}-kafkajs`, random),
  ];
  const committer = new Committer(`${name}-group`, TOPIC);
  const running = await Promise.all([...producers, committer].map((client) => client.start(broker.port)));
  await ledger.ackedMore(ACKS);
  await end();
  await Promise.all(running.map(({ ended }) => ended));
}

/** What the tool says against any file; one line per file that it does not like. */
async function complaintsOf(tools: KafkaTools, logDir: string): Promise<string[]> {
  const complaints: string[] = [];
  const kinds = new Set<string>();
  for (const [file, args] of dumps(logDir)) {
    kinds.add(file.slice(file.lastIndexOf('.')));
    const result = withoutTheStart(file, await tools.run('kafka-dump-log', ['--files', file, ...args]));
    if (hasComplaint(result)) complaints.push(`${file} ${args.join(' ')}: ${result.code} ${result.stderr} ${firstComplaint(result)}`);
  }
  expect([...kinds].sort()).toEqual(['.checkpoint', '.index', '.log', '.snapshot', '.timeindex']);
  return complaints;
}

/**
 * The tool (4.3.1) counts from -1 in every file, and so complains about the first offset of each later segment, of Apache
 * Kafka's own files too. That one gap, from -1 to where the file begins, is taken out; any other stays.
 */
function withoutTheStart(file: string, result: ToolResult): ToolResult {
  const baseOffset = Number(basename(file).split('.')[0]);
  const gap = `  -1 is followed by ${baseOffset}\n`;
  const alone = `Non-consecutive offsets in ${file}\n${gap}`;
  return { ...result, stderr: result.stderr.replace(alone, '') };
}

function hasComplaint({ stdout, stderr, code }: ToolResult): boolean {
  return code !== 0 || stderr !== '' || stdout === '' || COMPLAINTS.test(stdout);
}

function firstComplaint({ stdout }: ToolResult): string {
  return stdout.split('\n').find((line) => COMPLAINTS.test(line)) ?? '';
}

function dumps(logDir: string): [string, readonly string[]][] {
  const folders = readdirSync(logDir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.flatMap(({ name: folder }) =>
    readdirSync(join(logDir, folder)).flatMap((name) => argumentsFor(folder, name).map((args): [string, readonly string[]] => [join(logDir, folder, name), args])),
  );
}

function argumentsFor(folder: string, name: string): readonly (readonly string[])[] {
  if (/\.(index|timeindex)$/.test(name)) return [[], ['--index-sanity-check']];
  if (name.endsWith('.checkpoint')) return [['--cluster-metadata-decoder']];
  if (name.endsWith('.snapshot')) return [[]];
  if (!name.endsWith('.log')) return [];
  if (folder.startsWith(CLUSTER_METADATA)) return [['--deep-iteration', '--cluster-metadata-decoder']];
  if (folder.startsWith(GROUP_OFFSETS)) return [['--deep-iteration', '--offsets-decoder']];
  return [['--deep-iteration']];
}
