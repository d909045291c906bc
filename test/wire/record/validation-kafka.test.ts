/**
 * The same batches under the same rules, validated here and by Kafka's own validator (test/golden/RecordValidation.java).
 * Where we differ on purpose, wire/record/validation.ts says why, and the test names the case.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ErrorCode } from '../../../wire/base/error-codes';
import { BatchField, BatchView, TimestampType } from '../../../wire/record/batch';
import { CompressionType, compressionName } from '../../../wire/record/compression-type';
import { decodeRecords, type RecordSpec } from '../../../wire/record/records';
import { validateBatch } from '../../../wire/record/validation';
import type { ValidationRules } from '../../../wire/record/validation-rules';
import { compileJava, jvmFlags } from '../../support/java';
import { needs } from '../../support/needs';
import { batch, changed, codecNames, nowMs, record, records, rules } from './validation-case';

interface Case {
  readonly what: string;
  readonly bytes: Uint8Array;
  readonly rules: ValidationRules;
}

function ask(cases: readonly Case[]): string[] {
  const lines = cases.map(({ bytes, rules: r }) => {
    const type = r.timestampType === TimestampType.logAppendTime ? 'LogAppendTime' : 'CreateTime';
    const target = r.compressionType === 'producer' ? 'producer' : compressionName(r.compressionType);
    const words = [Buffer.from(bytes).toString('base64') || '-', r.produceVersion, r.isCompacted, type];
    return [...words, r.beforeMaxMs, r.afterMaxMs, target, r.maxMessageBytes, nowMs].join(' ');
  });
  const classpath = compileJava(join(__dirname, '../../golden/RecordValidation.java'));
  const result = spawnSync('java', [...jvmFlags(classpath, 256), 'RecordValidation'], {
    input: lines.join('\n'),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  expect([result.status, result.stderr]).toEqual([0, '']);
  return result.stdout.trimEnd().split('\n');
}

/** What a batch means to its readers. */
function meaning(bytes: Uint8Array, withoutTimes: boolean): object {
  const view = new BatchView(bytes);
  const decoded = decodeRecords(view).map((one) => (withoutTimes ? { ...one, timestampMs: 0 } : one));
  const { maxTimestamp, timestampType, producerId, producerEpoch, baseSequence, isTransactional, compression } = view;
  const header = { maxTimestamp, timestampType, producerId, producerEpoch, baseSequence, isTransactional, compression };
  return { ...header, recordsCount: view.recordsCount, records: decoded };
}

function ours(one: Case): { answer: string; bytes: Uint8Array | null; isRewritten: boolean } {
  const result = validateBatch(Uint8Array.from(one.bytes), one.rules, nowMs);
  if (result.ok) {
    return { answer: `ok ${result.maxTimestampMs}`, bytes: result.bytes, isRewritten: result.isRewritten };
  }
  const indexes = result.recordErrors.map((error) => error.batchIndex).join(',');
  return { answer: `error ${result.errorCode} ${indexes}`.trimEnd(), bytes: null, isRewritten: false };
}

function compare(one: Case, answer: string): void {
  const words = answer.split(' ');
  const mine = ours(one);
  if (words[0] !== 'ok') {
    // What Kafka has no name for (UNKNOWN_SERVER_ERROR: a broken stream, an unknown codec) has one here.
    const isUnnamed = words[1] === String(ErrorCode.UNKNOWN_SERVER_ERROR);
    // Kafka trips over compressed batches with gaps unless it recompresses them anyway; we renumber.
    if (isUnnamed) expect([one.what, mine.answer.startsWith('error') || mine.isRewritten]).toEqual([one.what, true]);
    else expect([one.what, mine.answer]).toEqual([one.what, answer.trimEnd()]);
    return;
  }
  expect([one.what, mine.answer]).toEqual([one.what, `ok ${words[1]}`]);
  const theirs = Uint8Array.from(Buffer.from(words[2] ?? '', 'base64'));
  const bytes = mine.bytes as Uint8Array;
  if (mine.isRewritten) {
    // Recompressing a batch whose producer claimed append time, Kafka writes that time into every record; we leave them.
    const hasClaim = one.what.startsWith('LogAppendTime');
    expect([one.what, meaning(bytes, hasClaim)]).toEqual([one.what, meaning(theirs, hasClaim)]);
    return;
  }
  new BatchView(bytes).setPartitionLeaderEpoch(new BatchView(theirs).partitionLeaderEpoch);
  expect([one.what, Buffer.from(bytes).toString('hex')]).toEqual([one.what, Buffer.from(theirs).toString('hex')]);
}

