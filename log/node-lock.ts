/**
 * The lock of a log directory. Java's FileChannel lock and ours exclude each other, so Apache Kafka and Moldau never run on
 * one directory. Where no native lock exists for the platform, a file with process id and start time does what it can.
 */
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { DiskError } from './disk';
import { diskErrorFrom } from './node-disk-error';

interface NativeLock {
  tryLock(fd: number): boolean;
  unlock(fd: number): void;
}

/** Paths locked by this very process: the system's lock does not keep a process from itself. */
const lockedHere = new Set<string>();

export function lockFile(path: string): { release(): void } {
  const realPath = resolveDirectory(path);
  if (lockedHere.has(realPath)) throw held(path);
  const fd = open(path);
  const native = loadNative();
  try {
    if (native === null) takeByProcessId(fd, path);
    else if (!native.tryLock(fd)) throw held(path);
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
  lockedHere.add(realPath);
  return {
    release() {
      if (!lockedHere.delete(realPath)) return;
      if (native === null) fs.ftruncateSync(fd, 0);
      else native.unlock(fd);
      fs.closeSync(fd);
    },
  };
}

function resolveDirectory(path: string): string {
  const slash = path.lastIndexOf('/');
  try {
    return `${fs.realpathSync(slash < 0 ? '.' : path.slice(0, slash) || '/')}/${path.slice(slash + 1)}`;
  } catch (error) {
    throw diskErrorFrom(error, path);
  }
}

function open(path: string): number {
  try {
    return fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o644);
  } catch (error) {
    throw diskErrorFrom(error, path);
  }
}

function held(path: string): DiskError {
  return new DiskError('EACCES', path, `${path}: locked by another process`);
}

/** Loaded at first use: only a node with data on disk needs it. Null where the platform has no binary. */
function loadNative(): NativeLock | null {
  try {
    return createRequire(__filename)('fs-native-extensions') as NativeLock;
  } catch {
    // No prebuilt binary for this platform, or the package was left out: the process id has to do.
    return null;
  }
}

function takeByProcessId(fd: number, path: string): void {
  const text = fs.readFileSync(fd, 'utf8');
  const [pid, started] = text.trim().split(' ');
  if (pid !== undefined && pid !== '' && started !== undefined && startOf(pid) === started) throw held(path);
  const mine = `${process.pid} ${startOf(String(process.pid)) ?? 'unknown'}\n`;
  fs.ftruncateSync(fd, 0);
  fs.writeSync(fd, mine, 0);
}

/** When a process started, in the kernel's ticks; null when there is no such process, or no way to ask. */
function startOf(pid: string): string | null {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    // Not there (any more), or not Linux.
    return null;
  }
}
