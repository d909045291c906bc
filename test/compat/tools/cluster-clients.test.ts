import { startKafkaCluster } from '../../support/kafka-cluster';
import { startMoldauCluster } from '../../support/moldau-cluster';
import { needs } from '../../support/needs';
import { compareWithKafka } from './compare';
import type { Scenario, Step } from './scenario';
import { consoleClients } from './scenarios/console-clients';
import { kafkaConsumerGroups } from './scenarios/consumer-groups';
import { kafkaGetOffsets } from './scenarios/offsets';

// Three JVMs of Kafka and one of its tools start beside three processes of Moldau.
jest.setTimeout(180_000);

/** Where a group is coordinated, a partition led and a replica placed is chance, in both clusters. */
const ANY_NODE = [
  [/<port of \d> +\(\d\) +/g, '<port of a node> (<id>) '],
  [/(Leader|Replicas): [\d,]+/g, '$1: <chance>'],
] as const;

function onAnyNode(scenario: Scenario): Scenario {
  const steps = scenario.steps.map((step): Step => ('tool' in step && !('start' in step) ? { ...step, varies: [...(step.varies ?? []), ...ANY_NODE] } : step));
  return { ...scenario, steps };
}

needs('kafka')('tools that write, read and look after groups, against a cluster of three, of Apache Kafka and of Moldau', () => {
  compareWithKafka([...kafkaConsumerGroups, ...kafkaGetOffsets, ...consoleClients].map(onAnyNode), {
    start: { kafka: startKafkaCluster, moldau: startMoldauCluster },
    features: {},
  });
});
