/** Runs the steps of a scenario against one broker and returns what there is to compare. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiName } from '../../../wire/api-keys';
import { WireClient } from '../../handlers/support/wire-client';
import type { ClusterProcess } from '../../support/cluster-process';
import type { BrokerProcess } from '../../support/kafka-peer';
import type { KafkaTools, RunningTool, ToolResult } from '../../support/kafka-tools';
import { normalise, type Places } from './normalise';
import type { AskStep, NodeStep, RunStep, StartStep, Step } from './scenario';

/** How often a command with `until` is repeated at most: each try takes some ten milliseconds or more. */
const MAX_TRIES = 200;

export interface StepOutput {
  readonly command: string;
  readonly lines: readonly string[];
  readonly tookMs?: number;
}

export interface ScenarioTarget {
  readonly broker: BrokerProcess | ClusterProcess;
  /** The APIs that the broker under test does not serve; this may be the other one. */
  readonly unserved: ReadonlySet<ApiName>;
  readonly isUnderTest: boolean;
}

/** One run of a scenario against one broker, step by step. */
export class ScenarioRun {
  private readonly started = new Map<string, RunningTool>();
  private readonly places: Places;

  constructor(
    private readonly tools: KafkaTools,
    private readonly target: ScenarioTarget,
  ) {
    const { bootstrap, logDir } = target.broker;
    const nodes = 'nodes' in target.broker ? target.broker.nodes : [];
    this.places = { bootstrap, logDir, nodes, dir: mkdtempSync(join(tmpdir(), 'scenario-')) };
  }

  /** What there is to compare; null when a command was only started. */
  async play(step: Step): Promise<StepOutput | null> {
    const { unserved, isUnderTest } = this.target;
    const startedMs = Date.now();
    if (process.env['MOLDAU_COMPAT_SHOW'] === '1') process.stderr.write(`${this.target.broker.name}: ${JSON.stringify(step)}\n`);
    const isUnserved = step.needs !== undefined && unserved.has(step.needs.api);
    const output = isUnserved ? await this.unservedStep(step, isUnderTest) : await this.step(step);
    return output === null ? null : { ...output, tookMs: Date.now() - startedMs };
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.started.values()].map((command) => command.stop()));
    rmSync(this.places.dir, { recursive: true });
  }

  private async step(step: Step): Promise<StepOutput | null> {
    if ('start' in step) {
      await this.start(step);
      return null;
    }
    if ('node' in step) {
      await this.moveNode(step);
      return null;
    }
    if ('ask' in step) return this.ask(step);
    if ('stop' in step) {
      const result = await this.takeStarted(step.stop).stop();
      return { command: `stop ${step.stop}`, lines: normalise(result, step, this.places) };
    }
    const result = await this.run(step);
    const shown = step.isQuiet === true ? { ...result, stdout: '', stderr: '' } : result;
    return { command: `${step.tool} ${step.args.join(' ')}`, lines: normalise(shown, step, this.places) };
  }

  /** What a user must be told when the API behind a command is not served. */
  private async unservedStep(step: Step, isUnderTest: boolean): Promise<StepOutput | null> {
    if (!('tool' in step) || 'start' in step || step.needs === undefined) return null;
    const { api, refusal } = step.needs;
    const output = { command: `${step.tool} ${step.args.join(' ')}`, lines: [`says that ${api} is not served`] };
    if (!isUnderTest) return output;
    const result = await this.run(step);
    const told = refusal.test(result.stdout) || refusal.test(result.stderr);
    return told ? output : { command: output.command, lines: normalise(result, step, this.places) };
  }

  private async start(step: StartStep): Promise<void> {
    const command = this.tools.start(step.tool, this.fillIn(step.args, false));
    this.started.set(step.start, command);
    await command.until(({ stdout }) => step.ready.test(stdout));
  }

  private async ask({ ask, request }: AskStep): Promise<StepOutput> {
    const port = Number(/:(\d+)/.exec(this.places.bootstrap)?.[1]);
    const client = new WireClient(port);
    try {
      const { throttleTimeMs: _, ...answer } = await client.ask(ask, 0, request);
      return { command: `${ask} ${JSON.stringify(request)}`, lines: [JSON.stringify(answer)] };
    } finally {
      await client.close();
    }
  }

  private async moveNode({ node, action }: NodeStep): Promise<void> {
    const { broker } = this.target;
    if (!('nodes' in broker)) throw new Error('a broker alone has no nodes to move');
    await (action === 'stop' ? broker.stopNode(node) : broker.startNode(node));
  }

  private takeStarted(name: string): RunningTool {
    const command = this.started.get(name);
    if (command === undefined) throw new Error(`nothing was started under the name ${name}`);
    this.started.delete(name);
    return command;
  }

  private async run(step: RunStep): Promise<ToolResult> {
    for (const [name, content] of Object.entries(step.files ?? {})) writeFileSync(join(this.places.dir, name), this.filledIn(content));
    const args = this.fillIn(step.args, step.isOffline ?? false);
    for (let tries = 1; ; tries++) {
      const result = await this.tools.run(step.tool, args, {
        ...(step.stdin !== undefined && { stdin: step.stdin }),
        ...(step.timeoutMs !== undefined && { timeoutMs: step.timeoutMs }),
      });
      if (step.until === undefined || step.until.test(result.stdout) || tries === MAX_TRIES) return result;
    }
  }

  private fillIn(args: readonly string[], isOffline: boolean): string[] {
    const all =
      isOffline || args.some((arg) => arg.includes('{bootstrap}'))
        ? args
        : ['--bootstrap-server', '{bootstrap}', ...args];
    return all.map((arg) => this.filledIn(arg));
  }

  private filledIn(arg: string): string {
    return this.places.nodes
      .reduce(
        (text, { id, logDir }) =>
          text.replaceAll(`{logs-${id}}`, logDir).replaceAll(`{snapshot-${id}}`, () => newestSnapshot(logDir)),
        arg,
      )
      .replaceAll('{bootstrap}', this.places.bootstrap)
      .replaceAll('{dir}', this.places.dir)
      .replaceAll('{logs}', this.places.logDir);
  }
}

/** Of the metadata log in a directory; their names begin with the offset. */
function newestSnapshot(logDir: string): string {
  const dir = join(logDir, '__cluster_metadata-0');
  const newest = readdirSync(dir)
    .filter((name) => name.endsWith('.checkpoint'))
    .sort()
    .at(-1);
  if (newest === undefined) throw new Error(`no snapshot in ${dir}`);
  return join(dir, newest);
}
