import fc from 'fast-check';
import { localChanges } from '../../../controller/metadata/local-changes';
import { diffImages } from '../../../controller/metadata/image-diff';
import { MetadataImage } from '../../../controller/metadata/image';
import { imageRecords } from '../../../controller/metadata/image-records';
import { MIGRATING_DIRECTORY } from '../../../controller/metadata/directory-id';
import { RecordedDelta } from '../../../controller/metadata/recorded-delta';
import { ReplayError } from '../../../controller/metadata/replay-error';
import { WholeDelta } from '../../../controller/metadata/whole-delta';
import {
  decodeMetadataRecord,
  encodeMetadataRecord,
  metadataRecord,
  type MetadataRecord,
} from '../../../controller/metadata/records';
import {
  EVENTS,
  ORDERS,
  changeOf,
  configRecord,
  contentOf,
  featureRecord,
  imageOf,
  partitionOf,
  registerRecord,
  sampleRecords,
  topicRecord,
} from '../support/metadata-samples';
import { directoryOfBroker, incarnation } from '../support/test-controls';

describe('an image', () => {
  test('answers what its records have said', () => {
    const image = imageOf(sampleRecords());
    expect(image.features.all()).toEqual([
      ['metadata.version', 30],
      ['group.version', 1],
      ['share.version', 1],
    ]);
    expect([...image.cluster.brokers.keys()]).toEqual([1, 2]);
    expect(image.cluster.brokers.get(1)).toMatchObject({ fenced: false, rack: 'r1', epoch: 10 });
    expect(image.cluster.brokers.get(2)).toMatchObject({
      fenced: true,
      inControlledShutdown: true,
      directories: [directoryOfBroker(2, 1)],
      cordonedDirectories: [directoryOfBroker(2, 1)],
    });
    const orders = image.topics.topicByName('orders');
    expect(orders).toBe(image.topics.topicById(ORDERS));
    if (orders === undefined) throw new Error('no topic');
    expect([...image.topics.partitionIds(orders)]).toEqual([0, 1, 2]);
    expect(image.topics.partition(orders, 1)).toMatchObject({
      leader: 1,
      isr: [1],
      leaderEpoch: 1,
      partitionEpoch: 1,
      elr: [2],
    });
    expect(image.topics.partition(orders, 2)).toMatchObject({
      leader: -1,
      isr: [],
      lastKnownElr: [2],
      leaderRecoveryState: 1,
    });
    expect(image.topics.partition(orders, 3)).toBeNull();
    expect(image.topics.topicByName('gone')).toBeUndefined();
    expect(image.configs.ofTopic('orders').get('retention.ms')).toBe('1000');
    expect(image.configs.ofTopic('gone').size).toBe(0);
    expect(image.configs.ofBroker('1').size).toBe(0);
    expect(image.quotas.of(new Map([['user', 'alice']])).get('producer_byte_rate')).toBe(1024);
    expect(image.quotas.of(new Map([['ip', '127.0.0.1']])).size).toBe(0);
    expect([...image.security.acls.keys()]).toEqual([incarnation(51)]);
    expect(image.security.scramCredential(1, 'alice')?.iterations).toBe(4096);
    expect(image.security.scramCredential(2, 'bob')).toBeUndefined();
    expect([...image.security.delegationTokens.keys()]).toEqual(['token-1']);
    expect(image.nextProducerId).toBe(4000);
  });

  test('becomes records, and from them the same image again', () => {
    const image = imageOf(sampleRecords());
    const written = [...imageRecords(image)].map(encodeMetadataRecord);
    const again = imageOf(written.map(decodeMetadataRecord));
    expect(contentOf(again)).toEqual(contentOf(image));
    expect(written.length).toBeGreaterThan(15);
  });

  test('writes its records in the order in which a reader needs them', () => {
    const types = [...imageRecords(imageOf(sampleRecords()))].map(({ type }) => type);
    const firsts = types.filter((type, index) => types.indexOf(type) === index);
    expect(firsts).toEqual([
      'FeatureLevelRecord',
      'ZkMigrationStateRecord',
      'RegisterBrokerRecord',
      'RegisterControllerRecord',
      'TopicRecord',
      'PartitionRecord',
      'ConfigRecord',
      'ClientQuotaRecord',
      'ProducerIdsRecord',
      'AccessControlEntryRecord',
      'UserScramCredentialRecord',
      'DelegationTokenRecord',
    ]);
    const [first] = imageRecords(imageOf(sampleRecords()));
    expect(first?.value).toEqual({ name: 'metadata.version', featureLevel: 30 });
  });

  test('is written in the versions that its metadata.version allows', () => {
    const image = imageOf([
      featureRecord('metadata.version', 16),
      topicRecord('orders', ORDERS),
      partitionOf(ORDERS, 0, [1]),
      registerRecord(1, 1),
    ]);
    const versions = [...imageRecords(image)].map(({ type, version }) => `${type} ${version}`);
    expect(versions).toEqual(['FeatureLevelRecord 0', 'RegisterBrokerRecord 2', 'TopicRecord 0', 'PartitionRecord 0']);
    const read = imageOf([...imageRecords(image)].map((record) => decodeMetadataRecord(encodeMetadataRecord(record))));
    const topic = read.topics.topicByName('orders');
    expect(topic && read.topics.partition(topic, 0)?.directories).toEqual([MIGRATING_DIRECTORY]);
  });

  test('has copies that later changes do not reach', () => {
    const image = imageOf(sampleRecords());
    const copy = image.copy();
    const before = contentOf(image);
    expect(contentOf(copy)).toEqual(before);
    image.replay(metadataRecord('RemoveTopicRecord', 0, { topicId: ORDERS }), null);
    image.replay(topicRecord('fresh', incarnation(77)), null);
    image.replay(partitionOf(incarnation(77), 0, [2, 1]), null);
    image.replay(configRecord(4, '', 'x', 'y'), null);
    image.replay(featureRecord('group.version', 0), null);
    expect(contentOf(copy)).toEqual(before);
    expect(contentOf(image)).not.toEqual(before);
  });

  test('keeps one object for equal configs', () => {
    const image = imageOf(sampleRecords());
    expect(image.configs.ofTopic('orders')).toBe(image.configs.ofTopic('events'));
  });

  test('forgets eligible leaders when told to, of one topic or of all', () => {
    const elr = (image: MetadataImage): number[] => {
      const orders = image.topics.topicByName('orders');
      const partition = orders === undefined ? null : image.topics.partition(orders, 1);
      return [...(partition?.elr ?? [-1]), partition?.partitionEpoch ?? -1];
    };
    const one = imageOf(sampleRecords());
    one.replay(metadataRecord('ClearElrRecord', 0, { topicName: 'events' }), null);
    expect(elr(one)).toEqual([2, 1]);
    one.replay(metadataRecord('ClearElrRecord', 0, { topicName: 'orders' }), null);
    expect(elr(one)).toEqual([2]);
    const all = imageOf(sampleRecords());
    all.replay(metadataRecord('ClearElrRecord', 0, { topicName: '' }), null);
    expect(elr(all)).toEqual([2]);
  });

  test.each<[string, MetadataRecord]>([
    ['a topic name that is taken', topicRecord('orders', incarnation(60))],
    ['a topic id that is taken', topicRecord('fresh', ORDERS)],
    ['a partition of an unknown topic', partitionOf(incarnation(60), 0, [1])],
    ['a partition id that cannot be', partitionOf(ORDERS, 2 ** 20, [1])],
    ['a change of an unknown topic', changeOf(incarnation(60), 0, { isr: [1] })],
    ['a change of an unknown partition', changeOf(ORDERS, 9, { isr: [1] })],
    ['directories that do not pair with replicas', changeOf(ORDERS, 0, { directories: [directoryOfBroker(1)] })],
    ['an unknown topic that is removed', metadataRecord('RemoveTopicRecord', 0, { topicId: incarnation(60) })],
    ['an unknown broker that is unfenced', metadataRecord('UnfenceBrokerRecord', 0, { id: 9, epoch: 1 })],
    ['another epoch of a broker', metadataRecord('FenceBrokerRecord', 0, { id: 1, epoch: 11 })],
    [
      'an unknown broker that is unregistered',
      metadataRecord('UnregisterBrokerRecord', 0, { brokerId: 9, brokerEpoch: 1 }),
    ],
    ['a feature level that this release does not know', featureRecord('group.version', 2)],
    [
      'an access control entry twice',
      sampleRecords().find(({ type }) => type === 'AccessControlEntryRecord') as MetadataRecord,
    ],
    [
      'an unknown access control entry that is removed',
      metadataRecord('RemoveAccessControlEntryRecord', 0, { id: incarnation(60) }),
    ],
    ['an unknown token that is removed', metadataRecord('RemoveDelegationTokenRecord', 0, { tokenId: 'nope' })],
    [
      'an unknown credential that is removed',
      metadataRecord('RemoveUserScramCredentialRecord', 0, { name: 'nope', mechanism: 1 }),
    ],
    [
      'producer ids that go back',
      metadataRecord('ProducerIdsRecord', 0, { brokerId: 1, brokerEpoch: 1, nextProducerId: 4000 }),
    ],
    ['an unknown topic whose eligible leaders are cleared', metadataRecord('ClearElrRecord', 0, { topicName: 'nope' })],
  ])('refuses %s', (_, record) => {
    expect(() => imageOf(sampleRecords()).replay(record, null)).toThrow(ReplayError);
  });
});

