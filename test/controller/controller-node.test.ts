import { ErrorCode } from '../../wire/base/error-codes';
import { BatchView } from '../../wire/record/batch';
import { decodeRecords } from '../../wire/record/records';
import { bootstrapRecords } from '../../controller/metadata/bootstrap';
import { decodeMetadataRecord, encodeMetadataRecord, metadataRecord } from '../../controller/metadata/records';
import { writeBootstrapFile } from '../../controller/raft/bootstrap-files';
import type { MetadataDelta } from '../../controller/metadata/delta';
import type { BrokerHeartbeatResponse, BrokerRegistrationResponse } from '../../wire/schema/broker';
import type { CreateTopicsResponse } from '../../wire/schema/topic';
import { MemoryRaftLog } from './support/memory-raft-log';
import { contentOf, imageOf } from './support/metadata-samples';
import { CONTEXT, incarnation, registration, topicsRequest } from './support/test-controls';
import { TestNode, type TestNodeOptions } from './support/test-node';
import { crc32c, testRandom } from './support/test-ports';

function restarted(node: TestNode, how: 'kill' | 'powerLoss', options: TestNodeOptions = {}): TestNode {
  const disk = how === 'kill' ? node.disk.afterKill() : node.disk.afterPowerLoss();
  const log = how === 'kill' ? node.log.afterKill() : node.log.afterPowerLoss();
  return new TestNode(disk, log, options).start();
}

function register(node: TestNode, brokerId: number, life = 1): BrokerRegistrationResponse {
  const request = registration(brokerId, { incarnationId: incarnation(brokerId, life) });
  return node.ask((respond) => node.controller.registerBroker(request, respond));
}

function beat(node: TestNode, brokerId: number, brokerEpoch: number): BrokerHeartbeatResponse {
  const request = {
    brokerId,
    brokerEpoch,
    currentMetadataOffset: node.loader.lastPublishedOffset,
    wantFence: false,
    wantShutDown: false,
    offlineLogDirs: [],
    cordonedLogDirs: null,
  };
  return node.ask((respond) => node.controller.heartbeat(request, null, respond));
}

function create(node: TestNode, name: string): CreateTopicsResponse {
  const request = topicsRequest([{ name, numPartitions: 2, replicationFactor: 1 }]);
  return node.ask((respond) => node.controller.createTopics(request, CONTEXT, respond));
}

function withBroker(node: TestNode, life = 1): TestNode {
  const { brokerEpoch, errorCode } = register(node, 1, life);
  expect(errorCode).toBe(0);
  expect(beat(node, 1, brokerEpoch)).toMatchObject({ isCaughtUp: true, isFenced: false });
  return node;
}

/** Every metadata record of the log, with its offset. */
function recordsOf(log: MemoryRaftLog): { offset: number; type: string }[] {
  return log.batches.flatMap(({ bytes }) => {
    const batch = new BatchView(bytes);
    if (batch.isControl) return [{ offset: batch.baseOffset, type: 'control' }];
    return decodeRecords(batch).map(({ offset, value }) => ({
      offset,
      type: decodeMetadataRecord(value ?? new Uint8Array()).type,
    }));
  });
}

