/** A good client's or an attacker's process, seen from the one that measures. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { AttackName, AttackTarget } from './attacks';
import type { GoodResult, GoodWork } from './good-client';
import type { SideAnswer, SideJob } from './side-main';

const RUN_TS = join(__dirname, '..', '..', 'scripts', 'run-ts.cjs');
const MAIN = join(__dirname, 'side-main.ts');

/** Told of each process that is started, so that it ends with whoever started it. */
export type Track = (child: ChildProcess) => void;

export async function runGood(work: GoodWork, track: Track): Promise<GoodResult> {
  const side = new SideProcess(track);
  try {
    const result = await side.ask({ kind: 'good', work });
    if (result === null) throw new Error('a good client without a result');
    return result;
  } finally {
    await side.end();
  }
}

/** Resolves when the attack is in full swing; what comes back ends it. */
export async function startAttacker(
  name: AttackName,
  target: AttackTarget,
  track: Track,
): Promise<() => Promise<void>> {
  const side = new SideProcess(track);
  await side.ask({ kind: 'attack', name, target });
  return () => side.end();
}

class SideProcess {
  private readonly child: ChildProcess;

  constructor(track: Track) {
    this.child = spawn(process.execPath, [RUN_TS, MAIN], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    track(this.child);
  }

  async ask(job: SideJob): Promise<GoodResult | null> {
    const answer = await new Promise<SideAnswer>((resolve, reject) => {
      this.child.once('exit', (code) => reject(new Error(`the ${job.kind} client ended with ${code}`)));
      this.child.once('message', (message: SideAnswer) => resolve(message));
      this.child.send(job);
    });
    if (!answer.ok) throw new Error(answer.reason);
    return answer.result;
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
    this.child.disconnect();
    await exited;
  }
}
