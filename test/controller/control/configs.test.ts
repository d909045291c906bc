import { ownProducerIds } from '../../../controller/metadata/own-producer-ids';
import { ErrorCode } from '../../../wire/base/error-codes';
import { alterConfigs, incrementalAlterConfigs } from '../../../controller/control/configs';
import { ConfigResourceType } from '../../../controller/metadata/config-resource';
import type { MetadataRecord } from '../../../controller/metadata/records';
import { TestControls } from '../support/test-controls';

const { topic: TOPIC, broker: BROKER, group: GROUP, clientMetrics: CLIENT_METRICS } = ConfigResourceType;
const [SET, DELETE, APPEND, SUBTRACT] = [0, 1, 2, 3] as const;

type Op = readonly [name: string, operation: number, value: string | null];

function alter(controls: TestControls, type: number, name: string, ...ops: readonly Op[]) {
  const configs = ops.map(([key, configOperation, value]) => ({ name: key, configOperation, value }));
  const request = { resources: [{ resourceType: type, resourceName: name, configs }], validateOnly: false };
  const result = incrementalAlterConfigs(controls, request);
  const [answer] = controls.commit(result).responses;
  return { code: answer?.errorCode, message: answer?.errorMessage, written: result.records.map(brief) };
}

function brief(record: MetadataRecord): string {
  if (record.type === 'ConfigRecord') return `${record.value.name}=${record.value.value ?? '(none)'}`;
  return record.type === 'ClearElrRecord' ? `clear ELR of '${record.value.topicName}'` : record.type;
}

function started(features: Readonly<Record<string, number>> = {}): TestControls {
  const controls = new TestControls({}, features).start(1);
  controls.topic('orders', [1]);
  return controls;
}

describe('IncrementalAlterConfigs', () => {
  test('sets and deletes, and writes only what changes', () => {
    const controls = started();
    expect(alter(controls, TOPIC, 'orders', ['retention.ms', SET, '5'])).toMatchObject({
      code: 0,
      message: null,
      written: ['retention.ms=5'],
    });
    expect(alter(controls, TOPIC, 'orders', ['retention.ms', SET, '5']).written).toEqual([]);
    expect(alter(controls, TOPIC, 'orders', ['retention.ms', DELETE, null]).written).toEqual(['retention.ms=(none)']);
    expect(alter(controls, TOPIC, 'orders', ['retention.ms', DELETE, null]).written).toEqual([]);
    expect(controls.state.image.configs.ofTopic('orders').size).toBe(0);
  });

  test('writes a broker config again though it is the same, so that the broker reads its key stores anew', () => {
    const controls = started();
    alter(controls, BROKER, '1', ['log.retention.ms', SET, '5']);
    expect(alter(controls, BROKER, '1', ['log.retention.ms', SET, '5']).written).toEqual(['log.retention.ms=5']);
  });

  test('appends to a list from its default on, and nothing twice', () => {
    const controls = started();
    expect(alter(controls, TOPIC, 'orders', ['cleanup.policy', APPEND, 'compact']).written).toEqual([
      'cleanup.policy=delete,compact',
    ]);
    expect(alter(controls, TOPIC, 'orders', ['cleanup.policy', APPEND, 'compact']).written).toEqual([]);
    expect(alter(controls, TOPIC, 'orders', ['cleanup.policy', SUBTRACT, 'delete']).written).toEqual([
      'cleanup.policy=compact',
    ]);
  });

  test('changes a resource whole or not at all, each for itself', () => {
    const controls = started();
    controls.topic('others', [1]);
    const set = (value: string) => [{ name: 'retention.ms', configOperation: SET, value }];
    const resources = [
      {
        resourceType: TOPIC,
        resourceName: 'orders',
        configs: [...set('1'), { name: 'nope', configOperation: SET, value: '1' }],
      },
      { resourceType: TOPIC, resourceName: 'others', configs: set('2') },
    ];
    const result = incrementalAlterConfigs(controls, { resources, validateOnly: false });
    expect(result.response.responses.map(({ errorCode }) => errorCode)).toEqual([ErrorCode.INVALID_CONFIG, 0]);
    expect(result.records.map(brief)).toEqual(['retention.ms=2']);
  });

  test('with validateOnly writes nothing', () => {
    const controls = started();
    const configs = [{ name: 'retention.ms', configOperation: SET, value: '1' }];
    const resources = [{ resourceType: TOPIC, resourceName: 'orders', configs }];
    expect(incrementalAlterConfigs(controls, { resources, validateOnly: true })).toEqual({
      records: [],
      response: {
        throttleTimeMs: 0,
        responses: [{ errorCode: 0, errorMessage: null, resourceType: TOPIC, resourceName: 'orders' }],
      },
    });
  });

  test('keeps groups and client metrics, which need not exist', () => {
    const controls = started();
    expect(alter(controls, GROUP, 'g', ['consumer.session.timeout.ms', SET, '50000']).code).toBe(0);
    expect(alter(controls, CLIENT_METRICS, 'm', ['interval.ms', SET, '1000']).code).toBe(0);
  });

  test.each<[string, number, string, Op, number, string]>([
    [
      'an unknown topic',
      TOPIC,
      'nope',
      ['retention.ms', SET, '1'],
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      "The topic 'nope' does not exist.",
    ],
    ['an unknown broker', BROKER, '7', ['x', SET, '1'], ErrorCode.BROKER_ID_NOT_REGISTERED, 'No node with id 7 found.'],
    [
      'a broker that is no number',
      BROKER,
      'one',
      ['x', SET, '1'],
      ErrorCode.INVALID_REQUEST,
      'Invalid broker name one',
    ],
    ['an unknown type', 99, 'x', ['x', SET, '1'], ErrorCode.INVALID_REQUEST, 'Unknown resource type 99'],
    [
      'a null value',
      TOPIC,
      'orders',
      ['retention.ms', SET, null],
      ErrorCode.INVALID_REQUEST,
      'Null value not supported for : retention.ms',
    ],
    [
      'an unknown operation',
      TOPIC,
      'orders',
      ['retention.ms', 9, '1'],
      ErrorCode.INVALID_REQUEST,
      'Unknown operations type 9',
    ],
    [
      'APPEND on a number',
      TOPIC,
      'orders',
      ['retention.ms', APPEND, '1'],
      ErrorCode.INVALID_CONFIG,
      "Can't APPEND to key retention.ms because its type is not LIST.",
    ],
    [
      'SUBTRACT on a number',
      TOPIC,
      'orders',
      ['retention.ms', SUBTRACT, '1'],
      ErrorCode.INVALID_CONFIG,
      "Can't SUBTRACT to key retention.ms because its type is not LIST.",
    ],
    [
      'a value too long for a record',
      BROKER,
      '',
      ['x', SET, 'y'.repeat(32768)],
      ErrorCode.INVALID_CONFIG,
      'The configuration value cannot be added because it exceeds the maximum value size of 32767 bytes.',
    ],
  ])('refuses %s', (_, type, name, op, code, message) => {
    expect(alter(started(), type, name, op)).toEqual({ code, message, written: [] });
  });

  test('refuses a key or a resource given twice', () => {
    const controls = started();
    expect(alter(controls, TOPIC, 'orders', ['retention.ms', SET, '1'], ['retention.ms', DELETE, null])).toMatchObject({
      code: ErrorCode.INVALID_REQUEST,
      message: 'Error due to duplicate config keys',
    });
    const resource = { resourceType: TOPIC, resourceName: 'orders', configs: [] };
    const { response } = incrementalAlterConfigs(controls, { resources: [resource, resource], validateOnly: false });
    expect(response.responses.map(({ errorMessage }) => errorMessage)).toEqual(
      Array(2).fill('Each resource must appear at most once.'),
    );
  });
});

