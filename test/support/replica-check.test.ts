import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeBatch } from '../../wire/record/records';
import { createCrc32c } from '../sim/crc32c';
import { replicaCheck } from './replica-check';

const TOPIC_ID = 'q83vASNFZ4mrze8BI0VniQ';
const crc32c = createCrc32c();

/** One record at `offset`. */
function batchAt(offset: number, epoch: number, value: string): Uint8Array {
  const records = [{ key: null, value: Buffer.from(value), timestampMs: 1 }];
  return encodeBatch({ records, baseOffset: offset, leaderEpoch: epoch }, crc32c);
}

interface Told {
  /** Segments by their base offset. */
  readonly segments: Readonly<Record<number, readonly Uint8Array[]>>;
  readonly highWatermark: number;
  readonly topicId?: string;
}

describe('the check of replicas', () => {
  const made: string[] = [];

  /** A broker's data directory with the partition t-0. */
  function directory({ segments, highWatermark, topicId = TOPIC_ID }: Told): string {
    const path = mkdtempSync(join(tmpdir(), 'moldau-replicas-'));
    made.push(path);
    mkdirSync(join(path, 't-0'));
    mkdirSync(join(path, '__cluster_metadata-0'));
    for (const [base, batches] of Object.entries(segments)) writeFileSync(join(path, 't-0', `${base.padStart(20, '0')}.log`), Buffer.concat([...batches]));
    writeFileSync(join(path, 't-0', 'partition.metadata'), `version: 0\ntopic_id: ${topicId}\n`);
    writeFileSync(join(path, 'replication-offset-checkpoint'), `0\n1\nt 0 ${highWatermark}\n`);
    return path;
  }

  function check(...paths: readonly string[]): { readonly code: number; readonly lines: readonly string[] } {
    const lines: string[] = [];
    return { code: replicaCheck(paths, (line) => lines.push(line)), lines };
  }

  afterEach(() => {
    for (const path of made.splice(0)) rmSync(path, { recursive: true });
  });

  test('finds the same bytes the same, whatever the segments', () => {
    const [a, b, c] = [batchAt(0, 1, 'a'), batchAt(1, 1, 'b'), batchAt(2, 2, 'c')];
    const one = directory({ segments: { 0: [a, b, c] }, highWatermark: 3 });
    const other = directory({ segments: { 0: [a], 1: [b, c] }, highWatermark: 2 });
    expect(check(one, other)).toEqual({ code: 0, lines: ['t-0: the same on 2 replicas up to 2'] });
  });

  test('overlooks what lies above the least high watermark, also half a batch', () => {
    const one = directory({ segments: { 0: [batchAt(0, 1, 'a'), batchAt(1, 1, 'x')] }, highWatermark: 1 });
    const other = directory({ segments: { 0: [batchAt(0, 1, 'a'), batchAt(1, 2, 'y').subarray(0, 65)] }, highWatermark: 2 });
    expect(check(one, other).code).toBe(0);
  });

  test('says where replicas differ', () => {
    const one = directory({ segments: { 0: [batchAt(0, 1, 'a'), batchAt(1, 1, 'b')] }, highWatermark: 2 });
    const other = directory({ segments: { 0: [batchAt(0, 1, 'a'), batchAt(1, 3, 'c')] }, highWatermark: 2 });
    const { code, lines } = check(one, other);
    expect(code).toBe(1);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^t-0: at offset 1 .* epoch 1.* epoch 3.*; both should hold the same below 2$/);
  });

  test('says which log ends too early, has a hole, or belongs to another topic', () => {
    const whole = { segments: { 0: [batchAt(0, 1, 'a'), batchAt(1, 1, 'b'), batchAt(2, 1, 'c')] }, highWatermark: 3 };
    const short = check(directory(whole), directory({ segments: { 0: [batchAt(0, 1, 'a')] }, highWatermark: 3 }));
    expect(short.lines[0]).toMatch(/^t-0: the log of .* ends at 1, below 3$/);
    const holed = check(directory(whole), directory({ segments: { 0: [batchAt(0, 1, 'a'), batchAt(2, 1, 'c')] }, highWatermark: 3 }));
    expect(holed.lines[0]).toMatch(/^t-0: the log of .* has nothing from 1 to 1$/);
    const other = check(directory(whole), directory({ ...whole, topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' }));
    expect(other.lines[0]).toMatch(/^t-0: .* holds topic q83vASNFZ4mrze8BI0VniQ, .* topic AAAAAAAAAAAAAAAAAAAAAQ$/);
  });

  test('wants more than one directory', () => {
    expect(check('somewhere').code).toBe(2);
  });
});
