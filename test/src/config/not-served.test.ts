import { brokerKeys } from '../../../src/config/broker-keys';
import { NOT_SERVED } from '../../../src/config/not-served';
import { buildBrokerConfig } from '../../../src/config/build-config';
import { withNodeDefaults } from '../../../src/config/layers';
import { propertiesLayer } from '../../../src/config/properties';
import { sourceTree } from '../../support/source-tree';

/** Where keys are defined, and where they are listed as without effect. */
const DEFINITIONS = /^(src\/config\/keys\/.*|src\/config\/not-served\.ts|log\/log-server-config\.ts)$/;
const PRODUCT = /^(src|log|controller|wire)\//;

/** What Kafka's own config/server.properties sets, beside its directory and the topic of share groups. */
const KAFKAS_SAMPLE = `
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=localhost:9093
listeners=PLAINTEXT://:9092,CONTROLLER://:9093
inter.broker.listener.name=PLAINTEXT
advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL
num.network.threads=3
num.io.threads=8
socket.send.buffer.bytes=102400
socket.receive.buffer.bytes=102400
socket.request.max.bytes=104857600
num.partitions=1
num.recovery.threads.per.data.dir=2
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
log.retention.hours=168
log.segment.bytes=1073741824
log.retention.check.interval.ms=300000
`;

test('every key of a broker is read somewhere, or is listed as without effect', () => {
  const readers = sourceTree().filter(({ path }) => PRODUCT.test(path) && !DEFINITIONS.test(path));
  const text = readers.map((file) => file.text).join('\n');
  expect(brokerKeys.keys.filter((key) => !NOT_SERVED.has(key) && !text.includes(`'${key}'`))).toEqual([]);
});

test("the keys of Kafka's sample file are answered without a warning", () => {
  const read = propertiesLayer(KAFKAS_SAMPLE, 'server.properties');
  if (!('layer' in read)) throw new Error(read.problem);
  const built = buildBrokerConfig(withNodeDefaults([read.layer]));
  expect(built.ok ? built.warnings : built.problems).toEqual([]);
});