describe('mirror.source', () => {
  test('moves the cluster to a range of producer ids of its own, once', () => {
    const controls = started();
    const first = ownProducerIds(controls.config.clusterId);
    expect(alter(controls, TOPIC, 'orders', ['mirror.source', SET, 'A'])).toMatchObject({ code: 0, written: ['mirror.source=A', 'ProducerIdsRecord'] });
    expect(controls.state.image.nextProducerId).toBe(first);
    alter(controls, TOPIC, 'orders', ['mirror.source', SET, '']);
    alter(controls, TOPIC, 'orders', ['mirror.source', SET, 'B']);
    expect(controls.state.image.nextProducerId).toBe(first);
  });
});

describe('AlterConfigs', () => {
  test('replaces all that a resource had', () => {
    const controls = started();
    alter(controls, TOPIC, 'orders', ['retention.ms', SET, '5'], ['cleanup.policy', SET, 'compact']);
    const resources = [
      { resourceType: TOPIC, resourceName: 'orders', configs: [{ name: 'cleanup.policy', value: 'delete' }] },
    ];
    const result = alterConfigs(controls, { resources, validateOnly: false });
    expect(result.records.map(brief)).toEqual(['cleanup.policy=delete', 'retention.ms=(none)']);
    controls.commit(result);
    expect([...controls.state.image.configs.ofTopic('orders')]).toEqual([['cleanup.policy', 'delete']]);
  });
});

describe('with eligible leaders on', () => {
  const elr = { 'eligible.leader.replicas.version': 1 };

  test('another min.insync.replicas clears who is eligible', () => {
    const controls = started(elr);
    expect(alter(controls, TOPIC, 'orders', ['min.insync.replicas', SET, '2']).written).toEqual([
      'min.insync.replicas=2',
      "clear ELR of 'orders'",
    ]);
    expect(alter(controls, BROKER, '', ['min.insync.replicas', SET, '2']).written).toEqual([
      'min.insync.replicas=2',
      "clear ELR of ''",
    ]);
    expect(alter(controls, TOPIC, 'orders', ['min.insync.replicas', SET, '2']).written).toEqual([]);
  });

  test('a broker has no min.insync.replicas of its own, and the cluster keeps its one', () => {
    const controls = started(elr);
    expect(alter(controls, BROKER, '1', ['min.insync.replicas', SET, '2'])).toMatchObject({
      code: ErrorCode.INVALID_CONFIG,
      message: 'Broker-level min.insync.replicas cannot be altered while ELR is enabled.',
    });
    expect(alter(controls, BROKER, '', ['min.insync.replicas', DELETE, null])).toMatchObject({
      code: ErrorCode.INVALID_CONFIG,
      message: 'Cluster-level min.insync.replicas cannot be removed while ELR is enabled.',
    });
  });
});
