/**
 * Moldau's mirror beside MirrorMaker 2 in the same run: the same records from the same source to the same target, into topics
 * of their own, in turn. Records a second, CPU seconds for a gigabyte, memory.
 *
 *   node scripts/run-ts.cjs benchmarks/mirror.ts [--brokers moldau|kafka] [--shapes 1r,4k,16k,1m] [--megabytes 256]
 *     [--pairs 3] [--against mm2|none] [--heap 1024] [--set KEY=VALUE] [--profile DIR]
 *
 * shapes: how the source's records of 1 KB come in batches; `1r` is one record a batch, `100b` one of 100 bytes. Time and CPU
 * count from the first record on the target to the last, so starting a process is not in them. Bar: at least 5 times less CPU
 * for a gigabyte than MirrorMaker 2. Exit code 1 when it is missed.
 */
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { createNodeBaseEnv } from '../wire/base/node-env';
import { ClusterClient } from '../wire/cluster-client';
import { silentLogger } from '../src/observe/silent-logger';
import { prepareBatch, type BatchShape } from './client/payload';
import { loadWarning } from './environment';
import { startEngine, type EngineName } from './mirror/engines';
import { cpuSeconds, processMemory } from './process-stat';
import { Resources } from './resources';
import { kafkaTarget } from './targets/kafka-target';
import { moldauTarget } from './targets/moldau-target';
import { HOST, type RunningTarget, type Target } from './targets/target';

const SHAPES: Readonly<Record<string, BatchShape>> = {
  '100b': { recordBytes: 100, batchBytes: 1, compression: 'none' },
  '1r': { recordBytes: 1024, batchBytes: 1, compression: 'none' },
  '4k': { recordBytes: 1024, batchBytes: 4 * 1024, compression: 'none' },
  '16k': { recordBytes: 1024, batchBytes: 16 * 1024, compression: 'none' },
  '16k-lz4': { recordBytes: 1024, batchBytes: 16 * 1024, compression: 'lz4' },
  '1m': { recordBytes: 1024, batchBytes: 1024 * 1024 - 64, compression: 'none' },
};
const PARTITIONS = 12;
const BAR = 5;
const POLL_MS = 20;
const TIMEOUT_MS = 600_000;
const env = createNodeBaseEnv({ logger: silentLogger });

interface Result {
  readonly recordsPerSecond: number;
  readonly mbPerSecond: number;
  readonly cpuPerGb: number;
  readonly peakMb: number;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      brokers: { type: 'string', default: 'moldau' },
      shapes: { type: 'string', default: '1r,16k,1m' },
      megabytes: { type: 'string', default: '256' },
      pairs: { type: 'string', default: '3' },
      against: { type: 'string', default: 'mm2' },
      heap: { type: 'string', default: '1024' },
      set: { type: 'string', multiple: true, default: [] },
      profile: { type: 'string' },
    },
  });
  const warning = loadWarning();
  if (warning !== null) process.stderr.write(`warning: ${warning}\n`);
  const resources = new Resources(tmpdir());
  const engines: EngineName[] = values.against === 'none' ? ['moldau'] : ['moldau', 'mm2'];
  const broker =
    values.brokers === 'kafka'
      ? kafkaTarget(resources, 1024)
      : moldauTarget(resources, { validation: 'full', overrides: [] });
  let isHeld = true;
  try {
    for (const name of values.shapes.split(',')) {
      const shape = SHAPES[name];
      if (shape === undefined) throw new Error(`--shapes ${name}: ${Object.keys(SHAPES).join(', ')}`);
      const run = new Comparison(resources, broker, shape, Number(values.megabytes) * 1e6);
      const { heap, set: settings, profile } = values;
      const results = await run.all(engines, Number(values.pairs), {
        heapMb: Number(heap),
        settings,
        profileDir: profile ?? null,
      });
      isHeld = report(name, results) && isHeld;
    }
  } finally {
    await resources.release();
  }
  return isHeld ? 0 : 1;
}

interface EngineOptions {
  readonly heapMb: number;
  readonly settings: readonly string[];
  readonly profileDir: string | null;
}

/** One shape: a source that is filled once, and a target that every run writes to. */
class Comparison {
  private batches = 0;
  private records = 0;
  private bytes = 0;

  constructor(
    private readonly resources: Resources,
    private readonly broker: Target,
    private readonly shape: BatchShape,
    private readonly totalBytes: number,
  ) {}

  async all(engines: readonly EngineName[], pairs: number, options: EngineOptions): Promise<Map<EngineName, Result[]>> {
    const results = new Map<EngineName, Result[]>(engines.map((engine) => [engine, []]));
    const source = await this.broker.start({ prefix: [], profileDir: null });
    const target = await this.broker.start({ prefix: [], profileDir: null });
    try {
      await this.fill(source);
      for (let pair = 0; pair < pairs; pair++) {
        for (const engine of pair % 2 === 0 ? engines : [...engines].reverse()) {
          const result = await this.measure(engine, `${engine}${pair}`, source, target, options);
          process.stderr.write(`${engine}: ${describe(result)}\n`);
          results.get(engine)!.push(result);
        }
      }
    } finally {
      await source.stop();
      await target.stop();
    }
    return results;
  }

