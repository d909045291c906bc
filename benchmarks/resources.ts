/** What the benchmark has to put away however it ends: its processes, by pid, and its directories. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export class Resources {
  private readonly children = new Set<ChildProcess>();
  private readonly dirs = new Set<string>();
  private isReleasing = false;

  /** Directories are made below `root`. */
  constructor(private readonly root: string) {}

  /** Throws, and ends the child, when everything is being put away already. */
  track(child: ChildProcess): void {
    if (this.isReleasing) {
      child.kill('SIGKILL');
      throw new Error('the benchmark is ending');
    }
    this.children.add(child);
    child.once('exit', () => this.children.delete(child));
  }

  makeDir(name: string): string {
    if (this.isReleasing) throw new Error('the benchmark is ending');
    const dir = mkdtempSync(join(this.root, `moldau-bench-${name}-`));
    this.dirs.add(dir);
    return dir;
  }

  removeDir(dir: string): void {
    rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    this.dirs.delete(dir);
  }

  /** Ends every process, waits until they are gone, and removes every directory. */
  async release(): Promise<void> {
    this.isReleasing = true;
    const exits = [...this.children].map((child) => ended(child, 'SIGKILL'));
    await Promise.all(exits);
    for (const dir of [...this.dirs]) this.removeDir(dir);
  }
}

/** Sends the signal and resolves once the process has ended. */
export function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill(signal);
  });
}
