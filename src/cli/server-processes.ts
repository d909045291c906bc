/**
 * `moldau server --processes N`: one command for N brokers of a host, since a broker is one event loop and uses one core.
 * The first is the node of the configuration; the others are formatted for its cluster, and started, when it serves. One
 * that ends by itself is started again; a signal stops all in order, first the brokers, then the quorum.
 */
import { readFileSync } from 'node:fs';
import { formatNode } from '../../controller/raft/format';
import { readMetaProperties } from '../../controller/raft/meta-properties';
import { ClusterChild } from './cluster-child';
import { signalHandler } from './ending';
import { type PlannedProcess, planProcesses } from './processes-plan';
import { type ServerFlags, serverConfig } from './server-config';
import { type StoragePorts, storagePorts } from './storage';

const RESTART_MS = 1000;

export async function serveProcesses(flags: ServerFlags, count: number): Promise<void> {
  const built = serverConfig(flags, { environment: process.env, readFile: (path) => readFileSync(path, 'utf8') });
  if (!built.ok) return fail(built.problems.join('\nmoldau: '));
  for (const warning of built.warnings) process.stderr.write(`moldau: warning: ${warning}\n`);
  const plan = planProcesses(built.config, count);
  if (typeof plan === 'string') return fail(plan);
  await new Processes(plan, flags).run();
}

class Processes {
  private readonly running = new Map<number, ClusterChild>();
  private isStopping = false;

  constructor(
    private readonly plan: readonly PlannedProcess[],
    private readonly flags: ServerFlags,
  ) {}

  /** Never resolves in order: a signal ends the process. */
  async run(): Promise<void> {
    this.onSignals();
    const [first, ...others] = this.plan;
    if (first === undefined || !(await this.start(first))) return;
    try {
      const ports = storagePorts();
      const clusterId = readMetaProperties(ports.disk, first.metadataLogDir)?.clusterId;
      if (clusterId === undefined) throw new Error(`${first.metadataLogDir} names no cluster`);
      for (const each of others) formatUnlessDone(each, clusterId, ports);
    } catch (error) {
      say(`Cannot format the directories of the other processes: ${messageOf(error)}`);
      return this.stop(1);
    }
    const started = await Promise.all(others.map((each) => this.start(each)));
    if (!this.isStopping && !started.includes(false))
      process.stdout.write(`moldau: all ${this.plan.length} processes are ready\n`);
  }

  /** False when it has not come to serve; then all are stopped. */
  private async start(planned: PlannedProcess): Promise<boolean> {
    if (this.isStopping) return false;
    const flags = { file: this.flags.file, overrides: [...this.flags.overrides, ...planned.overrides] };
    const child = new ClusterChild(planned.id, flags, (text) => void process.stderr.write(text));
    this.running.set(planned.id, child);
    const isReady = await child.ready;
    void child.exited.then((how) => this.ended(planned, how, isReady));
    if (isReady)
      process.stdout.write(
        `node ${planned.id}  process ${child.pid}  clients on port ${planned.port}  data ${planned.logDirs.join(', ')}\n`,
      );
    return isReady;
  }

  private ended(planned: PlannedProcess, how: string, wasReady: boolean): void {
    if (this.isStopping) return;
    if (!wasReady) {
      say(`node ${planned.id} could not start (${how}); the others stop`);
      void this.stop(1);
      return;
    }
    say(`node ${planned.id} has ended (${how}), and is started again`);
    // A process of the system is started anew, which no simulation plays.
    setTimeout(() => void this.start(planned), RESTART_MS);
  }

  private async stop(code: number): Promise<void> {
    if (this.isStopping) return;
    this.isStopping = true;
    const children = [...this.running.values()];
    await Promise.all(children.map((child) => child.leave()));
    for (const child of children) child.end();
    await Promise.all(children.map((child) => child.exited));
    process.exit(code);
  }

  private onSignals(): void {
    const exit = (code: number): void => {
      for (const child of this.running.values()) child.kill();
      process.exit(code);
    };
    // The command line is a binding: signals come from outside of what is simulated, and so does their time.
    const onSignal = signalHandler({ stop: () => void this.stop(0), exit, say, nowMs: () => performance.now() });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  }
}

/** Throws what the disk throws. */
function formatUnlessDone(
  { id, logDirs, metadataLogDir }: PlannedProcess,
  clusterId: string,
  ports: StoragePorts,
): void {
  const found = readMetaProperties(ports.disk, metadataLogDir);
  if (found !== null) return;
  formatNode({ nodeId: id, logDirs, metadataLogDir, clusterId, controllerEndpoints: [], voters: 'none' }, ports);
}

function say(line: string): void {
  process.stderr.write(`moldau: ${line}\n`);
}

function fail(problem: string): void {
  say(problem);
  process.exit(1);
}

function messageOf(error: unknown): string {
  return error !== null && typeof error === 'object' && 'message' in error ? String(error.message) : String(error);
}
