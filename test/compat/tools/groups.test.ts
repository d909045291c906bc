import { needs } from '../../support/needs';
import { compareWithKafka } from './compare';
import { kafkaConsumerGroups } from './scenarios/consumer-groups';

needs('kafka')('tools for consumer groups, against Apache Kafka and against Moldau', () => {
  compareWithKafka(kafkaConsumerGroups);
});
