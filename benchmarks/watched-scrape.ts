/**
 * What a scrape costs a broker with many partitions: CPU seconds of its process over many scrapes, HTTP included, beside the
 * loop's time as the broker says it (which counts what other processes took of the core too).
 *
 *   node scripts/run-ts.cjs benchmarks/watched-scrape.ts [--partitions 2000] [--scrapes 200]
 */
import { Kafka, logLevel } from 'kafkajs';
import { freePorts } from '../test/support/free-ports';
import { startMoldau } from '../test/support/moldau-process';
import { Scrape } from '../test/support/scrape';

const WARM_UP = 20;
const TOPICS = 20;

function flag(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
}

function quantile(values: readonly number[], share: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1);
}

async function withPartitions(bootstrap: string, url: string, partitions: number): Promise<void> {
  const admin = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const topics = Array.from({ length: TOPICS }, (_, i) => ({ topic: `topic-${i}`, numPartitions: Math.ceil(partitions / TOPICS) }));
  await admin.createTopics({ topics, waitForLeaders: false });
  await admin.disconnect();
  while (((await Scrape.of(url)).value('kafka_server_replicamanager_partitioncount') ?? 0) < partitions) await new Promise((resolve) => setTimeout(resolve, 200));
}

async function main(): Promise<void> {
  const [partitions, scrapes] = [flag('partitions', 2000), flag('scrapes', 200)];
  const [port] = (await freePorts(1)) as [number];
  const broker = await startMoldau({ properties: { 'metrics.listener': `127.0.0.1:${port}` } });
  const url = `http://127.0.0.1:${port}`;
  try {
    await withPartitions(broker.bootstrap, url, partitions);
    const loopMs: number[] = [];
    const sliceMs: number[] = [];
    const cpuSeconds: number[] = [];
    let bytes = 0;
    for (let i = 0; i < WARM_UP + scrapes; i++) {
      const text = await (await fetch(`${url}/metrics`)).text();
      if (i < WARM_UP) continue;
      const valueOf = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
      bytes = text.length;
      loopMs.push(valueOf('moldau_metrics_scrape_loop_seconds') * 1000);
      sliceMs.push(valueOf('moldau_metrics_scrape_longest_slice_seconds') * 1000);
      cpuSeconds.push(valueOf('process_cpu_seconds_total'));
    }
    const cpuMs = (((cpuSeconds.at(-1) ?? 0) - (cpuSeconds[0] ?? 0)) / (scrapes - 1)) * 1000;
    const loop = `loop p50 ${quantile(loopMs, 0.5)} ms, p90 ${quantile(loopMs, 0.9)} ms, at a stretch p50 ${quantile(sliceMs, 0.5)} ms, p90 ${quantile(sliceMs, 0.9)} ms`;
    process.stdout.write(`${partitions} partitions, ${bytes} bytes of text: CPU of the process ${cpuMs.toFixed(2)} ms a scrape; ${loop}\n`);
  } finally {
    await broker.dispose();
  }
}

void main();
