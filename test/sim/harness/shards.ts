/**
 * A sweep over several processes: child i of n plays every n-th seed, and sends home what came of it. The seeds that are
 * played together are those that one process would have played; which of them come first is chance.
 */

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import type { Failure } from './scenario';
import type { Tally } from './sweep';
import { newTally } from './sweep';

const ROOT = resolve(__dirname, '..', '..', '..');
const MAX_WORKERS = 64;

/** Of the seeds, those that are `index` modulo `count`. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

export const WHOLE_SWEEP: Shard = { index: 0, count: 1 };

/** `I/N` with I below N; throws for anything else. */
export function parseShard(text: string): Shard {
  const [index = NaN, count = NaN] = text.split('/').map(Number);
  if (!Number.isInteger(index) || !Number.isInteger(count) || index < 0 || index >= count) throw new Error(`--shard ${text}: it is I/N, with I from 0 to N - 1`);
  return { index, count };
}

interface SentTally {
  readonly runs: number;
  readonly killPoints: number;
  readonly pairs: number;
  readonly failures: readonly Failure[];
  readonly counters: readonly (readonly [string, number])[];
}

/** From a child to its parent. */
export function sendTally(tally: Tally): void {
  const { runs, killPoints, pairs, failures, coverage } = tally;
  const sent: SentTally = { runs, killPoints, pairs, failures, counters: coverage.entries() };
  if (process.send === undefined) throw new Error('--shard is for the children of --workers');
  process.send(sent);
}

/**
 * Plays one scenario in `workers` processes, each with `args` and its shard. The first that fails ends the others, unless
 * `goesOn`. Rejects when a child ends without having sent its tally.
 */
export async function sweepInShards(args: readonly string[], workers: number, goesOn: boolean): Promise<Tally> {
  if (!Number.isInteger(workers) || workers < 1 || workers > MAX_WORKERS) throw new Error(`--workers ${workers}: it is between 1 and ${MAX_WORKERS}`);
  const tally = newTally();
  const children = new Set<ChildProcess>();
  const stopAll = (): void => children.forEach((child) => child.kill());
  const play = (index: number): Promise<void> =>
    new Promise((done, failed) => {
      const flags = [...process.execArgv, 'scripts/run-ts.cjs', 'test/sim/simulate.ts', ...args, '--shard', `${index}/${workers}`];
      const child = spawn(process.execPath, flags, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
      children.add(child);
      let isTold = false;
      child.on('message', (sent: SentTally) => {
        isTold = true;
        merge(tally, sent);
        if (sent.failures.length > 0 && !goesOn) stopAll();
      });
      child.on('error', failed);
      child.on('close', (code, signal) => {
        children.delete(child);
        const isStopped = signal === 'SIGTERM' && tally.failures.length > 0;
        if (isTold || isStopped) done();
        else failed(new Error(`worker ${index} ended with ${code ?? signal} and has not said what came of it`));
      });
    });
  await Promise.all(Array.from({ length: workers }, (_, index) => play(index))).finally(stopAll);
  return tally;
}

function merge(tally: Tally, sent: SentTally): void {
  tally.runs += sent.runs;
  tally.killPoints += sent.killPoints;
  tally.pairs += sent.pairs;
  tally.failures.push(...sent.failures);
  for (const [counter, times] of sent.counters) tally.coverage.count(counter, times);
}
