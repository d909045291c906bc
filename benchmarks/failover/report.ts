/** What a measurement of failovers says: lines for people, rows for a file, and whether the bars hold. */
import { percentile } from '../statistics';
import type { Kind, Round } from './rounds';
import type { TargetName } from './targets';
import { USER_NAMES, type UserName } from './user';

interface Bar {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const BARS: Readonly<Record<Kind, Bar>> = {
  leader: { p50Ms: 300, p99Ms: 1000 },
  both: { p50Ms: 2000, p99Ms: 2000 },
  silent: { p50Ms: 4000, p99Ms: 4000 },
  cut: { p50Ms: 4000, p99Ms: 4000 },
};
const MAX_RSS_BYTES = 400 * 2 ** 20;
const MIN_IDLE_SHARE = 0.25;

/** Ours only: what Apache Kafka does is told, and held to nothing. */
export function holds(kind: Kind, rounds: readonly Round[]): boolean {
  const gaps = rounds.map(({ gapMs }) => gapMs);
  const bar = BARS[kind];
  return percentile(gaps, 0.5) <= bar.p50Ms && percentile(gaps, 0.99) <= bar.p99Ms && rounds.every(({ peakRssBytes }) => peakRssBytes <= MAX_RSS_BYTES);
}

export function reportOf(target: TargetName, kind: Kind, rounds: readonly Round[]): string {
  const { p50Ms, p99Ms } = BARS[kind];
  const bars = target === 'moldau' ? ` (bars ${p50Ms} and ${p99Ms}: ${holds(kind, rounds) ? 'held' : 'MISSED'})` : '';
  const gaps = rounds.map(({ gapMs }) => gapMs);
  const idle = rounds.flatMap((round) => (round.idleShare === null ? [] : [round.idleShare]));
  const busy = idle.filter((share) => share < MIN_IDLE_SHARE).length;
  const lines = [
    `${target}, ${kind}: ${rounds.length} rounds, ${timesOf(gaps)}${bars}`,
    `  peak memory of a node ${Math.round(Math.max(...rounds.map((round) => round.peakRssBytes)) / 2 ** 20)} MB`,
    idle.length === 0 ? '  idle share not known' : `  idle share of the machine ${percent(percentile(idle, 0.5))} (lowest ${percent(Math.min(...idle))}; below a quarter in ${busy} rounds)`,
    ...USER_NAMES.flatMap((name) => userLine(name, rounds)),
  ];
  return `${lines.join('\n')}\n`;
}

function userLine(name: UserName, rounds: readonly Round[]): string[] {
  const seen = rounds.flatMap((round) => round.users.get(name) ?? []);
  if (seen.length === 0) return [];
  const gaps = seen.flatMap(({ gapMs }) => (gapMs === null ? [] : [gapMs]));
  const never = seen.length - gaps.length;
  const counts = new Map<string, number>();
  for (const error of seen.flatMap(({ errors }) => errors)) counts.set(error, (counts.get(error) ?? 0) + 1);
  const errors = [...counts].map(([error, count]) => `${error} (${count} rounds)`).join('; ');
  return [`  ${name}: ${gaps.length === 0 ? 'no ack' : timesOf(gaps)}${never > 0 ? `, no ack in ${never} rounds` : ''}; errors: ${errors || 'none'}`];
}

/** A row for each round; milliseconds, megabytes, per cent. */
export function csvOf(target: TargetName, kind: Kind, rounds: readonly Round[]): string {
  const lines = rounds.map((round, index) => {
    const users = USER_NAMES.map((name) => round.users.get(name)?.gapMs ?? '');
    const idle = round.idleShare === null ? '' : Math.round(round.idleShare * 100);
    return [target, kind, index + 1, round.node, round.isController, round.gapMs.toFixed(0), Math.round(round.peakRssBytes / 2 ** 20), idle, ...users].join(',');
  });
  return `target,kind,round,node,isController,gapMs,peakRssMb,idlePercent,${USER_NAMES.map((name) => `${name}Ms`).join(',')}\n${lines.join('\n')}\n`;
}

function timesOf(gaps: readonly number[]): string {
  const ms = (value: number): string => `${value.toFixed(0)} ms`;
  return `p50 ${ms(percentile(gaps, 0.5))}, p99 ${ms(percentile(gaps, 0.99))}, longest ${ms(Math.max(...gaps))}`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
