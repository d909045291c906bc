/** Produce: what is taken, each cause of refusal, and the sequences of idempotent producers. */
import { BatchField, TimestampType } from '../../../wire/record/batch';
import { CompressionType } from '../../../wire/record/compression-type';
import { crc32cOfTests } from '../../handlers/support/crc32c';
import { compareWithKafka } from './support/compare';
import { batch, PAST_MS, produce, topic } from './support/fixtures';
import { ask, tell, versions, type Allowed, type Scenario, type Step } from './support/steps';

const HOUR_MS = 3_600_000;
const SOME_VERSIONS = [3, 7, 8, 12, 13];

function fetchAll(name: string, partition = 0): Step {
  const partitions = [{ partition, fetchOffset: 0, partitionMaxBytes: 10_000_000 }];
  return ask('Fetch', 12, {
    maxWaitMs: 0,
    minBytes: 0,
    topics: [{ topic: name, partitions }],
    forgottenTopicsData: [],
  });
}

/** The batch with some of its bytes changed, and the checksum made right again. */
function patched(change: (view: DataView) => void, original: Uint8Array = batch()): Uint8Array {
  const bytes = original.slice();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  change(view);
  view.setUint32(BatchField.crc, crc32cOfTests(bytes.subarray(BatchField.attributes)));
  return bytes;
}