/** Every kind of batch that the rules speak of, under every codec. */
function batches(): [string, Uint8Array][] {
  const all: [string, Uint8Array][] = [];
  for (const name of codecNames()) {
    const compression = CompressionType[name];
    const of = (what: string, list: RecordSpec[], more: object = {}): void => {
      all.push([`${what}, ${name}`, batch({ records: list, compression, ...more })]);
    };
    of('usual', records(20));
    of('one record', records(1));
    of(
      'headers',
      records(3, {
        headers: [
          { key: 'h', value: null },
          { key: '', value: Buffer.from('v') },
        ],
      }),
    );
    of('null values', records(4, { value: null }));
    of('some keys null', [record(0), record(1, { key: null }), record(2, { key: null }), record(3)]);
    of('empty keys', records(3, { key: Buffer.alloc(0) }));
    of('no timestamps', records(3, { timestampMs: -1 }));
    of('one without timestamp', [record(0), record(1, { timestampMs: -1 })]);
    of('old', records(3, { timestampMs: nowMs - 100_000 }));
    of('future', records(3, { timestampMs: nowMs + 100_000_000 }));
    of('the last one future', [record(0), record(1), record(2, { timestampMs: nowMs + 100_000_000 })]);
    of('timestamps going down', [5, 4, 3].map((back, i) => record(i, { timestampMs: nowMs - back })).reverse());
    of('a wrong maximum', records(3), { maxTimestampMs: nowMs + 77 });
    of('LogAppendTime', records(3), { timestampType: TimestampType.logAppendTime });
    of('LogAppendTime of -1', records(3), { timestampType: TimestampType.logAppendTime, maxTimestampMs: -1 });
    of('transactional', records(3), { producerId: 4, producerEpoch: 2, baseSequence: 9, isTransactional: true });
    of('without sequence', records(3), { producerId: 4, producerEpoch: 2 });
    of('control', records(1), { isControl: true });
    of('base offset 7', records(2), { baseOffset: 7 });
    of('large', records(2, { value: Buffer.alloc(3000, 7) }));
    if (name !== 'none') {
      const gaps = [record(0), record(1, { offsetDelta: 4 }), record(2, { offsetDelta: 9 })];
      of('offset gaps', gaps, { lastOffsetDelta: 2 });
    }
  }
  return all;
}

function broken(): [string, Uint8Array][] {
  const good = batch();
  const all: [string, Uint8Array][] = [];
  for (let length = 0; length <= good.length; length++) all.push([`cut at ${length}`, good.subarray(0, length)]);
  for (let length = 0; length <= 70; length++) {
    all.push([`a second one, cut at ${length}`, Buffer.concat([good, good.subarray(0, length)])]);
  }
  all.push(['two', Buffer.concat([good, good])], ['zeros behind', Buffer.concat([good, Buffer.alloc(20)])]);
  for (const magic of [-1, 0, 1, 3]) {
    all.push([`magic ${magic}`, changed(good, (b) => b.writeInt8(magic, BatchField.magic))]);
  }
  for (let at = BatchField.crc; at < good.length; at += 3) {
    const copy = Uint8Array.from(good);
    copy[at] = (copy[at] as number) ^ 1;
    all.push([`bit flipped at ${at}`, copy]);
  }
  for (const count of [-1, 0, 1, 2, 4, 2 ** 31 - 1]) {
    all.push([`count ${count}`, changed(good, (b) => b.writeInt32BE(count, BatchField.recordsCount))]);
    all.push([`last delta ${count}`, changed(good, (b) => b.writeInt32BE(count, BatchField.lastOffsetDelta))]);
    const both = (b: Buffer): void => {
      b.writeInt32BE(count, BatchField.recordsCount);
      b.writeInt32BE(count - 1, BatchField.lastOffsetDelta);
    };
    all.push([`count and last delta ${count}`, changed(good, both)]);
  }
  for (let at = 61; at < good.length; at++) {
    for (const byte of [0, 1, 0x7f, 0x80, 0xff]) {
      if (isOffsetDelta(at, good)) continue;
      all.push([`byte ${at} is ${byte}`, changed(good, (b) => (b[at] = byte))]);
    }
  }
  return all;
}

/** Where Kafka keeps a wrong offset delta of an uncompressed batch and we renumber: each record's third byte after its size. */
function isOffsetDelta(at: number, bytes: Uint8Array): boolean {
  let start = 61;
  while (start < bytes.length) {
    if (at >= start + 2 && at <= start + 3) return true;
    start += 1 + (bytes[start] as number) / 2;
  }
  return false;
}

const variants: [string, Partial<ValidationRules>][] = [
  ['producer', {}],
  ['compacted', { isCompacted: true }],
  ['LogAppendTime', { timestampType: TimestampType.logAppendTime }],
  ['narrow bounds', { beforeMaxMs: 5000, afterMaxMs: 5000 }],
  ['compacted with narrow bounds', { isCompacted: true, beforeMaxMs: 900, afterMaxMs: 0 }],
  ['small batches', { maxMessageBytes: 400 }],
  ['Produce 6', { produceVersion: 6 }],
  ['uncompressed', { compressionType: CompressionType.none }],
  ['lz4', { compressionType: CompressionType.lz4 }],
  ['zstd and LogAppendTime', { compressionType: CompressionType.zstd, timestampType: TimestampType.logAppendTime }],
];

needs('kafka')('Kafka’s validator', () => {
  test.each([
    ['batches of every kind under every rule', () => cross(batches(), variants)],
    ['broken batches', () => cross(broken(), variants.slice(0, 3))],
  ])('agrees on %s', (_, make) => {
    const cases = make();
    const answers = ask(cases);
    expect(answers.length).toBe(cases.length);
    cases.forEach((one, i) => compare(one, answers[i] as string));
  });
});

function cross(all: [string, Uint8Array][], under: [string, Partial<ValidationRules>][]): Case[] {
  return under.flatMap(([name, more]) =>
    all.map(([what, bytes]) => ({ what: `${what} (${name})`, bytes, rules: { ...rules, ...more } })),
  );
}
