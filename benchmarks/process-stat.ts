/** What Linux says of a process: CPU time and resident memory. Elsewhere there is no /proc, and the answers are null. */
import { readFileSync } from 'node:fs';

/** The kernel's USER_HZ, which is 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

export interface ProcessMemory {
  readonly rssBytes: number;
  /** The most that was ever resident. */
  readonly peakRssBytes: number;
}

/** Seconds of user and system time of all its threads, those that ended included. Fine to 10 ms. */
export function cpuSeconds(pid: number): number | null {
  const text = readProc(pid, 'stat');
  return text === null ? null : cpuSecondsOf(text);
}

export function processMemory(pid: number): ProcessMemory | null {
  const text = readProc(pid, 'status');
  return text === null ? null : memoryOf(text);
}

/** utime and stime are the 14th and 15th fields; the second is the name in brackets, which may hold spaces and brackets. */
export function cpuSecondsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

export function memoryOf(status: string): ProcessMemory {
  const bytesOf = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1024;
  return { rssBytes: bytesOf('VmRSS'), peakRssBytes: bytesOf('VmHWM') };
}

function readProc(pid: number, name: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return null;
  }
}
