/**
 * Part of the binding (`node-disk.ts`): directories that live as long as what is kept in them.
 *
 * A process that ends without having removed them (by `process.exit`, or because an error ended it) removes them on its
 * way out; one that is killed leaves them to the system.
 */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

export interface TemporaryDirectory {
  readonly path: string;
  /** Deletes it with everything in it. May be called again. */
  remove(): void;
}

/** Those of this process that are there. */
const present = new Set<string>();

/** Makes an empty directory, among the system's temporary ones, that nobody else knows; its name has this process's id. */
export function makeTemporaryDirectory(prefix: string): TemporaryDirectory {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), `${prefix}${process.pid}-`));
  // One listener for all, and none when there are none: a process that starts many brokers is not warned of leaks.
  if (present.size === 0) process.on('exit', removeAll);
  present.add(made);
  return { path: made, remove: () => remove(made) };
}

function remove(directory: string): void {
  if (!present.delete(directory)) return;
  if (present.size === 0) process.off('exit', removeAll);
  fs.rmSync(directory, { recursive: true, force: true });
}

function removeAll(): void {
  for (const directory of present) remove(directory);
}
