/**
 * Kafka's text checkpoints: version line `0`, entry count, one entry a line. A file that does not read back whole is
 * reported as unreadable, never half believed.
 */
import type { Disk } from './disk';
import { readTextFile, replaceFile, type Durability } from './small-file';
import type { TopicPartition } from './file-names';

/** A checkpoint that cannot be read: the caller says what it does instead. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';
}

/** Parses the common frame; `parseLine` returns null for a line that is not an entry. Throws CheckpointError. */
function parseCheckpoint<T>(path: string, text: string, parseLine: (line: string) => T | null): T[] {
  const lines = text.split('\n');
  if (lines[0] !== '0') throw new CheckpointError(`${path}: unknown version '${lines[0] ?? ''}', expected 0`);
  const count = Number(lines[1]);
  if (!Number.isSafeInteger(count) || count < 0 || lines[1] === '') {
    throw new CheckpointError(`${path}: line 2 is '${lines[1] ?? ''}', expected the number of entries`);
  }
  const body = lines.slice(2);
  if (body.at(-1) === '') body.pop();
  if (body.length !== count) throw new CheckpointError(`${path}: ${body.length} entries, but line 2 says ${count}`);
  return body.map((line, index) => {
    const entry = parseLine(line);
    if (entry === null) throw new CheckpointError(`${path}: line ${index + 3} is not an entry: '${line}'`);
    return entry;
  });
}

function formatCheckpoint(lines: readonly string[]): string {
  return `0\n${lines.length}\n${lines.map((line) => `${line}\n`).join('')}`;
}

function parseOffset(text: string): number | null {
  if (!/^\d{1,19}$/.test(text)) return null;
  const offset = Number(text);
  return Number.isSafeInteger(offset) ? offset : null;
}

export interface PartitionOffset extends TopicPartition {
  readonly offset: number;
}

/** Reads recovery points, log starts or high watermarks: `<topic> <partition> <offset>`. Missing file: no entries. */
export function readOffsetCheckpoint(disk: Disk, directory: string, name: string): PartitionOffset[] {
  const path = `${directory}/${name}`;
  const text = readTextFile(disk, path);
  if (text === null) return [];
  return parseCheckpoint(path, text, (line) => {
    const [topic, partitionText, offsetText, ...rest] = line.split(' ');
    const partition = parseOffset(partitionText ?? '');
    const offset = parseOffset(offsetText ?? '');
    if (topic === undefined || topic === '' || partition === null || offset === null || rest.length > 0) return null;
    return { topic, partition, offset };
  });
}

export function writeOffsetCheckpoint(
  disk: Disk,
  directory: string,
  name: string,
  entries: readonly PartitionOffset[],
  durability: Durability = 'durable',
): void {
  const lines = entries.map((e) => `${e.topic} ${e.partition} ${e.offset}`);
  replaceFile(disk, directory, name, formatCheckpoint(lines), durability);
}

export interface EpochEntry {
  readonly epoch: number;
  readonly startOffset: number;
}

/** Reads `leader-epoch-checkpoint`: `<epoch> <startOffset>`, both ascending. Missing file: no entries. */
export function readEpochCheckpoint(disk: Disk, directory: string, name: string): EpochEntry[] {
  const path = `${directory}/${name}`;
  const text = readTextFile(disk, path);
  if (text === null) return [];
  return parseCheckpoint(path, text, (line) => {
    const [epochText, offsetText, ...rest] = line.split(' ');
    const epoch = parseOffset(epochText ?? '');
    const startOffset = parseOffset(offsetText ?? '');
    return epoch === null || startOffset === null || rest.length > 0 ? null : { epoch, startOffset };
  });
}

export function writeEpochCheckpoint(
  disk: Disk,
  directory: string,
  name: string,
  entries: readonly EpochEntry[],
  durability: Durability,
): void {
  replaceFile(disk, directory, name, formatCheckpoint(entries.map((e) => `${e.epoch} ${e.startOffset}`)), durability);
}
