/** What else is told of a round: how much of the machine was idle, and what the nodes' memory grew to. Linux only. */
import { readFileSync } from 'node:fs';
import { processMemory } from '../process-stat';

/** Ticks of all cores since the machine's start. */
export interface MachineTicks {
  readonly total: number;
  readonly idle: number;
}

/** Null where there is no /proc. */
export function machineTicks(): MachineTicks | null {
  try {
    return ticksOf(readFileSync('/proc/stat', 'utf8'));
  } catch {
    return null;
  }
}

/** The first line counts user, nice, system, idle, iowait, irq, softirq and steal; waiting for a disk is idle too. */
export function ticksOf(stat: string): MachineTicks {
  const counts = (stat.split('\n', 1)[0] ?? '').trim().split(/\s+/).slice(1, 9).map(Number);
  return { total: counts.reduce((sum, each) => sum + each, 0), idle: (counts[3] ?? 0) + (counts[4] ?? 0) };
}

/** The share of the machine that was idle between two readings, 0 to 1; null when it is not known. */
export function idleShare(from: MachineTicks | null, to: MachineTicks | null): number | null {
  if (from === null || to === null || to.total === from.total) return null;
  return (to.idle - from.idle) / (to.total - from.total);
}

/** The most that any of these processes ever had resident, in bytes; 0 when none is known. */
export function peakRssBytes(pids: readonly number[]): number {
  return Math.max(0, ...pids.map((pid) => processMemory(pid)?.peakRssBytes ?? 0));
}