describe('topics in columns', () => {
  type Step = readonly ['create' | 'grow' | 'shrinkIsr' | 'delete', number];

  test('say what a plain map would say, after any life', () => {
    const step: fc.Arbitrary<Step> = fc.tuple(
      fc.constantFrom('create' as const, 'grow' as const, 'shrinkIsr' as const, 'delete' as const),
      fc.nat(6),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const image = new MetadataImage();
        const model = new Map<string, number[][]>();
        steps.forEach(([what, which], index) => live(image, model, what, `t${which}`, index));
        expect(image.topics.size).toBe(model.size);
        for (const [name, isrs] of model) {
          const topic = image.topics.topicByName(name);
          if (topic === undefined) throw new Error(`no topic ${name}`);
          expect([...image.topics.partitionIds(topic)].map((id) => image.topics.partition(topic, id)?.isr)).toEqual(
            isrs,
          );
        }
        const led = image.topics.partitions.rowsLedBy(1).map((row) => image.topics.ownerOf(row));
        expect(led).toHaveLength([...model.values()].flat().filter(([leader]) => leader === 1).length);
        const with2 = image.topics.partitions.rowsWith('isr', 2);
        expect(with2).toHaveLength([...model.values()].flat().filter((isr) => isr.includes(2)).length);
        expect(contentOf(image.copy())).toEqual(contentOf(image));
      }),
      { numRuns: 300 },
    );
  });

  function live(
    image: MetadataImage,
    model: Map<string, number[][]>,
    what: Step[0],
    name: string,
    index: number,
  ): void {
    const id = incarnation(index, 7);
    const topic = image.topics.topicByName(name);
    const isrs = model.get(name);
    if (what === 'create' && isrs === undefined) {
      image.replay(topicRecord(name, id), null);
      model.set(name, []);
    }
    if (topic === undefined || isrs === undefined) return;
    if (what === 'grow') {
      const replicas = [(index % 3) + 1, ((index + 1) % 3) + 1];
      image.replay(partitionOf(topic.id, isrs.length, replicas), null);
      isrs.push(replicas);
    }
    const last = isrs.at(-1);
    if (what === 'shrinkIsr' && last !== undefined && last.length > 1) {
      image.replay(changeOf(topic.id, isrs.length - 1, { isr: last.slice(0, 1) }), null);
      isrs[isrs.length - 1] = last.slice(0, 1);
    }
    if (what === 'delete') {
      image.replay(metadataRecord('RemoveTopicRecord', 0, { topicId: topic.id }), null);
      model.delete(name);
    }
  }

  test('take partitions in any order', () => {
    const image = imageOf([
      topicRecord('orders', ORDERS),
      partitionOf(ORDERS, 5, [1]),
      partitionOf(ORDERS, 0, [2]),
      partitionOf(ORDERS, 70, [3]),
    ]);
    const topic = image.topics.topicByName('orders');
    if (topic === undefined) throw new Error('no topic');
    expect([...image.topics.partitionIds(topic)]).toEqual([0, 5, 70]);
    expect(image.topics.partition(topic, 5)?.leader).toBe(1);
    expect(image.topics.partition(topic, 4)).toBeNull();
  });

  test('use the room of deleted topics again', () => {
    const image = new MetadataImage();
    for (let round = 0; round < 50; round++) {
      image.replay(topicRecord('t', incarnation(round)), null);
      for (let id = 0; id < 10; id++) image.replay(partitionOf(incarnation(round), id, [1, 2]), null);
      image.replay(metadataRecord('RemoveTopicRecord', 0, { topicId: incarnation(round) }), null);
    }
    expect(image.topics.partitions.rowsEnd).toBeLessThan(64);
  });
});