/** Not right again. */
function broken(change: (view: DataView) => void): Uint8Array {
  const bytes = batch();
  change(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return bytes;
}

const taking: readonly Scenario[] = [
  {
    title: 'Produce in every version',
    steps: [
      ...topic('versions'),
      ...versions(3, 13).map((version) =>
        produce('versions', batch([{ value: `v${version}` }, { key: 'k', value: null }]), { version }),
      ),
      ...versions(3, 13).map((version) => produce('versions', batch(), { version, acks: 1 })),
      fetchAll('versions'),
    ],
  },
  {
    title: 'Produce to what is not there',
    steps: [
      ...topic('there'),
      ...SOME_VERSIONS.filter((version) => version < 13).map((version) => produce('nowhere', batch(), { version })),
      ...SOME_VERSIONS.map((version) => produce('there', batch(), { version, partition: 7 })),
      produce('there', batch(), { partition: -1 }),
      produce('not valid', batch()),
      produce('', batch()),
      ask('Produce', 13, {
        acks: 1,
        timeoutMs: 1000,
        topicData: [{ topicId: 'qqqqqqqqQqqqqqqqqqqqqg', partitionData: [{ index: 0, records: batch() }] }],
      }),
      ask('Produce', 13, {
        acks: 1,
        timeoutMs: 1000,
        topicData: [{ topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partitionData: [{ index: 0, records: batch() }] }],
      }),
      ask('Produce', 12, { acks: 1, timeoutMs: 1000, topicData: [] }),
      ask('Produce', 12, { acks: 1, timeoutMs: 1000, topicData: [{ name: 'there', partitionData: [] }] }),
      fetchAll('there'),
    ],
  },
  {
    title: 'Produce to several partitions, some of which are refused',
    steps: [
      ...topic('several', { partitions: 2 }),
      ask('Produce', 12, {
        acks: -1,
        timeoutMs: 1000,
        topicData: [
          {
            name: 'several',
            partitionData: [0, 1, 5].map((index) => ({ index, records: batch([{ value: `to ${index}` }]) })),
          },
          { name: 'nowhere', partitionData: [{ index: 0, records: batch() }] },
        ],
      }),
      ask('Produce', 12, {
        acks: -1,
        timeoutMs: 1000,
        topicData: [
          { name: 'several', partitionData: [0, 0].map((index) => ({ index, records: batch([{ value: 'twice' }]) })) },
        ],
      }),
      fetchAll('several', 0),
      fetchAll('several', 1),
    ],
  },
  {
    title: 'Produce with acks',
    steps: [
      ...topic('acks'),
      ...[2, -2, 100].flatMap((acks) => [3, 8, 13].map((version) => produce('acks', batch(), { acks, version }))),
      tell('Produce', 12, {
        acks: 0,
        timeoutMs: 1000,
        topicData: [{ name: 'acks', partitionData: [{ index: 0, records: batch([{ value: 'unacknowledged' }]) }] }],
      }),
      tell('Produce', 12, {
        acks: 0,
        timeoutMs: 1000,
        topicData: [{ name: 'nowhere', partitionData: [{ index: 0, records: batch() }] }],
      }),
      tell('Produce', 12, {
        acks: 0,
        timeoutMs: 1000,
        topicData: [
          { name: 'acks', partitionData: [{ index: 0, records: broken((view) => view.setUint32(BatchField.crc, 1)) }] },
        ],
      }),
      tell('Produce', 12, { acks: 0, timeoutMs: 1000, topicData: [] }),
      fetchAll('acks'),
      ...topic('min-isr', { configs: { 'min.insync.replicas': '2' } }),
      ...[-1, 1].map((acks) => produce('min-isr', batch(), { acks })),
    ],
  },
  {
    title: 'Produce to internal topics',
    steps: [
      produce('__consumer_offsets', batch([{ key: 'k' }])),
      produce('__consumer_offsets', batch([{ key: 'k' }]), { version: 8 }),
    ],
  },
];

const validating: readonly Scenario[] = [
  {
    title: 'Produce refuses what is no batch',
    steps: [
      ...topic('shape'),
      // Not null: Kafka 4.3 never answers that.
      ...SOME_VERSIONS.map((version) => produce('shape', new Uint8Array(0), { version })),
      ...SOME_VERSIONS.map((version) => produce('shape', new Uint8Array(11), { version })),
      ...SOME_VERSIONS.map((version) => produce('shape', new Uint8Array(100), { version })),
      ...SOME_VERSIONS.map((version) => produce('shape', batch().subarray(0, 60), { version })),
      ...SOME_VERSIONS.map((version) => produce('shape', batch().subarray(0, -1), { version })),
      ...SOME_VERSIONS.map((version) => produce('shape', Buffer.concat([batch(), batch()]), { version })),
      ...SOME_VERSIONS.map((version) =>
        produce(
          'shape',
          broken((view) => view.setUint8(BatchField.magic, 1)),
          { version },
        ),
      ),
      ...SOME_VERSIONS.map((version) =>
        produce(
          'shape',
          broken((view) => view.setUint8(BatchField.magic, 3)),
          { version },
        ),
      ),
      ...SOME_VERSIONS.map((version) =>
        produce(
          'shape',
          broken((view) => view.setUint32(BatchField.crc, 1)),
          { version },
        ),
      ),
      produce('shape', Buffer.concat([batch(), batch().subarray(0, 20)])),
      fetchAll('shape'),
    ],
  },
  {
    title: 'Produce refuses headers of batches',
    steps: [
      ...topic('header'),
      ...SOME_VERSIONS.flatMap((version) => [
        produce(
          'header',
          patched((view) => view.setBigInt64(BatchField.baseOffset, 5n)),
          { version },
        ),
        produce(
          'header',
          patched((view) => view.setInt32(BatchField.recordsCount, 2)),
          { version },
        ),
        produce(
          'header',
          patched((view) => view.setInt32(BatchField.recordsCount, 0)),
          { version },
        ),
        produce(
          'header',
          patched((view) => view.setInt32(BatchField.recordsCount, -1)),
          { version },
        ),
        produce(
          'header',
          patched((view) => view.setInt32(BatchField.lastOffsetDelta, 3)),
          { version },
        ),
        produce('header', batch([{}], { isControl: true }), { version }),
        produce('header', batch([], { lastOffsetDelta: -1 }), { version }),
      ]),
      produce(
        'header',
        patched((view) => view.setInt32(BatchField.partitionLeaderEpoch, 77)),
      ),
      fetchAll('header'),
    ],
  },
  {
    title: 'Produce refuses timestamps',
    steps: [
      ...topic('timestamps'),
      ...SOME_VERSIONS.flatMap((version) => [
        produce('timestamps', batch([{}, { timestampMs: PAST_MS + 26 * HOUR_MS }, {}]), { version }),
        produce('timestamps', batch([{ timestampMs: -1 }]), { version }),
      ]),
      produce('timestamps', batch([{ timestampMs: -5 }])),
      produce('timestamps', batch([{ timestampMs: 0 }])),
      produce('timestamps', batch([{}], { timestampType: TimestampType.logAppendTime })),
      produce(
        'timestamps',
        batch([{}], { timestampType: TimestampType.logAppendTime, maxTimestampMs: PAST_MS + 26 * HOUR_MS }),
      ),
      // A wrong maximum is corrected.
      produce('timestamps', batch([{}, { timestampMs: PAST_MS - 5 }], { maxTimestampMs: PAST_MS + 5 })),
      ...topic('not-before', { configs: { 'message.timestamp.before.max.ms': '1000' } }),
      produce('not-before', batch([{}, {}])),
      fetchAll('timestamps'),
    ],
  },
  {
    title: 'Produce with LogAppendTime',
    steps: [
      ...topic('append-time', { configs: { 'message.timestamp.type': 'LogAppendTime' } }),
      ...SOME_VERSIONS.map((version) =>
        produce('append-time', batch([{}, { timestampMs: PAST_MS + 26 * HOUR_MS }]), { version }),
      ),
      produce('append-time', batch([{}], { timestampType: TimestampType.logAppendTime })),
      // Which record has the largest timestamp is a matter of the millisecond in which each batch came, so it is not asked.
      ask('ListOffsets', 7, {
        replicaId: -1,
        isolationLevel: 0,
        topics: [{ name: 'append-time', partitions: [{ partitionIndex: 0, timestamp: PAST_MS }] }],
      }),
      fetchAll('append-time'),
    ],
  },
  {
    title: 'Produce to a compacted topic',
    steps: [
      ...topic('compacted', { configs: { 'cleanup.policy': 'compact' } }),
      ...SOME_VERSIONS.map((version) =>
        produce('compacted', batch([{ key: 'k' }, { key: null }, { key: null }]), { version }),
      ),
      produce(
        'compacted',
        batch([
          { key: null, timestampMs: PAST_MS + 26 * HOUR_MS },
          { key: 'k', timestampMs: PAST_MS + 26 * HOUR_MS },
        ]),
      ),
      produce('compacted', batch([{ key: 'k' }, { key: '' }])),
      fetchAll('compacted'),
    ],
  },
  {
    title: 'Produce of large batches',
    steps: [
      ...topic('large', { configs: { 'max.message.bytes': '1000' } }),
      ...SOME_VERSIONS.map((version) => produce('large', batch([{ value: 'x'.repeat(1000) }]), { version })),
      produce('large', batch([{ value: 'x'.repeat(900) }])),
      produce('large', batch([{ value: 'x'.repeat(5000) }], { compression: CompressionType.gzip })),
      fetchAll('large'),
    ],
  },
  {
    title: 'Produce of compressed batches',
    steps: [
      ...topic('codecs'),
      ...[CompressionType.gzip, CompressionType.snappy, CompressionType.lz4, CompressionType.zstd].flatMap(
        (compression) =>
          [3, 6, 7, 12].map((version) =>
            produce('codecs', batch([{ value: 'a' }, { value: 'b' }], { compression }), { version }),
          ),
      ),
      ...[5, 6, 7].map((codec) =>
        produce(
          'codecs',
          patched((view) => view.setInt16(BatchField.attributes, codec)),
        ),
      ),
      produce(
        'codecs',
        patched((view) => view.setInt16(BatchField.attributes, CompressionType.gzip)),
      ),
      fetchAll('codecs'),
      ...['gzip', 'lz4', 'zstd', 'snappy', 'uncompressed'].flatMap((name) => [
        ...topic(`to-${name}`, { configs: { 'compression.type': name } }),
        produce(`to-${name}`, batch([{ value: 'a' }, { value: 'b' }])),
        produce(`to-${name}`, batch([{ value: 'a' }, { value: 'b' }], { compression: CompressionType.lz4 })),
        ask('Fetch', 12, {
          maxWaitMs: 0,
          minBytes: 0,
          topics: [{ topic: `to-${name}`, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 100_000 }] }],
          forgottenTopicsData: [],
        }),
      ]),
    ],
  },
];

