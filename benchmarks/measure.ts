/** Measures rows on one broker, from its start on an empty directory to its end. */
import { setTimeout as delay } from 'node:timers/promises';
import type { LoadWork } from './client/work';
import { type KcatFile, runKcat } from './kcat';
import { LoadProcess } from './load-process';
import { processMemory } from './process-stat';
import type { Resources } from './resources';
import { type KcatWork, type Row, rows, topicConfigs } from './rows';
import { type Sample, type SampleKey, plainSample, throughputSample } from './sample';
import type { RunningTarget, Target } from './targets/target';

export interface Timing {
  readonly warmUpSeconds: number;
  readonly windowSeconds: number;
  /** How long a broker rests before its memory is read. */
  readonly settleSeconds: number;
  /** Replaces what a row would preload, for short runs. */
  readonly maxPreloadBytes: number;
}

export interface MeasureOptions {
  readonly resources: Resources;
  readonly timing: Timing;
  readonly brokerPrefix: readonly string[];
  readonly clientPrefix: readonly string[];
  readonly profileDir: string | null;
  readonly kcatFile: (work: KcatWork) => KcatFile;
  readonly say: (text: string) => void;
}

/** Loads of the memory row, between its two readings. */
const MEMORY_LOADS = ['produce-16k', 'fetch-1m'];

/**
 * All rows on one process, in order; each has a topic of its own. A row that fails is said and left out; a broker that died of
 * it is started again for the others.
 */
export async function measure(
  target: Target,
  pair: number,
  group: readonly Row[],
  options: MeasureOptions,
): Promise<Sample[]> {
  const start = (): Promise<RunningTarget | null> => startOrSay(target, options);
  let broker = await start();
  const load = new LoadProcess(options.resources, options.clientPrefix);
  const samples: Sample[] = [];
  try {
    for (const row of group) {
      if (broker?.isRunning() === false) {
        await broker.stop();
        broker = await start();
      }
      if (broker === null) break;
      const key = { line: row.name, target: target.name, pair };
      try {
        const fresh = await measureRow(row, key, broker, load, options);
        for (const sample of fresh) options.say(describe(target, sample));
        samples.push(...fresh);
      } catch (error) {
        options.say(failureOf(target, row, broker, error));
      }
    }
  } finally {
    await load.end();
    await broker?.stop();
  }
  return samples;
}

/** Null when it does not start, which has been said: one bad start does not spoil a run of hours. */
async function startOrSay(target: Target, options: MeasureOptions): Promise<RunningTarget | null> {
  try {
    return await target.start({ prefix: options.brokerPrefix, profileDir: options.profileDir });
  } catch (error) {
    options.say(error instanceof Error ? error.message : String(error));
    return null;
  }
}

function failureOf(target: Target, row: Row, broker: RunningTarget, error: unknown): string {
  const state = broker.isRunning() ? 'its broker runs on' : 'its broker has ended';
  const why = error instanceof Error ? error.message : String(error);
  return `${target.title}: ${row.name} failed: ${why}\n${state}; the end of its standard error:\n${broker.errors()}`;
}

function describe(target: Target, { line, value, unit, cpu, stallMs, clientBusy }: Sample): string {
  const parts = [`${target.title}: ${line} ${value.toFixed(value < 100 ? 1 : 0)} ${unit}`];
  if (cpu !== null)
    parts.push(unit === 'requests/s' ? `${cpu.toFixed(1)} us CPU/request` : `${cpu.toFixed(2)} CPU-s/GB`);
  if (stallMs !== null) parts.push(`longest stall ${stallMs.toFixed(1)} ms`);
  if (clientBusy !== null) parts.push(`client ${(clientBusy * 100).toFixed(0)} %`);
  return parts.join(', ');
}

async function measureRow(
  row: Row,
  key: SampleKey,
  broker: RunningTarget,
  load: LoadProcess,
  options: MeasureOptions,
): Promise<Sample[]> {
  const { work } = row;
  switch (work.kind) {
    case 'start':
      return [plainSample(key, broker.startToAckMs, 'ms')];
    case 'memory':
      return measureMemory(key, broker, load, options);
    case 'kcat-produce':
    case 'kcat-consume': {
      const file = options.kcatFile(work);
      const prefix = options.clientPrefix;
      const window = await runKcat(options.resources, {
        broker,
        work,
        topic: row.name,
        file,
        prefix,
        ...options.timing,
      });
      return [throughputSample(key, window, false, '')];
    }
    default:
      return [await measureLoad(row.name, work, key, broker, load, options)];
  }
}

async function measureLoad(
  topic: string,
  work: LoadWork,
  key: SampleKey,
  broker: RunningTarget,
  load: LoadProcess,
  { timing }: MeasureOptions,
): Promise<Sample> {
  const result = await load.run({
    host: broker.host,
    port: broker.port,
    brokerPid: broker.pid,
    topic,
    topicConfigs: topicConfigs(work),
    work: work.kind === 'fetch' ? { ...work, preloadBytes: Math.min(work.preloadBytes, timing.maxPreloadBytes) } : work,
    warmUpSeconds: timing.warmUpSeconds,
    windowSeconds: timing.windowSeconds,
  });
  const ratio = work.batch.compression === 'none' ? '' : `, ${result.compressionRatio.toFixed(1)}:1`;
  const api = work.kind === 'produce' ? 'Produce' : 'Fetch';
  return throughputSample(key, result.window, result.recordsPerBatch === 1, `${api} v${result.apiVersion}${ratio}`);
}

async function measureMemory(
  key: SampleKey,
  broker: RunningTarget,
  load: LoadProcess,
  options: MeasureOptions,
): Promise<Sample[]> {
  const read = async (moment: string): Promise<Sample> => {
    await delay(options.timing.settleSeconds * 1000);
    const memory = processMemory(broker.pid);
    if (memory === null) throw new Error('memory is read from /proc, which is missing here');
    return plainSample({ ...key, line: `${key.line}: ${moment}` }, memory.rssBytes / 1e6, 'MB');
  };
  const afterStart = await read('after start');
  for (const row of rows.filter(({ name }) => MEMORY_LOADS.includes(name))) {
    await measureLoad(`memory-${row.name}`, row.work as LoadWork, key, broker, load, options);
  }
  return [afterStart, await read('after load')];
}
