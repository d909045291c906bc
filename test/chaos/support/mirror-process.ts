/** A process of the mirror, seen from a test. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from '../../support/child';
import type { MirrorFile, MirrorLine } from './mirror-main';

const RUN_TS = join(__dirname, '..', '..', '..', 'scripts', 'run-ts.cjs');
const MAIN = join(__dirname, 'mirror-main.ts');

export class MirrorProcess {
  readonly child: Child;
  last: MirrorLine = { records: 0, bytes: 0, partitions: 0, gaps: 0, foreign: 0 };
  private readonly dir = mkdtempSync(join(tmpdir(), 'mirror-process-'));

  constructor(name: string, file: MirrorFile, nodeFlags: readonly string[] = []) {
    const path = join(this.dir, 'mirror.json');
    writeFileSync(path, JSON.stringify(file));
    this.child = new Child(name, process.execPath, [...nodeFlags, RUN_TS, MAIN, path], {
      onLine: (line) => {
        this.last = JSON.parse(line) as MirrorLine;
      },
    });
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.child.exited;
    rmSync(this.dir, { recursive: true, force: true });
  }

  async stop(): Promise<void> {
    await this.child.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
