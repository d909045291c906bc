/**
 * Part of the binding (`node-disk.ts`): an exclusive lock on a file, for as long as the process lives.
 *
 * The system's own lock is taken where there is a binary for it; it excludes Apache Kafka on the same directory too, and
 * ends with the process. Elsewhere a file beside it names the holder by process id, boot and start time: it outlives a
 * crash, and is taken over once no such process exists.
 */
import * as fs from 'node:fs';
import { DiskError } from './disk';
import { toDiskError } from './node-disk-error';
import { bootId } from './node-volatility';

export interface DirectoryLock {
  release(): void;
}

/** The one function of `fs-native-extensions` that is used. */
export interface NativeLocks {
  tryLock(fd: number): boolean;
}

/** Takes the lock, or throws a DiskError: EACCES when another process (or another broker of this one) has it. */
export function lockFile(path: string, native: NativeLocks | null = loadNativeLocks()): DirectoryLock {
  return native === null ? lockByPidFile(path) : lockNatively(path, native);
}

/** Loads a native binary, so only where a server starts; null where there is none for this platform. */
export function loadNativeLocks(): NativeLocks | null {
  try {
    return require('fs-native-extensions') as NativeLocks;
  } catch {
    // No binary for this platform: the pid file does it.
    return null;
  }
}

function lockNatively(path: string, native: NativeLocks): DirectoryLock {
  const fd = attempt(path, () => fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o644));
  let isOurs = false;
  try {
    isOurs = native.tryLock(fd);
  } catch (error) {
    fs.closeSync(fd);
    throw toDiskError(error, path);
  }
  if (!isOurs) {
    fs.closeSync(fd);
    throw new DiskError('EACCES', path, `${path} is locked by another process`);
  }
  return onceReleased(() => fs.closeSync(fd));
}

function lockByPidFile(path: string): DirectoryLock {
  const pidPath = `${path}.pid`;
  const ours = describeProcess(process.pid);
  // The lock file itself exists in either case, as Kafka's tools expect.
  attempt(path, () => fs.closeSync(fs.openSync(path, 'a')));
  for (let attempts = 0; attempts < 3; attempts++) {
    if (createExclusively(pidPath, ours)) return onceReleased(() => removeIfEqual(pidPath, ours));
    const holder = readOrNull(pidPath);
    if (holder !== null && isAlive(holder)) break;
    if (holder !== null) removeStale(pidPath, holder);
  }
  throw new DiskError('EACCES', path, `${path} is locked by the process in ${pidPath}`);
}

function createExclusively(pidPath: string, content: string): boolean {
  try {
    fs.writeFileSync(pidPath, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EEXIST') return false;
    throw toDiskError(error, pidPath);
  }
}

/** Moves the file away before deleting it: of two processes that found it stale, one may have written its own already. */
function removeStale(pidPath: string, stale: string): void {
  const aside = `${pidPath}.${process.pid}`;
  try {
    fs.renameSync(pidPath, aside);
  } catch {
    // Somebody else was faster; the next attempt sees what they left.
    return;
  }
  if (readOrNull(aside) !== stale) fs.linkSync(aside, pidPath);
  fs.unlinkSync(aside);
}

function removeIfEqual(pidPath: string, content: string): void {
  if (readOrNull(pidPath) === content) fs.unlinkSync(pidPath);
}

/** `pid bootId startTime`: a process id alone comes back, after a reboot or a while. */
function describeProcess(pid: number): string {
  return `${pid} ${bootId() ?? '-'} ${startTimeOf(pid) ?? '-'}\n`;
}

function isAlive(holder: string): boolean {
  const pid = Number(holder.split(' ', 1)[0]);
  if (!Number.isInteger(pid) || pid <= 0 || !exists(pid)) return false;
  return describeProcess(pid) === holder;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it exists, and belongs to somebody else.
    return (error as { code?: unknown }).code === 'EPERM';
  }
}

/** Start of a process in clock ticks after boot, where /proc tells; field 22 of `stat`, counted behind the name. */
function startTimeOf(pid: number): string | null {
  const stat = readOrNull(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

function readOrNull(file: string): string | null {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    // Gone meanwhile, or a system without /proc.
    return null;
  }
}

function attempt<T>(path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw toDiskError(error, path);
  }
}

function onceReleased(release: () => void): DirectoryLock {
  let isHeld = true;
  return {
    release(): void {
      if (!isHeld) return;
      isHeld = false;
      release();
    },
  };
}
