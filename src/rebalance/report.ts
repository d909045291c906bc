/** What `moldau rebalance` prints: the brokers before and after, the moves, and what they cost. */
import type { PlanBroker, PlanPartition } from './assignments-core';
import { keyOf } from './cluster-view';
import type { Move } from './plan-core';

/** For the estimate, when no throttle says otherwise: what a disk and a network of today do beside their work. */
const ASSUMED_BYTES_PER_SECOND = 50_000_000;

export function brokerTable(brokers: readonly PlanBroker[], before: readonly PlanPartition[], moves: readonly Move[]): readonly string[] {
  const targets = new Map(moves.map((move) => [keyOf(move), move.to]));
  const after = before.map((each) => ({ ...each, replicas: targets.get(keyOf(each)) ?? each.replicas }));
  const rows = brokers.map(({ id, rack }) => [`${id}`, rack ?? '', ...loadOf(id, before), ...loadOf(id, after)]);
  const head = ['broker', 'rack', 'replicas', 'leaders', 'bytes', 'then', 'leaders', 'bytes'];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  return [head, ...rows].map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd());
}

function loadOf(id: number, partitions: readonly PlanPartition[]): string[] {
  const own = partitions.filter(({ replicas }) => replicas.includes(id));
  const leaders = own.filter(({ replicas }) => replicas[0] === id).length;
  return [`${own.length}`, `${leaders}`, bytesText(own.reduce((sum, { bytes }) => sum + bytes, 0))];
}

export function moveLine(move: Move): string {
  const what = move.added.length === 0 ? 'another preferred leader' : bytesText(move.bytes);
  return `  ${keyOf(move)}  ${move.from.join(',')} -> ${move.to.join(',')}  ${what}`;
}

export function costLines(moves: readonly Move[], batches: number, throttle: number | null): readonly string[] {
  const copies = moves.reduce((sum, { added }) => sum + added.length, 0);
  const bytes = moves.reduce((sum, move) => sum + move.bytes, 0);
  const rate = throttle ?? ASSUMED_BYTES_PER_SECOND;
  const assumed = throttle === null ? ', if that is what goes through' : '';
  return [
    `${moves.length} partitions change, ${copies} replicas are copied, ${bytesText(bytes)}, ${batches} at a time or less.`,
    `About ${durationText(bytes / rate)} at ${bytesText(rate)}/s${assumed}.`,
  ];
}

export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let value = bytes;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}

export function durationText(seconds: number): string {
  if (seconds < 1) return 'a second';
  if (seconds < 120) return `${Math.ceil(seconds)} s`;
  if (seconds < 7200) return `${Math.ceil(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
