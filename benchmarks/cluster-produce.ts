/**
 * What three nodes on one machine take, replicated to all: records of 1 KB, acks=all, topics of three replicas.
 *
 *   node scripts/run-ts.cjs benchmarks/cluster-produce.ts [--batch-kb 16,1024] [--partitions 6] [--connections 2]
 *     [--in-flight 8] [--replicas 3] [--seconds 8] [--profile DIR]
 *
 * One load generator with so many connections to each leader. CPU is that of the three nodes together. All shares the
 * machine's cores: the numbers are for comparing builds on one machine.
 */
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { MoldauCluster } from '../test/support/moldau-cluster';
import { loadWarning } from './environment';
import type { LoadResult, ProduceWork } from './client/work';
import { LoadProcess } from './load-process';
import { Resources } from './resources';

const MB = 1024 * 1024;
const GB = 1e9;
const RECORD_BYTES = 1024;
const WARM_UP_SECONDS = 4;
const PROPERTIES = { 'log.segment.bytes': String(256 * MB), 'log.retention.bytes': String(512 * MB), 'log.retention.check.interval.ms': '2000', 'log.segment.delete.delay.ms': '1000' };

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      'batch-kb': { type: 'string', default: '16,1024' },
      partitions: { type: 'string', default: '6' },
      connections: { type: 'string', default: '2' },
      'in-flight': { type: 'string', default: '8' },
      replicas: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '8' },
      profile: { type: 'string' },
    },
  });
  const warning = loadWarning();
  if (warning !== null) process.stderr.write(`warning: ${warning}\n`);
  if (values.profile !== undefined) mkdirSync(values.profile, { recursive: true });
  const nodeFlags = values.profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', values.profile];
  const resources = new Resources(tmpdir());
  const cluster = await MoldauCluster.start({ properties: PROPERTIES, nodeFlags });
  const load = new LoadProcess(resources, []);
  try {
    for (const batchKb of values['batch-kb'].split(',').map(Number)) {
      const result = await run(cluster, load, Number(values.seconds), {
        kind: 'produce',
        batch: { recordBytes: RECORD_BYTES, batchBytes: batchKb * 1024, compression: 'none' },
        partitions: Number(values.partitions),
        connections: Number(values.connections),
        inFlight: Number(values['in-flight']),
        replicas: Number(values.replicas),
        acks: -1,
      });
      process.stdout.write(`${batchKb} KB batches, ${values.replicas} replicas, acks=all: ${textOf(result)}\n`);
    }
    await load.end();
    const gone = cluster.nodes.filter(({ isRunning }) => !isRunning);
    if (gone.length > 0) throw new Error(`nodes that have ended: ${gone.map(({ id }) => id).join(', ')}`);
    await cluster.stop();
    return 0;
  } finally {
    await tellFailures(cluster);
    await resources.release();
    await cluster.dispose();
  }
}

/** Of nodes that have ended by themselves. */
async function tellFailures({ nodes }: MoldauCluster): Promise<void> {
  for (const { id, child } of nodes) {
    if (child === null || child.isRunning) continue;
    const { code } = await child.exited;
    if (code !== 0) process.stderr.write(`${child.failure(`node ${id}`).message}\n`);
  }
}

function run(cluster: MoldauCluster, load: LoadProcess, windowSeconds: number, work: ProduceWork): Promise<LoadResult> {
  const [first, ...others] = cluster.nodes;
  return load.run({
    host: '127.0.0.1',
    port: first?.port ?? 0,
    brokerPid: first?.pid ?? -1,
    otherPids: others.map(({ pid }) => pid),
    topic: `produce-${work.batch.batchBytes}`,
    topicConfigs: {},
    work,
    warmUpSeconds: WARM_UP_SECONDS,
    windowSeconds,
  });
}

function textOf({ window }: LoadResult): string {
  const { seconds, records, batchBytes, requests, brokerCpuSeconds, longestStallMs } = window;
  const cpu = brokerCpuSeconds === null ? '' : `, ${(brokerCpuSeconds / (batchBytes / GB)).toFixed(2)} CPU-s/GB of all nodes`;
  return `${Math.round(records / seconds)} records/s, ${(batchBytes / seconds / 1e6).toFixed(0)} MB/s, ${Math.round(requests / seconds)} requests/s${cpu}, longest stall ${(longestStallMs ?? 0).toFixed(0)} ms`;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`cluster-produce: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
