/** Every version of every message, through the codec and back; and the rules of the encoding that hold for all. */
import { isDeepStrictEqual } from 'node:util';
import { DecodeError, EncodeError } from '../../wire/base/errors';
import { decode, encode, encodeChunks } from '../../wire/codec';
import type { Input, Message } from '../../wire/schema';
import { OffsetFetchRequest } from '../../wire/schema/committed-offsets';
import { ConsumerProtocolSubscription } from '../../wire/schema/consumer-protocol';
import { FetchRequest, FetchResponse } from '../../wire/schema/fetch';
import { ListOffsetsRequest, ListOffsetsResponse } from '../../wire/schema/offsets';
import { ProduceRequest } from '../../wire/schema/produce';
import { SaslHandshakeRequest } from '../../wire/schema/sasl';
import { StreamsGroupHeartbeatRequest } from '../../wire/schema/streams-group';
import { allMessages, versionsOf } from './support/all-messages';
import { makeValue, shapes } from './support/message-values';
import type { Shape } from './support/message-values';
import { seedOf, seeded } from './support/seeded';

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Encodes, decodes and encodes again; says what was different. */
function roundTrip(message: Message, version: number, shape: Shape, round: number): void {
  const value = makeValue(message, version, shape, seeded(seedOf(`${message.name} ${version} ${shape} ${round}`)));
  const bytes = encode(message, version, value as Input<Message>);
  const decoded = decode(message, version, bytes, { keepUnknownTags: true });
  if (!isDeepStrictEqual(decoded, value))
    expect({ version, shape, decoded }).toEqual({ version, shape, decoded: value });
  const again = encode(message, version, decoded as Input<Message>);
  if (!isDeepStrictEqual(again, bytes))
    expect({ version, shape, bytes: hex(again) }).toEqual({ version, shape, bytes: hex(bytes) });
}

describe('what was encoded comes back', () => {
  test.each(allMessages.map((message) => [message.name, message] as const))(
    '%s, in all versions and shapes',
    (_, message) => {
      let trips = 0;
      for (const version of versionsOf(message)) {
        for (const shape of shapes) {
          const rounds = shape === 'random' ? 5 : 1;
          for (let round = 0; round < rounds; round++, trips++) roundTrip(message, version, shape, round);
        }
      }
      expect(trips).toBe(versionsOf(message).length * (shapes.length + 4));
    },
  );
});

describe('versions', () => {
  test('a version that the message does not have is refused in both directions', () => {
    for (const version of [-1, 0, 12, 1.5, NaN]) {
      expect(() => decode(ListOffsetsRequest, version, new Uint8Array(100))).toThrow(DecodeError);
      expect(() => encode(ListOffsetsRequest, version, { replicaId: -1, topics: [] })).toThrow(EncodeError);
    }
  });

  test('a field that the version lacks decodes to its default', () => {
    const value = { topics: [{ name: 't', partitions: [{ partitionIndex: 3, errorCode: 0 }] }] };
    const decoded = decode(ListOffsetsResponse, 1, encode(ListOffsetsResponse, 1, value));
    expect(decoded.throttleTimeMs).toBe(0);
    expect(decoded.topics[0]?.partitions[0]).toEqual({
      partitionIndex: 3,
      errorCode: 0,
      timestamp: -1,
      offset: -1,
      leaderEpoch: -1,
    });
  });

  test('a value that would be lost is refused, unless the field is ignorable', () => {
    const lost = { maxWaitMs: 1, minBytes: 1, topics: [], forgottenTopicsData: [{ topic: 't', partitions: [1] }] };
    expect(() => encode(FetchRequest, 6, lost)).toThrow(
      'FetchRequest v6: forgottenTopicsData: set, but version 6 has no such field',
    );
    expect(encode(FetchRequest, 7, lost)).toBeInstanceOf(Uint8Array);
    expect(encode(FetchRequest, 6, { maxWaitMs: 1, minBytes: 1, topics: [], rackId: 'a' })).toBeInstanceOf(Uint8Array);
    const replica = { maxWaitMs: 1, minBytes: 1, topics: [], replicaState: { replicaId: 5, replicaEpoch: 1 } };
    expect(() => encode(FetchRequest, 14, replica)).toThrow('replicaState');
    expect(decode(FetchRequest, 15, encode(FetchRequest, 15, replica)).replicaState).toEqual({
      replicaId: 5,
      replicaEpoch: 1,
    });
  });
});

