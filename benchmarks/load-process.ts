/** The load generator's process, seen from the one that runs the benchmark. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { LoadAnswer, LoadJob, LoadResult } from './client/work';
import type { Resources } from './resources';

const RUN_TS = join(__dirname, '..', 'scripts', 'run-ts.cjs');
const MAIN = join(__dirname, 'client', 'load-main.ts');

export class LoadProcess {
  private readonly child: ChildProcess;

  /** `prefix` goes in front of the command: taskset and its arguments. */
  constructor(resources: Resources, prefix: readonly string[]) {
    const [first, ...rest] = [...prefix, process.execPath];
    this.child = spawn(first ?? process.execPath, [...rest, RUN_TS, MAIN], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    resources.track(this.child);
  }

  async run(job: LoadJob): Promise<LoadResult> {
    const answer = await new Promise<LoadAnswer>((resolve, reject) => {
      const ended = (code: number | null): void => reject(new Error(`the load generator ended with ${code}`));
      this.child.once('exit', ended);
      this.child.once('message', (message: LoadAnswer) => {
        this.child.off('exit', ended);
        resolve(message);
      });
      this.child.send(job);
    });
    if (!answer.ok) throw new Error(answer.reason);
    return answer.result;
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const exited = new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
    this.child.disconnect();
    await exited;
  }
}
