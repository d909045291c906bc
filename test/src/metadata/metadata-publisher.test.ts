import { MetadataImage } from '../../../controller/metadata/image';
import { metadataRecord } from '../../../controller/metadata/records';
import { RecordedDelta } from '../../../controller/metadata/recorded-delta';
import { buildBrokerConfig } from '../../../src/config/build-config';
import { DynamicConfig } from '../../../src/config/dynamic-config';
import { withNodeDefaults } from '../../../src/config/layers';
import { MetadataCache } from '../../../src/metadata/metadata-cache';
import { BrokerMetadataPublisher } from '../../../src/metadata/metadata-publisher';
import type { ReplicaManager } from '../../../src/replication/replica-manager';
import { TOPIC_ID } from '../../log/support/log-bench';

const OTHER_ID = 'q83vASNFZ4mrze8BI0VniA';

/** Broker 1, as the process with that incarnation id has registered it. */
function register(image: MetadataImage, incarnationId: string): void {
  const value = { brokerId: 1, incarnationId, brokerEpoch: 5, isMigratingZkBroker: false, endPoints: [], features: [], rack: null };
  image.replay(metadataRecord('RegisterBrokerRecord', 3, { ...value, fenced: false, inControlledShutdown: false, logDirs: [], cordonedLogDirs: null }), null);
}

describe('a change of the metadata', () => {
  test('reaches replicas in order: those that go, those that lead, those that follow', () => {
    const built = buildBrokerConfig(withNodeDefaults([]));
    if (!built.ok) throw new Error(built.problems.join('\n'));
    const done: string[] = [];
    const replicas = {
      brokerId: 1,
      isFollower: ({ leader, replicas: ids }: { leader: number; replicas: readonly number[] }) => leader !== 1 && ids.includes(1),
      apply: (replica: { topic: string; partition: number }) => done.push(`apply ${replica.topic}-${replica.partition}`),
      remove: (topic: string, index: number) => done.push(`remove ${topic}-${index}`),
    } as unknown as ReplicaManager;
    const logger = { child: () => logger, debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
    const cache = new MetadataCache(built.config);
    const groups = { topicsDeleted: () => done.push('groups') };
    const publisher = new BrokerMetadataPublisher(cache, new DynamicConfig(built.config, logger), replicas, groups, 'AAAAAAAAAAAAAAAAAAAAAA');

    const image = new MetadataImage();
    register(image, 'AAAAAAAAAAAAAAAAAAAAAA');
    const add = (topicId: string, partitionId: number, leader: number, delta: RecordedDelta | null): void => {
      const lists = { removingReplicas: [], addingReplicas: [], directories: [], eligibleLeaderReplicas: null, lastKnownElr: null };
      const epochs = { leader, leaderEpoch: 0, partitionEpoch: 0, leaderRecoveryState: 0 };
      image.topics.addPartition({ topicId, partitionId, replicas: [1, 2], isr: [1, 2], ...epochs, ...lists }, delta);
    };
    image.topics.addTopic({ name: 'old', topicId: OTHER_ID }, null);
    add(OTHER_ID, 0, 1, null);
    const delta = new RecordedDelta();
    image.topics.addTopic({ name: 'new', topicId: TOPIC_ID }, delta);
    [2, 1, -1, 1].forEach((leader, index) => add(TOPIC_ID, index, leader, delta));
    image.topics.removeTopic(OTHER_ID, delta);

    publisher.publish(delta, image);
    expect(done).toEqual(['remove old-0', 'groups', 'apply new-1', 'apply new-3', 'apply new-0', 'apply new-2']);
  });
});