describe('tagged fields', () => {
  const fetch: Input<typeof FetchRequest> = { maxWaitMs: 1, minBytes: 1, topics: [] };

  test('one at its default is not written', () => {
    const plain = encode(FetchRequest, 15, fetch);
    expect(encode(FetchRequest, 15, { ...fetch, clusterId: null, replicaState: {} })).toEqual(plain);
    expect(encode(FetchRequest, 15, { ...fetch, replicaState: { replicaId: -1, replicaEpoch: -1 } })).toEqual(plain);
    expect(encode(FetchRequest, 15, { ...fetch, clusterId: '' }).length).toBe(plain.length + 3);
  });

  test('unknown ones are skipped, or kept in order between known ones', () => {
    const unknownTaggedFields = [
      { tag: 2, bytes: Uint8Array.of(1, 2) },
      { tag: 300, bytes: new Uint8Array(300) },
    ];
    const bytes = encode(FetchRequest, 15, { ...fetch, clusterId: 'c', unknownTaggedFields });
    expect(decode(FetchRequest, 15, bytes)).toEqual(
      decode(FetchRequest, 15, encode(FetchRequest, 15, { ...fetch, clusterId: 'c' })),
    );
    expect(decode(FetchRequest, 15, bytes, { keepUnknownTags: true }).unknownTaggedFields).toEqual(unknownTaggedFields);
  });

  test('unknown ones out of order, with a known tag or in a version without tags are refused', () => {
    const empty = new Uint8Array(0);
    for (const tags of [[3, 2], [2, 2], [1], [0, 5]]) {
      const unknownTaggedFields = tags.map((tag) => ({ tag, bytes: empty }));
      expect(() => encode(FetchRequest, 15, { ...fetch, unknownTaggedFields })).toThrow(EncodeError);
    }
    expect(() => encode(FetchRequest, 11, { ...fetch, unknownTaggedFields: [{ tag: 9, bytes: empty }] })).toThrow(
      EncodeError,
    );
  });

  test('a known one whose size is wrong is an error', () => {
    const bytes = encode(FetchRequest, 15, { ...fetch, clusterId: 'abc' });
    const size = bytes.length - 5;
    expect([...bytes.subarray(size - 1)]).toEqual([0, 4, 4, 97, 98, 99]);
    for (const wrong of [3, 5]) {
      const changed = Uint8Array.from([...bytes, 0]);
      changed[size] = wrong;
      expect(() => decode(FetchRequest, 15, changed)).toThrow(DecodeError);
    }
  });
});

describe('null', () => {
  test('where the version has no null is refused in both directions', () => {
    const value = { acks: 1, timeoutMs: 1, topicData: [] };
    expect(decode(ProduceRequest, 9, encode(ProduceRequest, 9, value)).transactionalId).toBeNull();
    expect(() => encode(ProduceRequest, 9, { ...value, topicData: null } as never)).toThrow(
      'topicData: an array, not null',
    );
    expect(() => encode(SaslHandshakeRequest, 0, { mechanism: null } as never)).toThrow(
      'mechanism: a string, not null',
    );
    expect(() => decode(SaslHandshakeRequest, 0, Uint8Array.of(0xff, 0xff))).toThrow(DecodeError);
  });

  test('a struct is one signed byte in front', () => {
    const base = {
      groupId: 'g',
      memberId: 'm',
      memberEpoch: 0,
      endpointInformationEpoch: 0,
      shutdownApplication: false,
    };
    const without = encode(StreamsGroupHeartbeatRequest, 0, base);
    const bytes = encode(StreamsGroupHeartbeatRequest, 0, { ...base, userEndpoint: { host: 'h', port: 9 } });
    expect(bytes.length - without.length).toBe(2 + 2 + 1);
    expect(decode(StreamsGroupHeartbeatRequest, 0, bytes).userEndpoint).toEqual({ host: 'h', port: 9 });
    expect(decode(StreamsGroupHeartbeatRequest, 0, without).userEndpoint).toBeNull();
  });
});

