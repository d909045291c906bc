import { startKafkaCluster } from '../../support/kafka-cluster';
import { startMoldauCluster } from '../../support/moldau-cluster';
import { needs } from '../../support/needs';
import { compareWithKafka } from './compare';
import { clusterMetadata } from './scenarios/cluster-metadata';
import { threeNodes } from './scenarios/three-nodes';

// Three JVMs of Kafka and one of its tools start beside three processes of Moldau.
jest.setTimeout(180_000);

needs('kafka')('tools against a cluster of three, of Apache Kafka and of Moldau', () => {
  compareWithKafka(threeNodes, {
    start: { kafka: startKafkaCluster, moldau: startMoldauCluster },
    features: {},
    // So that snapshots are written, and that a throttled replica gets a little at a time.
    properties: { 'metadata.log.max.record.bytes.between.snapshots': '3000', 'replica.fetch.max.bytes': '10000' },
    afterStop: clusterMetadata,
  });
});