describe('a new node', () => {
  test('leads its quorum of one and writes the bootstrap records in one transaction', () => {
    const node = new TestNode().start();
    expect(node.controller.isActive).toBe(true);
    expect(node.raft.leader).toEqual({ leaderId: 1, epoch: 1 });
    expect(recordsOf(node.log).map(({ type }) => type)).toEqual([
      'control',
      'BeginTransactionRecord',
      'FeatureLevelRecord',
      'EndTransactionRecord',
    ]);
    expect(node.loader.image.features.metadataVersion).toBe(30);
    expect(node.raft.kraftVersion).toBe(1);
    expect(node.raft.describeQuorum()).toMatchObject({ leaderId: 1, voters: [{ key: { id: 1 }, logEndOffset: 6 }], observers: [] });
    expect(node.failures).toEqual([]);
  });

  test('registers a broker, unfences it and creates topics, each answer after its commit', () => {
    const node = withBroker(new TestNode().start());
    expect(create(node, 'orders').topics[0]).toMatchObject({ errorCode: 0, numPartitions: 2 });
    const topic = node.loader.image.topics.topicByName('orders');
    expect(topic?.partitionCount).toBe(2);
    expect(create(node, 'orders').topics[0]).toMatchObject({
      errorCode: ErrorCode.TOPIC_ALREADY_EXISTS,
      errorMessage: "Topic 'orders' already exists.",
    });
    expect(node.failures).toEqual([]);
  });

  test('answers nothing before the log is durable, not even a question', () => {
    const node = new TestNode(undefined, undefined, { autoFlush: false }).start();
    node.log.completeFlush();
    node.settle();
    node.log.completeFlush();
    node.settle();
    const answers: string[] = [];
    node.controller.registerBroker(registration(1), () => answers.push('registered'));
    node.controller.listPartitionReassignments({ timeoutMs: 0, topics: null }, () => answers.push('listed'));
    node.settle();
    expect(node.log.pendingFlushes).toHaveLength(1);
    expect(answers).toEqual([]);
    node.log.completeFlush();
    node.settle();
    expect(answers).toEqual(['registered', 'listed']);
  });

  test('tells publishers first of everything, then of each change', () => {
    const node = new TestNode();
    const seen: string[] = [];
    const brief = (delta: MetadataDelta): string => {
      const topics = [...delta.changedTopics()].map(({ topic, isNew }) => `${isNew ? 'new ' : ''}${topic.name}`);
      return `${delta.isWholeImage ? 'all' : 'delta'} brokers=${[...delta.changedBrokers()].join()} topics=${topics.join()}`;
    };
    node.loader.installPublisher({ name: 'test', publish: (delta) => seen.push(brief(delta)) });
    withBroker(node.start());
    create(node, 'orders');
    expect(seen).toEqual([
      'all brokers= topics=',
      'delta brokers=1 topics=',
      'delta brokers=1 topics=',
      'delta brokers= topics=new orders',
    ]);
    node.loader.installPublisher({ name: 'late', publish: (delta) => seen.push(`late ${brief(delta)}`) });
    expect(seen.at(-1)).toBe('late all brokers=1 topics=new orders');
  });

  test('writes NoOp records by the clock, which get no flush of their own', () => {
    const node = new TestNode(undefined, undefined, { noOpIntervalMs: 500 }).start();
    const flushes = node.log.flushes;
    node.clock.advance(2_100);
    node.settle();
    expect(
      recordsOf(node.log)
        .slice(-4)
        .map(({ type }) => type),
    ).toEqual(Array(4).fill('NoOpRecord'));
    expect(node.log.flushes).toBe(flushes);
    expect(node.raft.highWatermark).toBe(node.log.endOffset - 4);
    withBroker(node);
    expect(node.raft.highWatermark).toBeGreaterThan(node.log.endOffset - 2);
  });

  test('lets no answer without records wait for NoOp records', () => {
    const node = withBroker(new TestNode(undefined, undefined, { noOpIntervalMs: 500 }).start());
    node.clock.advance(600);
    node.settle();
    expect(node.raft.highWatermark).toBeLessThan(node.log.endOffset);
    const epoch = node.loader.image.cluster.brokers.get(1)?.epoch ?? -1;
    expect(beat(node, 1, epoch)).toMatchObject({ errorCode: 0, isFenced: false });
  });

  test('without bootstrap records starts with the newest metadata.version', () => {
    const node = new TestNode();
    node.disk.unlinkSync('/a/bootstrap.checkpoint');
    const next = new TestNode(node.disk, node.log).start();
    expect(next.loader.image.features.all()).toEqual([['metadata.version', 30]]);
  });

  test('with eligible leaders among its features starts with the config that they rest on', () => {
    const node = new TestNode();
    const features = new Map([['eligible.leader.replicas.version', 1]]);
    writeBootstrapFile('/a', bootstrapRecords(30, features), {
      disk: node.disk,
      random: testRandom(),
      crc32c,
      wallMs: 0,
    });
    const next = new TestNode(node.disk, node.log).start();
    expect(recordsOf(next.log).map(({ type }) => type)).toEqual([
      'control',
      'BeginTransactionRecord',
      'FeatureLevelRecord',
      'FeatureLevelRecord',
      'ConfigRecord',
      'EndTransactionRecord',
    ]);
    expect(next.loader.image.configs.ofBroker('').get('min.insync.replicas')).toBe('1');
  });

  test('fences a broker that falls silent', () => {
    const node = withBroker(new TestNode(undefined, undefined, { nodeId: 2 }).start());
    create(node, 'orders');
    node.clock.advance(8_900);
    node.settle();
    expect(node.loader.image.cluster.brokers.get(1)?.fenced).toBe(false);
    node.clock.advance(1_300);
    node.settle();
    expect(node.loader.image.cluster.brokers.get(1)?.fenced).toBe(true);
    const topic = node.loader.image.topics.topicByName('orders');
    expect(topic && node.loader.image.topics.partition(topic, 0)).toMatchObject({ leader: -1, isr: [1] });
  });
});

