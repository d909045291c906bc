/** Batches that Kafka's MemoryRecords wrote: the same records must become the same bytes here. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BatchView } from '../../../wire/record/batch';
import {
  decodeControlBatch,
  encodeControlBatch,
  encodeTransactionMarker,
  type ControlRecord,
} from '../../../wire/record/control-records';
import { crc32cPortable } from '../../../wire/record/crc32c';
import { decodeRecords, encodeBatch } from '../../../wire/record/records';

const file = join(__dirname, '../../golden/record-batches.json');
const { batches } = JSON.parse(readFileSync(file, 'utf8')) as { batches: Record<string, string> };

const timestampMs = 1_700_000_000_000;
const first = {
  key: Buffer.from('key'),
  value: Buffer.from('value'),
  timestampMs,
  headers: [
    { key: 'h', value: Buffer.from('x') },
    { key: 'ü', value: null },
  ],
};

function control(record: ControlRecord, baseOffset: number): Uint8Array {
  return encodeControlBatch([record], { baseOffset, leaderEpoch: 4, timestampMs }, crc32cPortable);
}

const voterIds = (...ids: number[]) => ids.map((voterId) => ({ voterId, voterDirectoryId: 'AAAAAAAAAAAAAAAAAAAAAA' }));

const leaderChange: ControlRecord = {
  type: 'LEADER_CHANGE',
  value: { version: 0, leaderId: 2, voters: voterIds(1, 2), grantingVoters: voterIds(2) },
};
const voters: ControlRecord = {
  type: 'KRAFT_VOTERS',
  value: {
    version: 0,
    voters: [
      {
        voterId: 1,
        voterDirectoryId: 'SGVsbG8gTW9sZGF1ISEhIQ',
        endpoints: [{ name: 'CONTROLLER', host: 'localhost', port: 9093 }],
        kRaftVersionFeature: { minSupportedVersion: 0, maxSupportedVersion: 1 },
      },
    ],
  },
};
const snapshotHeader: ControlRecord = {
  type: 'SNAPSHOT_HEADER',
  value: { version: 0, lastContainedLogTimestamp: 1_690_000_000_000 },
};

const ours: Record<string, Uint8Array> = {
  plain: encodeBatch(
    {
      baseOffset: 1_234_567_890_123,
      records: [
        first,
        { key: null, value: null, timestampMs: timestampMs + 123 },
        { key: Buffer.alloc(0), value: Buffer.alloc(200), timestampMs: timestampMs - 1000 },
      ],
    },
    crc32cPortable,
  ),
  idempotent: encodeBatch(
    {
      baseOffset: 7,
      records: [first],
      producerId: 4_000_000_000,
      producerEpoch: 3,
      baseSequence: 2_147_483_647,
      leaderEpoch: 9,
      isTransactional: true,
    },
    crc32cPortable,
  ),
  marker: encodeTransactionMarker(
    {
      result: 'ABORT',
      baseOffset: 42,
      timestampMs,
      leaderEpoch: 5,
      producerId: 13,
      producerEpoch: 2,
      coordinatorEpoch: 77,
    },
    crc32cPortable,
  ),
  leaderChange: control(leaderChange, 10),
  snapshotHeader: control(snapshotHeader, 0),
  snapshotFooter: control({ type: 'SNAPSHOT_FOOTER', value: { version: 0 } }, 3),
  kraftVersion: control({ type: 'KRAFT_VERSION', value: { version: 0, kRaftVersion: 1 } }, 3),
  voters: control(voters, 3),
};

describe('the bytes of Kafka', () => {
  test.each(Object.keys(batches))('are ours for %s', (name) => {
    expect(Buffer.from(ours[name] ?? []).toString('hex')).toBe(batches[name]);
  });

  test('are read back', () => {
    const view = (name: string) => new BatchView(Uint8Array.from(Buffer.from(batches[name] ?? '', 'hex')));
    expect(Object.keys(batches).every((name) => view(name).isCrcValid(crc32cPortable))).toBe(true);
    expect(decodeControlBatch(view('leaderChange'))).toEqual([{ offset: 10, record: leaderChange }]);
    expect(decodeControlBatch(view('voters'))).toEqual([{ offset: 3, record: voters }]);
    expect(decodeRecords(view('idempotent'))[0]?.headers.map((header) => header.key)).toEqual(['h', 'ü']);
  });
});