interface Sequence {
  readonly producerId?: number;
  readonly epoch?: number;
  readonly count?: number;
}

/** From a producer id that nobody was given: brokers do not look where it comes from. */
function sequenced(
  name: string,
  baseSequence: number,
  { producerId = 4000, epoch = 0, count = 2 }: Sequence = {},
): Step {
  const records = Array.from({ length: count }, (_, index) => ({ value: `${baseSequence}+${index}` }));
  return produce(name, batch(records, { producerId, producerEpoch: epoch, baseSequence }));
}

const sequences: readonly Scenario[] = [
  {
    title: 'idempotent producers: in order, again, with gaps',
    steps: [
      ...topic('sequences'),
      sequenced('sequences', 0),
      sequenced('sequences', 2),
      sequenced('sequences', 4),
      sequenced('sequences', 0),
      sequenced('sequences', 2),
      sequenced('sequences', 2, { count: 1 }),
      sequenced('sequences', 3, { count: 1 }),
      sequenced('sequences', 5),
      sequenced('sequences', 9),
      ...[6, 8, 10, 12, 14].map((sequence) => sequenced('sequences', sequence)),
      sequenced('sequences', 4),
      sequenced('sequences', 6),
      sequenced('sequences', 0),
      fetchAll('sequences'),
    ],
  },
  {
    title: 'idempotent producers: epochs',
    steps: [
      ...topic('epochs'),
      sequenced('epochs', 0, { epoch: 1 }),
      sequenced('epochs', 0, { epoch: 0 }),
      sequenced('epochs', 2, { epoch: 0 }),
      sequenced('epochs', 2, { epoch: 2 }),
      sequenced('epochs', 0, { epoch: 2 }),
      sequenced('epochs', 0, { epoch: 2 }),
      sequenced('epochs', 2, { epoch: 1 }),
      sequenced('epochs', 2, { epoch: 2 }),
      sequenced('epochs', 0, { epoch: -1 }),
      fetchAll('epochs'),
    ],
  },
  {
    title: 'idempotent producers: first sequences and wrapping',
    steps: [
      ...topic('wraps'),
      sequenced('wraps', 7, { producerId: 4001 }),
      sequenced('wraps', 9, { producerId: 4001 }),
      sequenced('wraps', 2_147_483_646, { producerId: 4002 }),
      sequenced('wraps', 0, { producerId: 4002 }),
      sequenced('wraps', 2_147_483_647, { producerId: 4003 }),
      sequenced('wraps', 1, { producerId: 4003 }),
      sequenced('wraps', -1, { producerId: 4004 }),
      produce('wraps', batch([{}], { producerId: -1, producerEpoch: 3, baseSequence: 5 })),
      fetchAll('wraps'),
    ],
  },
];