describe('values outside their type', () => {
  test.each([
    ['a fraction', { maxWaitMs: 0.5 }, 'maxWaitMs: a whole number of 32 bits, not 0.5'],
    ['too large a number', { maxWaitMs: 2 ** 31 }, 'maxWaitMs'],
    ['text for a number', { maxWaitMs: '1' }, 'maxWaitMs'],
    ['null for a number', { maxWaitMs: null }, 'maxWaitMs'],
    ['a large int8', { isolationLevel: 128 }, 'isolationLevel'],
    ['a number for text', { rackId: 7 }, 'rackId'],
    ['an object for an array', { topics: {} }, 'topics'],
    ['a number for a struct', { topics: [5] }, 'topics'],
    [
      'a hole in an array',
      { forgottenTopicsData: [{ topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partitions: [undefined] }] },
      'partitions',
    ],
    ['a bad id', { topics: [{ topicId: 'x', partitions: [] }] }, 'not an id'],
    [
      'a number for a bigint',
      { topics: [{ partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1, highWatermark: 1 }] }] },
      'highWatermark',
    ],
    [
      'a long integer beyond 2^53',
      { topics: [{ partitions: [{ partition: 0, fetchOffset: 2 ** 53, partitionMaxBytes: 1 }] }] },
      'fetchOffset',
    ],
  ])('%s is refused with the name of the field', (_, change, message) => {
    const value = { maxWaitMs: 1, minBytes: 1, topics: [], ...change } as never;
    expect(() => encode(FetchRequest, 18, value)).toThrow(EncodeError);
    expect(() => encode(FetchRequest, 18, value)).toThrow(message);
  });

  test('an offset beyond 2^53 is an error, but one that a client chose freely is clamped', () => {
    const request = {
      maxWaitMs: 1,
      minBytes: 1,
      topics: [
        {
          topic: 't',
          partitions: [{ partition: 7, fetchOffset: 0x123456, partitionMaxBytes: 1, logStartOffset: 0x654321 }],
        },
      ],
    };
    const bytes = encode(FetchRequest, 11, request);
    const fetchOffset = hex(bytes).indexOf('0000000000123456') / 2;
    const logStartOffset = hex(bytes).indexOf('0000000000654321') / 2;
    bytes.fill(0x7f, fetchOffset, fetchOffset + 8);
    expect(decode(FetchRequest, 11, bytes).topics[0]?.partitions[0]?.fetchOffset).toBe(Number.MAX_SAFE_INTEGER);
    bytes.fill(0x7f, logStartOffset, logStartOffset + 8);
    expect(() => decode(FetchRequest, 11, bytes)).toThrow('FetchRequest v11: 64-bit integer beyond 2^53');
  });
});