describe('a delta', () => {
  const change = (...records: readonly MetadataRecord[]): { delta: RecordedDelta; image: MetadataImage } => {
    const image = imageOf(sampleRecords());
    const delta = new RecordedDelta();
    for (const record of records) image.replay(record, delta);
    return { delta, image };
  };

  test('tells of each changed partition what it was before', () => {
    const { delta } = change(
      changeOf(ORDERS, 0, { isr: [1] }),
      changeOf(ORDERS, 0, { isr: [1, 2] }),
      partitionOf(ORDERS, 3, [1]),
    );
    const [topic] = delta.changedTopics();
    expect(topic).toMatchObject({ isNew: false });
    expect([...(topic?.partitions() ?? [])]).toMatchObject([
      { partitionId: 0, previous: { isr: [1, 2], partitionEpoch: 0 } },
      { partitionId: 3, previous: null },
    ]);
  });

  test('tells of a deleted topic as it was, and of one that came and went nothing', () => {
    const { delta } = change(
      changeOf(ORDERS, 0, { isr: [1] }),
      partitionOf(ORDERS, 3, [1]),
      metadataRecord('RemoveTopicRecord', 0, { topicId: ORDERS }),
      topicRecord('brief', incarnation(70)),
      metadataRecord('RemoveTopicRecord', 0, { topicId: incarnation(70) }),
    );
    expect([...delta.changedTopics()]).toEqual([]);
    const [deleted, ...others] = delta.deletedTopics();
    expect(others).toEqual([]);
    expect(deleted).toMatchObject({ id: ORDERS, name: 'orders' });
    expect([...(deleted?.partitions.keys() ?? [])]).toEqual([0, 1, 2]);
    expect(deleted?.partitions.get(0)?.isr).toEqual([1, 2]);
    expect([...delta.changedConfigs()]).toEqual([{ type: 2, name: 'orders' }]);
  });

  test('tells a topic made anew under the old name from the old one', () => {
    const { delta } = change(
      metadataRecord('RemoveTopicRecord', 0, { topicId: ORDERS }),
      topicRecord('orders', incarnation(71)),
    );
    expect([...delta.deletedTopics()].map(({ id }) => id)).toEqual([ORDERS]);
    expect([...delta.changedTopics()].map(({ topic, isNew }) => [topic.id, isNew])).toEqual([[incarnation(71), true]]);
  });

  test('names everything else that changed', () => {
    const { delta } = change(
      featureRecord('group.version', 0),
      metadataRecord('UnregisterBrokerRecord', 0, { brokerId: 1, brokerEpoch: 10 }),
      registerRecord(4, 40),
      configRecord(2, 'orders', 'retention.ms', '7'),
      metadataRecord('ProducerIdsRecord', 0, { brokerId: 1, brokerEpoch: 1, nextProducerId: 9000 }),
      metadataRecord('RemoveAccessControlEntryRecord', 0, { id: incarnation(51) }),
      metadataRecord('RemoveUserScramCredentialRecord', 0, { name: 'alice', mechanism: 1 }),
      metadataRecord('RemoveDelegationTokenRecord', 0, { tokenId: 'token-1' }),
      metadataRecord('ClientQuotaRecord', 0, {
        entity: [{ entityType: 'user', entityName: 'alice' }],
        key: 'producer_byte_rate',
        value: 0,
        remove: true,
      }),
    );
    expect([...delta.changedFeatures()]).toEqual(['group.version']);
    expect([...delta.changedBrokers()]).toEqual([1, 4]);
    expect([delta.previousBroker(1)?.epoch, delta.previousBroker(4)]).toEqual([10, null]);
    expect([...delta.changedConfigs()]).toEqual([{ type: 2, name: 'orders' }]);
    expect(delta.producerIdsChanged).toBe(true);
    expect([...delta.changedAcls()]).toEqual([incarnation(51)]);
    expect([...delta.changedScramUsers()]).toEqual([{ mechanism: 1, user: 'alice' }]);
    expect([...delta.changedDelegationTokens()]).toEqual(['token-1']);
    expect([...delta.changedQuotas()].map((entity) => [...entity])).toEqual([[['user', 'alice']]]);
  });

  test('of a whole image lists everything as new', () => {
    const image = imageOf(sampleRecords());
    const delta = new WholeDelta(image);
    expect([...delta.changedTopics()].map(({ topic, isNew }) => [topic.name, isNew])).toEqual([
      ['orders', true],
      ['events', true],
    ]);
    expect([...delta.changedTopics()].flatMap((topic) => [...topic.partitions()])).toHaveLength(4);
    expect([...delta.changedBrokers()]).toEqual([1, 2]);
    expect([...delta.deletedTopics()]).toEqual([]);
  });

  test('between two images shows what is gone as deleted', () => {
    const before = imageOf(sampleRecords());
    const after = imageOf([
      featureRecord('metadata.version', 30),
      registerRecord(2, 21),
      topicRecord('events', EVENTS),
      partitionOf(EVENTS, 0, [2]),
      topicRecord('fresh', incarnation(72)),
    ]);
    const delta = diffImages(before, after);
    expect(delta.isWholeImage).toBe(true);
    expect([...delta.deletedTopics()].map(({ name, partitions }) => [name, partitions.size])).toEqual([['orders', 3]]);
    expect([...delta.changedTopics()].map(({ topic, isNew }) => [topic.name, isNew])).toEqual([
      ['events', false],
      ['fresh', true],
    ]);
    expect([...delta.changedBrokers()]).toEqual([1, 2]);
    expect([...delta.changedConfigs()]).toContainEqual({ type: 2, name: 'orders' });
    expect(delta.producerIdsChanged).toBe(true);
  });

  test('says what it means for one broker', () => {
    const { delta, image } = change(
      changeOf(ORDERS, 0, { leader: 2, isr: [2] }),
      changeOf(ORDERS, 1, { isr: [1, 2] }),
      changeOf(ORDERS, 2, { replicas: [1], directories: [directoryOfBroker(1)] }),
      metadataRecord('RemoveTopicRecord', 0, { topicId: EVENTS }),
    );
    const brief = (brokerId: number) => {
      const { deletes, leaders, followers, directories } = localChanges(delta, image, brokerId);
      const name = ({ topic, partitionId }: { topic: string; partitionId: number }): string =>
        `${topic}-${partitionId}`;
      return {
        deletes: deletes.map((one) => `${name(one)}${one.topicDeleted ? ' with its topic' : ''}`),
        leaders: leaders.map((one) => `${name(one)}${one.isNewLeaderEpoch ? ' elected' : ''}`),
        followers: followers.map(name),
        directories: directories.map(name),
      };
    };
    expect(brief(1)).toEqual({
      deletes: ['events-0 with its topic'],
      leaders: ['orders-1'],
      followers: ['orders-0', 'orders-2'],
      directories: ['orders-2'],
    });
    expect(brief(2)).toEqual({
      deletes: ['orders-2'],
      leaders: ['orders-0 elected'],
      followers: ['orders-1'],
      directories: [],
    });
    expect(brief(3)).toEqual({ deletes: [], leaders: [], followers: [], directories: [] });
  });
});
