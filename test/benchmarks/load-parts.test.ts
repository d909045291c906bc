/** The parts of the load generator that read bytes by position instead of decoding them. */
import { apis, responseHeaderVersion } from '../../wire/api-keys';
import { IoMemory } from '../../wire/base/io-memory';
import { crc32cPortable } from '../../wire/record/crc32c';
import { BatchView } from '../../wire/record/batch';
import { decodeRecords, DEFAULT_DECODE_LIMITS } from '../../wire/record/records';
import { decode, encode } from '../../wire/codec';
import { decodeRequestHeader, encodeResponseHeader } from '../../wire/header';
import { fetchFrame, fetchLayout } from '../../benchmarks/client/fetch-frames';
import { prepareBatch } from '../../benchmarks/client/payload';
import { produceFrames } from '../../benchmarks/client/produce-frames';
import { SmallFrames } from '../../benchmarks/client/small-frames';

const TOPIC = { name: 'bench', id: 'AAAAAAAAAAAAAAAAAAAAAg', partitions: 3, leaders: [] };
const TIMESTAMP_MS = 1_700_000_000_000;

function versionsOf(api: { request: { validVersions: { min: number; max: number } } }, from: number): number[] {
  const { min, max } = api.request.validVersions;
  return Array.from({ length: max - Math.max(min, from) + 1 }, (_, i) => Math.max(min, from) + i);
}

describe('prepared batches', () => {
  test.each(['none', 'lz4'] as const)('hold as many whole records as fit, with %s', (compression) => {
    const shape = { recordBytes: 1024, batchBytes: 16384, compression };
    const batch = prepareBatch(shape, TIMESTAMP_MS, crc32cPortable);
    const view = new BatchView(batch.bytes);
    const records = decodeRecords(view, DEFAULT_DECODE_LIMITS);
    expect(view.isCrcValid(crc32cPortable)).toBe(true);
    expect(records).toHaveLength(batch.recordsCount);
    expect(records.every(({ value }) => value?.length === 1024)).toBe(true);
    expect(batch.uncompressedBytes).toBeLessThanOrEqual(16384);
    expect(batch.uncompressedBytes).toBeGreaterThan(16384 - 1100);
  });

  test('hold one record when none would fit', () => {
    const shape = { recordBytes: 100, batchBytes: 0, compression: 'none' } as const;
    expect(prepareBatch(shape, TIMESTAMP_MS, crc32cPortable).recordsCount).toBe(1);
  });
});

describe('prepared produce requests', () => {
  test.each(versionsOf(apis.Produce, 3))('are whole frames that go round the partitions, in version %d', (version) => {
    const memory = new IoMemory({ sizeBytes: 1 << 20 });
    const batch = prepareBatch({ recordBytes: 10, batchBytes: 0, compression: 'none' }, TIMESTAMP_MS, crc32cPortable);
    const frames = produceFrames(memory, version, TOPIC, [0, 1, 2], 4, batch.bytes);
    expect(frames.slots).toBe(6);
    for (let slot = 0; slot < frames.slots; slot++) {
      const frame = frames.bytes.subarray(slot * frames.frameBytes, (slot + 1) * frames.frameBytes);
      expect(frame.readInt32BE(0)).toBe(frame.length - 4);
      const header = decodeRequestHeader(frame.subarray(4));
      expect(header.correlationId).toBe(slot);
      const body = decode(apis.Produce.request, version, frame.subarray(4), { offset: header.bodyOffset });
      expect(body.topicData[0]?.partitionData[0]?.index).toBe(slot % 3);
      expect(body.topicData[0]?.partitionData[0]?.records).toEqual(batch.bytes);
    }
    const errorCode = 87;
    const partitionResponses = [{ index: 2, errorCode, baseOffset: 12345, logStartOffset: 99 }];
    const response = [
      encodeResponseHeader(7, responseHeaderVersion(apis.Produce, version)),
      encode(apis.Produce.response, version, {
        responses: [{ name: TOPIC.name, topicId: TOPIC.id, partitionResponses }],
      }),
    ];
    const bytes = Buffer.concat(response);
    expect(bytes.length).toBe(frames.responseBytes);
    expect(bytes.readInt16BE(frames.errorOffset)).toBe(errorCode);
  });
});

describe('prepared fetch requests', () => {
  const limits = { maxBytes: 1 << 20, partitionMaxBytes: 1 << 20 };

  test.each(versionsOf(apis.Fetch, 12))(
    'can be patched and their responses read by position, in version %d',
    (version) => {
      const layout = fetchLayout(version, TOPIC, limits);
      const frame = fetchFrame(version, TOPIC, 1, limits);
      frame.writeBigInt64BE(77_777_777_777n, layout.fetchOffsetAt);
      const { bodyOffset } = decodeRequestHeader(frame.subarray(4));
      const request = decode(apis.Fetch.request, version, frame.subarray(4), { offset: bodyOffset });
      expect(request.topics[0]?.partitions[0]).toMatchObject({ partition: 1, fetchOffset: 77_777_777_777 });

      const records = Buffer.alloc(300, 0xab);
      const partitions = [{ partitionIndex: 1, errorCode: 6, highWatermark: 5, abortedTransactions: null, records }];
      const response = Buffer.concat([
        encodeResponseHeader(7, responseHeaderVersion(apis.Fetch, version)),
        encode(apis.Fetch.response, version, {
          errorCode: 70,
          sessionId: 3,
          responses: [{ topic: TOPIC.name, topicId: TOPIC.id, partitions }],
        }),
      ]);
      expect(response.readInt16BE(layout.errorAt)).toBe(70);
      expect(response.readInt16BE(layout.partitionErrorAt)).toBe(6);
      // 301 as a varint, and then the records.
      expect([...response.subarray(layout.recordsLengthAt, layout.recordsLengthAt + 3)]).toEqual([0xad, 0x02, 0xab]);
    },
  );
});

describe('frames of responses', () => {
  test('are found whole wherever reads cut them', () => {
    const frames = ['a', 'bcd', '', 'efghij'.repeat(20)].map((text) => {
      const frame = Buffer.alloc(4 + text.length);
      frame.writeInt32BE(text.length, 0);
      frame.write(text, 4);
      return frame;
    });
    const stream = Buffer.concat([...frames, ...frames]);
    const expected = [...frames, ...frames].map((frame) => frame.subarray(4).toString());
    for (const step of [1, 2, 3, 5, 7, 64, stream.length]) {
      const found: string[] = [];
      const parser = new SmallFrames((bytes, start, end) => found.push(bytes.toString('utf8', start, end)));
      const window = Buffer.alloc(stream.length);
      for (let at = 0; at < stream.length; at += step) {
        const length = stream.copy(window, 0, at, at + step);
        parser.push(window, length);
      }
      expect(found).toEqual(expected);
    }
  });

  test('are refused when they do not fit', () => {
    const parser = new SmallFrames(() => undefined, 10);
    expect(() => parser.push(Buffer.from([0, 0, 0, 11, 1]), 5)).not.toThrow();
    expect(() => parser.push(Buffer.from([2]), 1)).toThrow('larger than');
  });
});