describe('where the message ends', () => {
  const bytes = encode(SaslHandshakeRequest, 1, { mechanism: 'PLAIN' });

  test('bytes behind it are an error, unless they are allowed', () => {
    const longer = Uint8Array.from([...bytes, 0]);
    expect(() => decode(SaslHandshakeRequest, 1, longer)).toThrow(DecodeError);
    expect(decode(SaslHandshakeRequest, 1, longer, { end: bytes.length })).toEqual({ mechanism: 'PLAIN' });
    expect(decode(SaslHandshakeRequest, 1, longer, { allowTrailing: true })).toEqual({ mechanism: 'PLAIN' });
    const newer = encode(ConsumerProtocolSubscription, 3, { topics: ['a'], rackId: 'r' });
    expect(decode(ConsumerProtocolSubscription, 0, newer, { allowTrailing: true }).topics).toEqual(['a']);
  });

  test('it may begin at an offset, in bytes that lie anywhere in their buffer', () => {
    const frame = Buffer.concat([Buffer.alloc(13), bytes]).subarray(3);
    expect(decode(SaslHandshakeRequest, 1, frame, { offset: 10 })).toEqual({ mechanism: 'PLAIN' });
  });
});

describe('a limit on elements', () => {
  test('counts those of all arrays, and null gives nothing back', () => {
    const topics = [1, 2, 3].map((id) => ({ topic: `t${id}`, partitions: [1, 2] }));
    const bytes = encode(FetchRequest, 12, { maxWaitMs: 1, minBytes: 1, topics: [], forgottenTopicsData: topics });
    expect(decode(FetchRequest, 12, bytes, { maxElements: 9 }).forgottenTopicsData).toHaveLength(3);
    expect(() => decode(FetchRequest, 12, bytes, { maxElements: 8 })).toThrow('more elements than allowed');
    const groups = [1, 2, 3].map((id) => ({ groupId: `g${id}`, topics: null }));
    const nulls = encode(OffsetFetchRequest, 9, { groups });
    expect(decode(OffsetFetchRequest, 9, nulls, { maxElements: 3 }).groups).toHaveLength(3);
    expect(() => decode(OffsetFetchRequest, 9, nulls, { maxElements: 2 })).toThrow(DecodeError);
  });
});

describe('records', () => {
  const partition = (records: Uint8Array | { sizeBytes: number } | null, partitionIndex: number) => ({
    partitionIndex,
    errorCode: 0,
    highWatermark: 5,
    abortedTransactions: null,
    records,
  });
  const response = (...bodies: (Uint8Array | { sizeBytes: number } | null)[]): Input<typeof FetchResponse> => ({
    responses: [{ topic: 't', partitions: bodies.map(partition) }],
  });

  test.each([4, 11, 12])('in version %d are handed on in place and in order', (version) => {
    const large = new Uint8Array(5000).fill(1);
    const small = new Uint8Array(10).fill(2);
    const whole = encode(FetchResponse, version, response(large, small, null, large));
    const prefix = Uint8Array.of(9, 9, 9, 9);
    const { chunks, sizeBytes } = encodeChunks(FetchResponse, version, response(large, small, null, large), prefix);
    const bytes = Buffer.concat(chunks as Uint8Array[]);
    expect(chunks.filter((chunk) => chunk === large)).toHaveLength(2);
    expect(hex(bytes)).toBe(`09090909${hex(whole)}`);
    expect(sizeBytes).toBe(bytes.length);
  });

  test('that are not in memory are handed on as they are, and cannot be copied', () => {
    const file = { sizeBytes: 3_000_000 };
    const { chunks, sizeBytes } = encodeChunks(FetchResponse, 12, response(file, null));
    const [before, body, after] = chunks as [Uint8Array, unknown, Uint8Array];
    expect(body).toBe(file);
    expect(sizeBytes).toBe(before.length + file.sizeBytes + after.length);
    expect(() => encode(FetchResponse, 12, response(file))).toThrow(EncodeError);
    expect(() => encodeChunks(FetchResponse, 12, response({} as never))).toThrow(EncodeError);
  });

  test('decode to a slice of the input', () => {
    const bytes = encode(FetchResponse, 12, response(Uint8Array.of(1, 2, 3)));
    const records = decode(FetchResponse, 12, bytes).responses[0]?.partitions[0]?.records;
    expect(records?.buffer).toBe(bytes.buffer);
    expect(records).toEqual(Uint8Array.of(1, 2, 3));
  });
});