describe('a restart', () => {
  test.each(['kill', 'powerLoss'] as const)('from the log alone finds what was answered, after %s', (how) => {
    const before = withBroker(new TestNode().start());
    create(before, 'orders');
    const after = restarted(before, how);
    expect(after.controller.isActive).toBe(true);
    expect(after.raft.leader.epoch).toBe(2);
    expect(contentOf(after.loader.image)).toEqual(contentOf(before.loader.image));
    expect(after.loader.lastPublishedOffset).toBe(before.log.endOffset);
    expect(create(withBroker(after, 2), 'orders').topics[0]?.errorCode).toBe(ErrorCode.TOPIC_ALREADY_EXISTS);
    expect(after.failures).toEqual([]);
  });

  test('lets the broker of the same node register at once', () => {
    const before = withBroker(new TestNode().start());
    const after = restarted(before, 'kill');
    const { errorCode, brokerEpoch } = register(after, 1, 2);
    expect(errorCode).toBe(0);
    expect(brokerEpoch).toBeGreaterThan(before.log.endOffset);
  });

  test('loses nothing that was answered when power goes with a flush under way', () => {
    const before = withBroker(new TestNode().start());
    before.log.autoFlush = null;
    const request = topicsRequest([{ name: 'unanswered', numPartitions: 1, replicationFactor: 1 }]);
    const answers: unknown[] = [];
    before.controller.createTopics(request, CONTEXT, (response) => answers.push(response));
    before.settle();
    expect(answers).toEqual([]);
    const after = restarted(before, 'powerLoss');
    expect(after.loader.image.topics.topicByName('unanswered')).toBeUndefined();
    expect(after.raft.leader.epoch).toBe(2);
    expect(create(withBroker(after, 2), 'unanswered').topics[0]?.errorCode).toBe(0);
  });

  test('from snapshot and log finds the same as from the log alone', () => {
    const options = { maxBytesBetweenSnapshots: 2_000 };
    const before = withBroker(new TestNode(undefined, undefined, options).start());
    for (let i = 0; i < 40; i++) create(before, `t${i}`);
    expect(before.snapshots.all.length).toBeGreaterThan(2);
    const latest = before.snapshots.latest;
    expect(latest?.offset).toBeLessThan(before.log.endOffset);
    const after = restarted(before, 'powerLoss', options);
    expect(contentOf(after.loader.image)).toEqual(contentOf(before.loader.image));
    const replayed = before.log.batches.flatMap(({ bytes }) => {
      const batch = new BatchView(bytes);
      return batch.isControl
        ? []
        : decodeRecords(batch).map(({ value }) => decodeMetadataRecord(value ?? new Uint8Array()));
    });
    expect(contentOf(imageOf(replayed))).toEqual(contentOf(after.loader.image));
    expect(create(withBroker(after, 2), 't7').topics[0]?.errorCode).toBe(ErrorCode.TOPIC_ALREADY_EXISTS);
    expect(after.raft.voters?.ids).toEqual([1]);
    expect(after.failures).toEqual([]);
  });

  test('from a log that was cut at a snapshot finds the same', () => {
    const options = { maxBytesBetweenSnapshots: 2_000, retentionBytes: 4_000 };
    const before = withBroker(new TestNode(undefined, undefined, options).start());
    for (let i = 0; i < 40; i++) create(before, `t${i}`);
    before.clock.advance(61_000);
    before.settle();
    expect(before.log.startOffset).toBeGreaterThan(0);
    expect(before.snapshots.earliest?.offset).toBe(before.log.startOffset);
    const deleted = before.disk.paths().filter((path) => path.endsWith('.deleted'));
    expect(deleted.length).toBeGreaterThan(0);
    before.clock.advance(61_000);
    for (const path of deleted) expect(before.disk.paths()).not.toContain(path);
    const after = restarted(before, 'powerLoss', options);
    expect(contentOf(after.loader.image)).toEqual(contentOf(before.loader.image));
    expect(after.controller.isActive).toBe(true);
    expect(after.raft.kraftVersion).toBe(1);
  });

  test('aborts the metadata transaction in which an earlier controller died', () => {
    const before = new TestNode().start();
    const open = [
      metadataRecord('BeginTransactionRecord', 0, { name: 'half' }),
      metadataRecord('TopicRecord', 0, { name: 'half-done', topicId: incarnation(88) }),
    ];
    before.raft.prepareAppend(1, open.map(encodeMetadataRecord), true);
    before.raft.schedulePreparedAppend();
    before.settle();
    const after = restarted(before, 'kill');
    expect(recordsOf(after.log).at(-1)?.type).toBe('AbortTransactionRecord');
    expect(after.loader.image.topics.topicByName('half-done')).toBeUndefined();
    expect(create(withBroker(after), 'half-done').topics[0]?.errorCode).toBe(0);
    expect(after.failures).toEqual([]);
  });

  test('applies a long log in slices before it claims to be the controller', () => {
    const before = withBroker(new TestNode().start());
    for (let i = 0; i < 30; i++) create(before, `t${i}`);
    const after = new TestNode(before.disk.afterKill(), before.log.afterKill());
    let looks = 0;
    after.clock.monotonicMs = () => after.clock.nowMs + looks++;
    after.raft.register(after.shell);
    after.raft.start();
    after.clock.settle();
    expect(looks).toBeGreaterThan(20);
    expect(after.controller.isActive).toBe(true);
    expect(after.shell.activeCore?.state.image.topics.size).toBe(30);
    expect(after.failures).toEqual([]);
  });

  test('goes on with offsets and epochs that were never used before, after any number of kills', () => {
    let node = withBroker(new TestNode().start());
    for (let life = 2; life < 6; life++) {
      const end = node.log.endOffset;
      node = restarted(node, life % 2 === 0 ? 'kill' : 'powerLoss');
      expect(node.raft.leader.epoch).toBe(life);
      expect(register(node, 1, life).brokerEpoch).toBeGreaterThan(end);
    }
    const epochs = node.log.batches.map(({ epoch }) => epoch);
    expect(epochs).toEqual([...epochs].sort((a, b) => a - b));
  });
});

