import { needs } from '../../support/needs';
import { compareWithKafka } from './compare';
import { kafkaCluster } from './scenarios/cluster';
import { kafkaConfigs } from './scenarios/kafka-configs';
import { kafkaTopics } from './scenarios/kafka-topics';

needs('kafka')('tools that administer, against Apache Kafka and against Moldau', () => {
  compareWithKafka([...kafkaTopics, ...kafkaConfigs, ...kafkaCluster]);
});
