import { needs } from '../../support/needs';
import { compareWithKafka } from './compare';
import { consoleClients } from './scenarios/console-clients';
import { kafkaDumpLog } from './scenarios/dump-log';
import { kafkaGetOffsets } from './scenarios/offsets';
import { perfTests } from './scenarios/perf-tests';
import { verifiableClients } from './scenarios/verifiable-clients';

needs('kafka')('tools that write and read records, against Apache Kafka and against Moldau', () => {
  compareWithKafka([...consoleClients, ...kafkaGetOffsets, ...verifiableClients, ...perfTests], {
    afterStop: kafkaDumpLog,
  });
});
