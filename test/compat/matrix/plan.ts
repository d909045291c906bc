/**
 * The records of the codec matrix, made from a seed: sizes as in real use (most small, a few of a megabyte), keys that
 * repeat, missing keys, tombstones, headers. A record names itself `producer-sequence` at the start of its value, or in its
 * key when it is a tombstone.
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';

export interface PlannedRecord {
  readonly id: string;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [string, string])[];
}

/** What a reader must report of a record. */
export interface ExpectedRecord {
  readonly key: string | null;
  readonly digest: string | null;
  readonly headers: readonly (readonly [string, string])[];
}

export type Expectation = ReadonlyMap<string, ExpectedRecord>;

const KEYS = 500;
/** Even with its name in front a value stays within what every client sends by default. */
const MAX_VALUE_CHARS = 1_000_000;
const LARGE_FROM_CHARS = 20_000;
const MEDIUM_FROM_CHARS = 1000;

/** Writes a producer's records as the client scripts read them, and returns what readers must find. */
export function writePlan(file: string, producer: string, count: number, seed: number): Map<string, ExpectedRecord> {
  const random = mulberry32(seed);
  const words = text(random);
  const expected = new Map<string, ExpectedRecord>();
  const fd = openSync(file, 'w');
  try {
    for (let sequence = 0; sequence < count; sequence++) {
      const { id, key, value, headers } = planRecord(producer, sequence, random, words);
      writeSync(fd, `${JSON.stringify({ k: key, v: value, h: headers })}\n`);
      expected.set(id, { key, digest: value === null ? null : digest(value), headers });
    }
  } finally {
    closeSync(fd);
  }
  return expected;
}

function planRecord(producer: string, sequence: number, random: () => number, words: string): PlannedRecord {
  const id = `${producer}-${sequence}`;
  const headers = headersOf(producer, sequence);
  if (sequence % 10 === 3) return { id, key: id, value: null, headers };
  const key = sequence % 10 === 7 ? null : `key-${Math.floor(random() * KEYS)}`;
  const size = valueChars(random);
  const start = Math.floor(random() * (words.length - size));
  return { id, key, value: `${id}|ž|${words.slice(start, start + size)}`.slice(0, MAX_VALUE_CHARS), headers };
}

/** kcat gives all records of a run the same headers; the others vary theirs, down to none. */
function headersOf(producer: string, sequence: number): PlannedRecord['headers'] {
  if (producer === 'kcat') return [['from', 'kcat']];
  if (sequence % 4 === 0) return [];
  const first = ['from', producer] as const;
  return sequence % 4 === 1 ? [first] : [first, ['sequence', String(sequence)], ['ünïcode', 'ж']];
}

/** 90 % of 1 to 1,000 characters, 9.9 % up to 20,000, 0.1 % up to 1,000,000. */
function valueChars(random: () => number): number {
  const kind = random();
  if (kind < 0.9) return 1 + Math.floor(random() * MEDIUM_FROM_CHARS);
  if (kind < 0.999) return MEDIUM_FROM_CHARS + Math.floor(random() * (LARGE_FROM_CHARS - MEDIUM_FROM_CHARS));
  return LARGE_FROM_CHARS + Math.floor(random() * (MAX_VALUE_CHARS - LARGE_FROM_CHARS));
}

/** Text that compresses about as well as JSON does. */
function text(random: () => number): string {
  const vocabulary = Array.from({ length: 2000 }, () => Math.floor(random() * 2 ** 40).toString(36));
  const words: string[] = [];
  for (let chars = 0; chars < MAX_VALUE_CHARS * 1.2;) {
    const word = vocabulary[Math.floor(random() * random() * vocabulary.length)] as string;
    words.push(word);
    chars += word.length + 1;
  }
  return words.join(' ');
}

function digest(value: string): string {
  return createHash('sha1').update(value).digest('hex').slice(0, 16);
}

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