const transactional: readonly Scenario[] = [
  {
    title: 'a transactional batch outside of a transaction',
    steps: [
      ...topic('transactional'),
      produce(
        'transactional',
        batch([{}], { producerId: 4000, producerEpoch: 0, baseSequence: 0, isTransactional: true }),
        { version: 11 },
      ),
      fetchAll('transactional'),
    ],
  },
];

const sayingWhy: Allowed = {
  at: /^Produce .*\.errorMessage$/,
  kafka: null,
  reason: 'a refusal says why; Kafka says so for records only',
  isOptional: true,
};

const allowed: Readonly<Record<string, readonly Allowed[]>> = {
  'Produce of compressed batches': [
    {
      at: /^Fetch .*sizeBytes$/,
      reason: 'where a topic asks for another codec the leader compresses: encoders differ in size',
    },
    {
      at: /^Produce v12 #[567] .*errorCode$/,
      kafka: -1,
      reason: 'Kafka fails with UNKNOWN_SERVER_ERROR on codecs that do not exist',
    },
    {
      at: /^Produce v12 #8 .*errorCode$/,
      kafka: -1,
      reason: 'Kafka fails with UNKNOWN_SERVER_ERROR on bytes that do not decompress',
    },
  ],
};

compareWithKafka(
  'Produce',
  [...taking, ...validating, ...sequences, ...transactional].map((scenario) => ({
    ...scenario,
    allowed: [sayingWhy, ...(allowed[scenario.title] ?? [])],
  })),
);