describe('a controller that is not active', () => {
  test('says so in the answer of every API', () => {
    const node = new TestNode();
    const context = { apiVersion: 2 };
    const codes = [
      node.ask((respond) => node.controller.createTopics(topicsRequest([{ name: 'a' }]), CONTEXT, respond)),
      node.ask((respond) =>
        node.controller.deleteTopics({ topics: [], topicNames: ['a'], timeoutMs: 0 }, CONTEXT, respond),
      ),
      node.ask((respond) =>
        node.controller.createPartitions(
          { topics: [{ name: 'a', count: 2, assignments: null }], timeoutMs: 0, validateOnly: false },
          CONTEXT,
          respond,
        ),
      ),
      node.ask((respond) => node.controller.registerBroker(registration(1), respond)),
      node.ask((respond) =>
        node.controller.updateFeatures({ timeoutMs: 0, featureUpdates: [], validateOnly: false }, context, respond),
      ),
      node.ask((respond) => node.controller.allocateProducerIds({ brokerId: 1, brokerEpoch: 1 }, respond)),
      node.ask((respond) => node.controller.unregisterBroker({ brokerId: 1 }, respond)),
      node.ask((respond) =>
        node.controller.incrementalAlterConfigs(
          { resources: [{ resourceType: 2, resourceName: 'a', configs: [] }], validateOnly: false },
          respond,
        ),
      ),
    ].map((response) => JSON.stringify(response).match(/"errorCode":(-?\d+)/)?.[1]);
    expect(codes).toEqual(Array(8).fill(String(ErrorCode.NOT_CONTROLLER)));
  });

  test('tells those who wait, forgets what was not committed, and serves again once it leads again', () => {
    const node = withBroker(new TestNode().start());
    node.log.autoFlush = null;
    const answers: CreateTopicsResponse[] = [];
    const request = topicsRequest([{ name: 'lost', numPartitions: 1, replicationFactor: 1 }]);
    node.controller.createTopics(request, CONTEXT, (response) => answers.push(response));
    node.shell.stop();
    node.settle();
    expect(answers[0]?.topics[0]).toMatchObject({
      name: 'lost',
      errorCode: ErrorCode.NOT_CONTROLLER,
      errorMessage: 'No controller appears to be active.',
    });
    expect(node.controller.isActive).toBe(false);
    node.log.autoFlush = (run) => node.clock.soon(run);
    while (node.log.pendingFlushes.length > 0) node.log.completeFlush();
    node.clock.advance(5_000);
    node.settle();
    expect(node.controller.isActive).toBe(true);
    expect(node.raft.leader.epoch).toBe(3);
    expect(contentOf(node.loader.image).length).toBeGreaterThan(1);
    expect(node.failures).toEqual([]);
  });
});

describe('an error in the log', () => {
  test('that comes with a flush ends the node', () => {
    const node = withBroker(new TestNode().start());
    node.log.autoFlush = null;
    node.controller.createTopics(topicsRequest([{ name: 'a' }]), CONTEXT, () => undefined);
    node.settle();
    node.log.completeFlush(new Error('EIO'));
    expect(node.failures).toEqual(['the metadata log could not be made durable: EIO: null']);
  });

  test('of a record that a newer release wrote stops the node and names it', () => {
    const before = new TestNode().start();
    const { lastOffset } = before.raft.prepareAppend(1, [new Uint8Array([1, 99, 0, 0])], true);
    before.raft.schedulePreparedAppend();
    before.settle();
    expect(before.log.endOffset).toBe(lastOffset + 1);
    expect(before.failures.join()).toContain('metadata record of type 99, which this release does not know');
  });
});
