/** `moldau mirror status`: a table of how far each partition is behind, drawn again each two seconds in a terminal. */
import type { FlowSettings } from '../../mirror/flow/settings';
import { type FlowStatus, flowStatus } from '../../mirror/status/flow-status';
import { inOrder, summaryOf, tableOf } from '../../mirror/status/lag-core';
import { createNodeBaseEnv } from '../../wire/base/node-env';
import { ClusterClient } from '../../wire/cluster-client';
import { silentLogger } from '../observe/silent-logger';
import { readMirrorConfig } from './mirror';
import { fail, messageOf } from './process-setup';

export interface MirrorStatusFlags {
  readonly clusters?: readonly string[];
  readonly json?: boolean;
  readonly once?: boolean;
}

const REFRESH_MS = 2000;
/** Lines of a terminal that the table does not get. */
const OTHER_LINES = 4;

interface Watched {
  readonly settings: FlowSettings;
  readonly source: ClusterClient;
  readonly target: ClusterClient;
}

export async function mirrorStatus(file: string, flags: MirrorStatusFlags): Promise<void> {
  const config = readMirrorConfig(file, flags.clusters ?? []);
  if (!config.ok) return fail(config.problems);
  const env = createNodeBaseEnv({ logger: silentLogger });
  const flows = config.settings.flows
    .filter(({ isEnabled }) => isEnabled)
    .map((settings): Watched => {
      const clientOf = ({ bootstrap, clientId, requestTimeoutMs }: FlowSettings['source']): ClusterClient =>
        new ClusterClient(env, { bootstrap, clientId, requestTimeoutMs, maxAttempts: 3 });
      return { settings, source: clientOf(settings.source), target: clientOf(settings.target) };
    });
  const look = () => Promise.all(flows.map((flow) => flowStatus({ ...flow, nowMs: () => env.clock.wallMs() })));
  const isLive = process.stdout.isTTY && flags.json !== true && flags.once !== true;
  try {
    if (isLive) await watch(look);
    else print(flags.json === true ? jsonOf(await look()) : textOf(await look(), Infinity));
  } catch (error) {
    return fail([`The lag cannot be told: ${messageOf(error)}`]);
  } finally {
    for (const { source, target } of flows) {
      source.close();
      target.close();
    }
  }
}

/** Until Ctrl-C. What cannot be told now is said in the table's place. */
async function watch(look: () => Promise<readonly FlowStatus[]>): Promise<never> {
  for (;;) {
    const rows = Math.max(5, process.stdout.rows - OTHER_LINES);
    const lines = await look().then(
      (statuses) => textOf(statuses, rows),
      (error: unknown) => [`The lag cannot be told: ${messageOf(error)}`],
    );
    process.stdout.write(`\u001b[H\u001b[2J${lines.join('\n')}\n`);
    await new Promise((resolve) => setTimeout(resolve, REFRESH_MS));
  }
}

function textOf(statuses: readonly FlowStatus[], maxRows: number): string[] {
  const summaries = statuses.map(({ flow, rows, processes }) => summaryOf(flow, rows, processes));
  const rows = inOrder(statuses.flatMap((status) => status.rows));
  return [...summaries, '', ...tableOf(rows, Math.max(1, maxRows - summaries.length))];
}

function jsonOf(statuses: readonly FlowStatus[]): string[] {
  return statuses.flatMap(({ processes, rows }) => rows.map((row) => JSON.stringify({ ...row, processes })));
}

function print(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}
