import fc from 'fast-check';
import { DecodeError } from '../../../wire/base/errors';
import { BatchView } from '../../../wire/record/batch';
import {
  controlTypeId,
  decodeControlBatch,
  decodeControlRecord,
  encodeControlBatch,
  encodeControlKey,
  encodeControlValue,
  encodeTransactionMarker,
  type ControlRecord,
} from '../../../wire/record/control-records';
import { crc32cPortable } from '../../../wire/record/crc32c';
import { decodeRecords } from '../../../wire/record/records';

const directoryId = 'SGVsbG8gTW9sZGF1ISEhIQ';
const zeroId = 'AAAAAAAAAAAAAAAAAAAAAA';

const examples: ControlRecord[] = [
  { type: 'ABORT', coordinatorEpoch: 7 },
  { type: 'COMMIT', coordinatorEpoch: -1 },
  {
    type: 'LEADER_CHANGE',
    value: {
      version: 0,
      leaderId: 3,
      voters: [{ voterId: 3, voterDirectoryId: zeroId }],
      grantingVoters: [{ voterId: 3, voterDirectoryId: zeroId }],
    },
  },
  {
    type: 'LEADER_CHANGE',
    value: { version: 1, leaderId: 3, voters: [{ voterId: 3, voterDirectoryId: directoryId }], grantingVoters: [] },
  },
  { type: 'SNAPSHOT_HEADER', value: { version: 0, lastContainedLogTimestamp: 1_700_000_000_000 } },
  { type: 'SNAPSHOT_FOOTER', value: { version: 0 } },
  { type: 'KRAFT_VERSION', value: { version: 0, kRaftVersion: 1 } },
  {
    type: 'KRAFT_VOTERS',
    value: {
      version: 0,
      voters: [
        {
          voterId: 1,
          voterDirectoryId: directoryId,
          endpoints: [{ name: 'CONTROLLER', host: 'localhost', port: 9093 }],
          kRaftVersionFeature: { minSupportedVersion: 0, maxSupportedVersion: 1 },
        },
      ],
    },
  },
];

describe('control records', () => {
  test.each(examples.map((record) => [record.type, record] as const))('%s survives', (type, record) => {
    expect(decodeControlRecord(encodeControlKey(type), encodeControlValue(record))).toEqual(record);
  });

  test('travel in one control batch with the epoch that wrote them', () => {
    const bytes = encodeControlBatch(examples, { baseOffset: 40, leaderEpoch: 5, timestampMs: 99 }, crc32cPortable);
    const batch = new BatchView(bytes);
    expect([batch.isControl, batch.isTransactional, batch.partitionLeaderEpoch]).toEqual([true, false, 5]);
    expect(decodeControlBatch(batch)).toEqual(examples.map((record, i) => ({ offset: 40 + i, record })));
  });

  test('a transaction marker has Kafka’s bytes', () => {
    const bytes = encodeTransactionMarker(
      {
        result: 'COMMIT',
        producerId: 13,
        producerEpoch: 2,
        coordinatorEpoch: 0x01020304,
        leaderEpoch: 6,
        timestampMs: 1000,
      },
      crc32cPortable,
    );
    const batch = new BatchView(bytes);
    expect([batch.isControl, batch.isTransactional, batch.compression]).toEqual([true, true, 0]);
    expect([batch.producerId, batch.producerEpoch, batch.baseSequence]).toEqual([13, 2, -1]);
    expect([batch.baseTimestamp, batch.maxTimestamp, batch.recordsCount]).toEqual([1000, 1000, 1]);
    const [record] = decodeRecords(batch);
    expect([...(record?.key ?? [])]).toEqual([0, 0, 0, 1]);
    expect([...(record?.value ?? [])]).toEqual([0, 0, 1, 2, 3, 4]);
    // header 61, then length, attributes, timestamp delta, offset delta, key length and key, value length and value, headers
    expect(bytes.length).toBe(61 + 1 + 1 + 1 + 1 + 1 + 4 + 1 + 6 + 1);
  });

  test('types and values of later versions are read as far as they are known', () => {
    expect(decodeControlRecord(Uint8Array.of(0, 0, 0, 9), null)).toEqual({ type: 'UNKNOWN', typeId: 9 });
    expect(decodeControlRecord(Uint8Array.of(0, 1, 0, 0, 5), Uint8Array.of(0, 1, 0, 0, 0, 8, 77))).toEqual({
      type: 'ABORT',
      coordinatorEpoch: 8,
    });
    expect(controlTypeId(Uint8Array.of(0, 0, 0, 2))).toBe(2);
  });

  test('bytes that cannot be a control record are a DecodeError', () => {
    const key = encodeControlKey('COMMIT');
    for (const junk of [null, new Uint8Array(0), Uint8Array.of(0, 0, 0), Uint8Array.of(255, 255, 0, 1)]) {
      expect(() => controlTypeId(junk)).toThrow(DecodeError);
    }
    for (const junk of [null, Uint8Array.of(0), Uint8Array.of(0, 0, 1), Uint8Array.of(255, 255, 0, 0, 0, 1)]) {
      expect(() => decodeControlRecord(key, junk)).toThrow(DecodeError);
    }
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 6 }), fc.uint8Array({ maxLength: 60 }), (typeId, value) => {
        try {
          decodeControlRecord(Uint8Array.of(0, 0, 0, typeId), value);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