  private async fill(source: RunningTarget): Promise<void> {
    const client = clientOf(source);
    await client.createTopic('load', PARTITIONS, 1);
    const { bytes, recordsCount } = prepareBatch(this.shape, Date.now(), env.crc32c);
    this.batches = Math.ceil(this.totalBytes / bytes.length / PARTITIONS) * PARTITIONS;
    this.records = this.batches * recordsCount;
    this.bytes = this.batches * bytes.length;
    const each = this.batches / PARTITIONS;
    const writer = async (partition: number): Promise<void> => {
      for (let i = 0; i < each; i++) await client.produce('load', partition, bytes, { acks: 1 });
    };
    await Promise.all(Array.from({ length: PARTITIONS }, (_, partition) => writer(partition)));
    client.close();
  }

  private async measure(
    name: EngineName,
    alias: string,
    source: RunningTarget,
    target: RunningTarget,
    options: EngineOptions,
  ): Promise<Result> {
    const client = clientOf(target);
    const [from, to] = [source, target].map(({ port }) => `${HOST}:${port}`) as [string, string];
    const engine = startEngine(name, this.resources, { alias, source: from, target: to, topics: 'load', ...options });
    try {
      const deadline = performance.now() + TIMEOUT_MS;
      let start: { readonly atMs: number; readonly cpu: number; readonly records: number } | null = null;
      for (;;) {
        if (!engine.isRunning()) throw new Error(`${name} has ended: ${engine.errors()}`);
        if (performance.now() > deadline) throw new Error(`${name} has not copied all in time: ${engine.errors()}`);
        const records = await countOn(client, `${alias}.load`);
        const now = { atMs: performance.now(), cpu: cpuSeconds(engine.pid) ?? NaN, records };
        if (start === null && records > 0) start = now;
        if (start !== null && records >= this.records) return this.resultOf(engine.pid, start, now);
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    } finally {
      await engine.stop();
      client.close();
    }
  }

  private resultOf(
    pid: number,
    start: { atMs: number; cpu: number; records: number },
    end: { atMs: number; cpu: number },
  ): Result {
    const share = (this.records - start.records) / this.records;
    const seconds = (end.atMs - start.atMs) / 1000;
    const peakMb = (processMemory(pid)?.peakRssBytes ?? NaN) / 1e6;
    return {
      recordsPerSecond: (this.records * share) / seconds,
      mbPerSecond: (this.bytes * share) / 1e6 / seconds,
      cpuPerGb: (end.cpu - start.cpu) / ((this.bytes * share) / 1e9),
      peakMb,
    };
  }
}

function clientOf({ port }: RunningTarget): ClusterClient {
  return new ClusterClient(env, { bootstrap: [{ host: HOST, port }], clientId: 'bench' });
}

async function countOn(client: ClusterClient, topic: string): Promise<number> {
  const [view] = await client.metadata([topic]);
  if (view === undefined || view.errorCode !== 0 || view.leaders.length < PARTITIONS) return 0;
  const partitions = Array.from({ length: PARTITIONS }, (_, partitionIndex) => ({ partitionIndex, timestamp: -1 }));
  const request = { replicaId: -1, isolationLevel: 0, topics: [{ name: topic, partitions }] };
  const { topics } = await client.ask(view.leaders[0]!, 'ListOffsets', request);
  return topics[0]!.partitions.reduce((sum, { offset }) => sum + Math.max(0, offset), 0);
}

function describe({ recordsPerSecond, mbPerSecond, cpuPerGb, peakMb }: Result): string {
  const rates = `${Math.round(recordsPerSecond)} records/s, ${mbPerSecond.toFixed(1)} MB/s`;
  return `${rates}, ${cpuPerGb.toFixed(2)} CPU-s/GB, ${peakMb.toFixed(0)} MB at most`;
}

/** False when the bar is missed. */
function report(shape: string, results: ReadonlyMap<EngineName, readonly Result[]>): boolean {
  const median = (engine: EngineName, field: (result: Result) => number): number => {
    const sorted = (results.get(engine) ?? []).map(field).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? NaN;
  };
  for (const [engine] of results) {
    const medians = {
      recordsPerSecond: median(engine, (result) => result.recordsPerSecond),
      mbPerSecond: median(engine, (result) => result.mbPerSecond),
      cpuPerGb: median(engine, (result) => result.cpuPerGb),
      peakMb: median(engine, (result) => result.peakMb),
    };
    process.stdout.write(`${shape} ${engine} (median of ${results.get(engine)!.length}): ${describe(medians)}\n`);
  }
  if (!results.has('mm2')) return true;
  const ratio = median('mm2', ({ cpuPerGb }) => cpuPerGb) / median('moldau', ({ cpuPerGb }) => cpuPerGb);
  process.stdout.write(`${shape}: ${ratio.toFixed(1)} times less CPU than MirrorMaker 2 (bar ${BAR})\n`);
  return ratio >= BAR;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`mirror: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
