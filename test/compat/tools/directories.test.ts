import type { ClusterNode } from '../../support/cluster-process';
import { startKafkaCluster } from '../../support/kafka-cluster';
import { startMoldauCluster } from '../../support/moldau-cluster';
import { needs } from '../../support/needs';
import { compareWithKafka } from './compare';
import { directories } from './scenarios/directories';

jest.setTimeout(180_000);

const propertiesOf = ({ logDir }: ClusterNode): Readonly<Record<string, string>> => ({ 'log.dirs': `${logDir},${logDir}-b` });

needs('kafka')('tools that move replicas between the directories of three brokers, of Apache Kafka and of Moldau', () => {
  compareWithKafka(directories, {
    start: {
      kafka: (same) => startKafkaCluster({ ...same, propertiesOf }),
      moldau: (same) => startMoldauCluster({ ...same, propertiesOf }),
    },
    features: {},
    properties: { 'replica.fetch.max.bytes': '10000' },
  });
});
