/**
 * A broker that holds a lot: a million committed offsets in a thousand groups and a hundred thousand producer ids, under load.
 * How long its event loop is ever held, and how soon a restart serves everything again.
 *
 *   node scripts/run-ts.cjs benchmarks/state.ts [--seconds 600] [--groups 1000] [--offsets 1000] [--producers 100000]
 *
 * The bars: no stall of 100 ms or more, a restart within 5 s. Exit code 1 when one is missed.
 */
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { freePorts } from '../test/support/free-ports';
import { loadWarning } from './environment';
import { Resources } from './resources';
import { StateClient, type StateSize } from './state/state-client';
import { HOST, WatchedBroker } from './watched-broker';

const MB = 1024 * 1024;
const MAX_STALL_MS = 100;
const MAX_RESTART_MS = 5000;
const LOOK_MS = 10_000;
const PROPERTIES = { 'offsets.topic.replication.factor': '1' };

interface Stage {
  readonly name: string;
  readonly longestMs: number;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '600' },
      groups: { type: 'string', default: '1000' },
      offsets: { type: 'string', default: '1000' },
      producers: { type: 'string', default: '100000' },
      dir: { type: 'string', default: tmpdir() },
      profile: { type: 'string' },
    },
  });
  const warning = loadWarning();
  if (warning !== null) say(`warning: ${warning}`);
  const size = {
    groups: Number(values.groups),
    offsetsPerGroup: Number(values.offsets),
    producers: Number(values.producers),
  };
  const nodeFlags = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`];
  const resources = new Resources(values.dir);
  try {
    return await measure(size, Number(values.seconds), resources, nodeFlags);
  } finally {
    await resources.release();
  }
}

async function measure(
  size: StateSize,
  seconds: number,
  resources: Resources,
  nodeFlags: readonly string[],
): Promise<number> {
  const [port] = (await freePorts(1)) as [number];
  const dir = resources.makeDir('state');
  const start = (): Promise<WatchedBroker> =>
    WatchedBroker.start({ dir, port, properties: PROPERTIES, nodeFlags, track: (child) => resources.track(child) });
  let broker = await start();
  const client = new StateClient(HOST, port, size);
  const stages: Stage[] = [];
  // Said, and no part of the bar: nobody makes a thousand partitions under load.
  await watched(broker, 'make the topics', () => client.open());
  stages.push(await watched(broker, 'commit all offsets', () => client.commitAll()));
  stages.push(await watched(broker, 'make all producer ids', () => client.produceAll()));
  stages.push(await watched(broker, `load for ${seconds} s`, () => client.load(seconds)));
  const restarts: number[] = [];
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    client.close();
    await broker.stop(signal);
    const startedMs = performance.now();
    broker = await start();
    await client.open();
    await client.untilServed();
    restarts.push(performance.now() - startedMs);
    say(
      `restart after ${signal}: ready in ${broker.startMs.toFixed(0)} ms, serves everything in ${(restarts.at(-1) ?? 0).toFixed(0)} ms`,
    );
    stages.push(await watched(broker, 'check all offsets and producers', () => client.check()));
  }
  client.close();
  await broker.stop(nodeFlags.length > 0 ? 'SIGTERM' : 'SIGKILL');
  return report(stages, restarts);
}

async function watched(broker: WatchedBroker, name: string, work: () => Promise<void>): Promise<Stage> {
  await broker.look();
  let longestMs = 0;
  const look = async (): Promise<void> => {
    const { maxMs, p99Ms, rss, heapUsed } = await broker.look();
    longestMs = Math.max(longestMs, maxMs);
    say(
      `  ${name}: longest ${maxMs.toFixed(0)} ms, p99 ${p99Ms.toFixed(1)} ms, heap ${(heapUsed / MB).toFixed(0)} MB, resident ${(rss / MB).toFixed(0)} MB`,
    );
  };
  const startMs = performance.now();
  const timer = setInterval(() => void look(), LOOK_MS);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  await look();
  say(`${name}: ${((performance.now() - startMs) / 1000).toFixed(1)} s, longest stall ${longestMs.toFixed(0)} ms`);
  if (!broker.isRunning) throw new Error(`the broker has ended\n${broker.errors}`);
  return { name, longestMs };
}

function report(stages: readonly Stage[], restarts: readonly number[]): number {
  const longest = Math.max(...stages.map(({ longestMs }) => longestMs));
  const slowest = Math.max(...restarts);
  const isHeld = longest < MAX_STALL_MS && slowest < MAX_RESTART_MS;
  process.stdout.write(
    `longest stall ${longest.toFixed(0)} ms (bar ${MAX_STALL_MS}), restart ${slowest.toFixed(0)} ms (bar ${MAX_RESTART_MS}): ` +
      `${isHeld ? 'held' : 'MISSED'}\n`,
  );
  return isHeld ? 0 : 1;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`state: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
