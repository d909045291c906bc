/**
 * `moldau cluster`: a local cluster of processes with one command. The nodes are formatted for each other once, each runs as
 * `moldau server` with its own property file, and Ctrl-C stops them in order: first all brokers leave, then the quorum ends.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { formatNode } from '../../controller/raft/format';
import type { Voter } from '../../controller/raft/voter-set';
import { randomUuid } from '../../wire/base/uuid';
import { ClusterChild } from './cluster-child';
import { planCluster, shownDefaults, type ClusterFlags, type PlannedNode } from './cluster-plan';
import { signalHandler } from './ending';
import { storagePorts } from './storage';

export async function runCluster(flags: ClusterFlags): Promise<void> {
  const plan = planCluster(flags);
  if (typeof plan === 'string') return fail(plan);
  try {
    prepare(plan, flags.dir);
  } catch (error) {
    return fail(`Cannot prepare ${flags.dir}: ${messageOf(error)}`);
  }
  const { overrides } = flags;
  const children = plan.map(
    ({ id, propertiesFile }) =>
      new ClusterChild(id, { file: propertiesFile, overrides }, (line) => void process.stderr.write(line)),
  );
  let isStopping = false;
  const stop = async (code: number): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    await Promise.all(children.map((child) => child.leave()));
    for (const child of children) child.end();
    await Promise.all(children.map((child) => child.exited));
    process.exit(code);
  };
  const exit = (code: number): void => {
    for (const child of children) child.kill();
    process.exit(code);
  };
  // The command line is a binding: signals come from outside of what is simulated, and so does their time.
  const onSignal = signalHandler({ stop: () => void stop(0), exit, say, nowMs: () => performance.now() });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  const started = plan.map(async (node, index) => {
    const child = children[index];
    if (child === undefined) return false;
    const isReady = await child.ready;
    if (isReady) process.stdout.write(readyLine(node));
    else if (!isStopping) {
      say(`node ${node.id} could not start (${await child.exited}); the others stop`);
      await stop(1);
    }
    return isReady;
  });
  if ((await Promise.all(started)).includes(false)) return;
  if (!isStopping) process.stdout.write(summary(plan, flags));
  await Promise.all(children.map(async (child) => child.exited.then((how) => ended(child, how, isStopping))));
  if (!isStopping) fail('All nodes have ended.');
}

/** A cluster goes on without one of its nodes. */
function ended({ id }: ClusterChild, how: string, isExpected: boolean): void {
  if (!isExpected) say(`node ${id} has ended (${how})`);
}

function say(line: string): void {
  process.stderr.write(`moldau: ${line}\n`);
}

/** Writes the property files, and formats the nodes unless they are. Throws what the disk throws. */
function prepare(plan: readonly PlannedNode[], dir: string): void {
  mkdirSync(dir, { recursive: true });
  for (const { propertiesFile, properties } of plan) writeFileSync(propertiesFile, properties);
  const isFormatted = ({ logDir }: PlannedNode): boolean => existsSync(join(logDir, 'meta.properties'));
  if (plan.every(isFormatted)) return;
  const formatted = plan.find(isFormatted);
  if (formatted !== undefined) {
    throw new Error(`${formatted.logDir} is formatted, others are not: give another --dir, or remove it.`);
  }
  const ports = storagePorts();
  const clusterId = randomUuid(ports.random);
  const voters = plan.map(({ id, controllerPort: port }): Voter => {
    const endpoints = [{ name: 'CONTROLLER', host: 'localhost', port }];
    return { id, directoryId: randomUuid(ports.random), endpoints, minKraftVersion: 0, maxKraftVersion: 1 };
  });
  for (const { id, logDir } of plan) {
    const controllerEndpoints = voters.find((voter) => voter.id === id)?.endpoints ?? [];
    const request = { nodeId: id, logDirs: [logDir], metadataLogDir: logDir, clusterId, controllerEndpoints, voters };
    formatNode(request, ports);
  }
}

function readyLine({ id, clientPort, controllerPort, metricsPort, logDir }: PlannedNode): string {
  const where = relative('', logDir) || logDir;
  return `node ${id}  clients localhost:${clientPort}  controllers localhost:${controllerPort}  metrics localhost:${metricsPort}  data ${where}\n`;
}

function summary(plan: readonly PlannedNode[], { nodes }: ClusterFlags): string {
  const bootstrap = plan.map(({ clientPort }) => `localhost:${clientPort}`).join(',');
  const defaults = shownDefaults(nodes)
    .map(([key, value]) => `  ${key}=${value}\n`)
    .join('');
  return `moldau cluster of ${nodes} is ready, bootstrap servers ${bootstrap}; Ctrl-C stops it. Its defaults:\n${defaults}`;
}

function fail(problem: string): void {
  process.stderr.write(`moldau: ${problem}\n`);
  process.exit(1);
}

function messageOf(error: unknown): string {
  return error !== null && typeof error === 'object' && 'message' in error ? String(error.message) : String(error);
}
