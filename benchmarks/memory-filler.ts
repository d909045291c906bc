/**
 * Fills free memory with clean page cache, as on a machine that has been up for a while.
 *
 * A virtual machine may give back to its host what lies free, and pays many times the price of a write when it touches such a
 * page again: what a broker appended would cost what the host's mood is. Reading files of holes fills the page cache without
 * touching the disk; the kernel drops these pages first when something else needs room.
 */
import { spawn } from 'node:child_process';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Resources } from './resources';

const KEPT_FREE_BYTES = 512 * 1024 * 1024;
/** Less than this is not worth a round. */
const LEAST_BYTES = 64 * 1024 * 1024;

export class MemoryFiller {
  private readonly dir: string;
  private files = 0;

  constructor(private readonly resources: Resources) {
    this.dir = resources.makeDir('filler');
  }

  /** Resolves once little is free; does nothing where /proc/meminfo is missing. */
  async fill(): Promise<void> {
    const bytes = freeBytes() - KEPT_FREE_BYTES;
    if (bytes < LEAST_BYTES) return;
    const path = join(this.dir, `holes-${this.files++}`);
    writeFileSync(path, '');
    truncateSync(path, bytes);
    const child = spawn('cat', [path], { stdio: ['ignore', 'ignore', 'inherit'] });
    this.resources.track(child);
    await new Promise<void>((resolve) => child.once('close', () => resolve()));
  }
}

function freeBytes(): number {
  try {
    return Number(/^MemFree:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
