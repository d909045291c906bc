import { type BuiltConfig, buildBrokerConfig } from '../../../src/config/build-config';
import { environmentLayer, overrideLayer, withNodeDefaults } from '../../../src/config/layers';
import { propertiesLayer } from '../../../src/config/properties';

const override = (...flags: string[]) => overrideLayer(flags).layer;
const nodeWith = (...flags: string[]) => buildBrokerConfig(withNodeDefaults([override(...flags)]));

function file(text: string) {
  const read = propertiesLayer(text, 'server.properties');
  if (!('layer' in read)) throw new Error(read.problem);
  return read.layer;
}
function config(built: BuiltConfig) {
  if (!built.ok) throw new Error(built.problems.join('\n'));
  return built.config;
}
const problems = (built: BuiltConfig) => (built.ok ? [] : built.problems);
const warnings = (built: BuiltConfig) => (built.ok ? built.warnings : []);

describe('a node without a file', () => {
  test('is broker and controller on localhost, with one replica of everything', () => {
    const node = config(nodeWith());
    expect(node.nodeId).toBe(1);
    expect([node.isBroker, node.isController]).toEqual([true, true]);
    expect(node.logDirs).toEqual(['./data']);
    expect(node.metadataLogDir).toBe('./data');
    expect(node.interBrokerListenerName).toBe('PLAINTEXT');
    expect(node.get('offsets.topic.replication.factor')).toBe(1);
    expect(node.get('transaction.state.log.min.isr')).toBe(1);
    expect(node.get('share.coordinator.state.topic.min.isr')).toBe(1);
    expect(node.listeners.map(({ name, host, port, isController }) => [name, host, port, isController])).toEqual([
      ['PLAINTEXT', 'localhost', 9092, false],
      ['CONTROLLER', 'localhost', 9093, true],
    ]);
  });

  test('is changed by overrides alone', () => {
    const node = config(
      nodeWith('node.id=7', 'log.dirs=/a,/b', 'num.partitions=3', 'offsets.topic.replication.factor=2'),
    );
    expect([node.nodeId, node.logDirs, node.get('num.partitions')]).toEqual([7, ['/a', '/b'], 3]);
    expect(node.get('offsets.topic.replication.factor')).toBe(2);
  });

  test('gets a controller listener by itself when only the others were named', () => {
    const node = config(nodeWith('listeners=PLAINTEXT://127.0.0.1:19092'));
    expect(node.listeners.map(({ name, port }) => [name, port])).toEqual([
      ['PLAINTEXT', 19092],
      ['CONTROLLER', 0],
    ]);
  });

  test('has the listeners of its roles', () => {
    const node = config(nodeWith('process.roles=broker', 'controller.quorum.bootstrap.servers=a:1,[::1]:2'));
    expect(node.listeners.map(({ name }) => name)).toEqual(['PLAINTEXT']);
    expect(node.quorumBootstrapServers).toEqual([
      { host: 'a', port: 1 },
      { host: '::1', port: 2 },
    ]);
  });
});

describe('layers', () => {
  const properties = file(
    'process.roles=broker,controller\nnode.id=2\ncontroller.listener.names=CONTROLLER\n' +
      'listeners=PLAINTEXT://:9092,CONTROLLER://:9093\nnum.partitions=2\n',
  );

  test('the environment goes over the file, and overrides over the environment', () => {
    const environment = environmentLayer({ KAFKA_NUM_PARTITIONS: '3', KAFKA_LOG_DIRS: '/env' });
    expect(config(buildBrokerConfig([properties])).get('num.partitions')).toBe(2);
    expect(config(buildBrokerConfig([properties, environment])).get('num.partitions')).toBe(3);
    const all = config(buildBrokerConfig([properties, environment, override('num.partitions=4')]));
    expect([all.get('num.partitions'), all.logDirs]).toEqual([4, ['/env']]);
  });

  test("with a file the defaults are Kafka's", () => {
    const node = config(buildBrokerConfig([properties]));
    expect(node.logDirs).toEqual(['/tmp/kafka-logs']);
    expect(node.get('offsets.topic.replication.factor')).toBe(3);
  });

  test('a file must say what Kafka requires', () => {
    expect(problems(buildBrokerConfig([file('node.id=1')]))).toEqual([
      'Missing required configuration controller.listener.names: it must be a list separated by commas, with at least one entry and no empty ones.',
      'Missing required configuration process.roles: it must be a list separated by commas, one or more of broker, controller.',
    ]);
  });
});

describe('environment variables', () => {
  test("become keys by the rules of Apache Kafka's image", () => {
    const { texts } = environmentLayer({
      KAFKA_NUM_PARTITIONS: '3',
      KAFKA_A__B___C_D: 'x',
      KAFKA_LISTENER_NAME_EXTERNAL_SSL_KEYSTORE_LOCATION: '/k',
      PATH: '/bin',
    });
    expect([...texts]).toEqual([
      ['num.partitions', '3'],
      ['a_b-c.d', 'x'],
      ['listener.name.external.ssl.keystore.location', '/k'],
    ]);
  });

  test('that are meant for the JVM are left alone', () => {
    const jvm = [
      'HEAP_OPTS',
      'OPTS',
      'JMX_OPTS',
      'JMX_PORT',
      'GC_LOG_OPTS',
      'LOG4J_ROOT_LOGLEVEL',
      'LOG4J_LOGGERS',
      'VERSION',
    ];
    const { texts } = environmentLayer(Object.fromEntries(jvm.map((name) => [`KAFKA_${name}`, 'x'])));
    expect([...texts]).toEqual([]);
  });
});

describe('overrides', () => {
  test('keep everything after the first equals sign', () => {
    expect([...override('a=b=c', ' d = e ').texts]).toEqual([
      ['a', 'b=c'],
      ['d', 'e'],
    ]);
  });

  test('without an equals sign are named', () => {
    expect(overrideLayer(['num.partitions', '=3']).bad).toEqual(['num.partitions', '=3']);
  });
});

describe('a property file', () => {
  test("follows Java's rules", () => {
    const { texts } = file('# note\na = 1\nb:2\nc\\ d=x\\\n   y\n! other\ne=\\u0041\na=3\nf\n');
    expect([...texts]).toEqual([
      ['a', '3'],
      ['b', '2'],
      ['c d', 'xy'],
      ['e', 'A'],
      ['f', ''],
    ]);
  });

  test('with a malformed escape is refused in a sentence', () => {
    const read = propertiesLayer('a=\\u00zz\n', 'server.properties');
    expect(read).toEqual({ problem: expect.stringContaining('server.properties is not a properties file') });
  });
});

describe('a bad value', () => {
  test('is refused with its key, its value, what is allowed and where it comes from', () => {
    expect(problems(nodeWith('num.partitions=none'))).toEqual([
      'Invalid value none for configuration num.partitions: it must be a whole number from -2147483648 to 2147483647, at least 1 (it comes from --override).',
    ]);
  });

  test.each([
    ['listeners=PLAINTEXT', 'it must be like NAME://host:port'],
    ['listeners=PLAINTEXT://h:99999', 'port 0 to 65535'],
    ['listeners=A://h:1,CONTROLLER://h:2', 'No security protocol is defined for listener A'],
    ['listener.security.protocol.map=PLAINTEXT:SSL,CONTROLLER:PLAINTEXT', 'only PLAINTEXT is served yet'],
    ['listeners=PLAINTEXT://h:1,CONTROLLER://h:1', 'Each listener must have a different port'],
    ['listeners=PLAINTEXT://h:1,plaintext://h:2', 'has PLAINTEXT twice'],
    ['advertised.listeners=OTHER://h:1', 'advertised.listeners has OTHER, which is not in listeners'],
    ['advertised.listeners=PLAINTEXT://0.0.0.0:9092', 'give the name or address that clients connect to'],
    ['listener.security.protocol.map=PLAINTEXT:TLS', 'listener.security.protocol.map'],
    ['inter.broker.listener.name=OTHER', 'must be one of the listeners PLAINTEXT, and it is OTHER'],
    ['controller.quorum.voters=2@h:1', 'node.id 1 is missing in controller.quorum.voters'],
    ['controller.quorum.voters=me', 'each entry like id@host:port'],
    ['process.roles=broker', 'needs controller.quorum.bootstrap.servers or controller.quorum.voters'],
    ['broker.id=5', 'broker.id (5) must be the same as node.id (1)'],
    ['broker.heartbeat.interval.ms=5000', 'must be at most half of broker.session.timeout.ms'],
    ['log.retention.ms=0', 'at least 1, or -1 for no limit'],
    ['group.min.session.timeout.ms=2000000', 'must be at most group.max.session.timeout.ms (1800000)'],
    ['group.consumer.session.timeout.ms=1000', 'group.consumer.min.session.timeout.ms (45000) must be at most'],
    ['log.flush.before.ack=maybe', 'true or false'],
    ['log.record.validation=none', 'one of full, header'],
  ])('%s is refused: %s', (flag, sentence) => {
    expect(problems(nodeWith(flag)).join('\n')).toContain(sentence);
  });
});

describe('warnings', () => {
  test('name the nearest key when one is misspelt', () => {
    expect(warnings(nodeWith('num.partition=3'))).toEqual([
      'num.partition (from --override) is not a configuration key and has no effect. Did you mean num.partitions?',
    ]);
    expect(warnings(nodeWith('log.segmnet.bytes=3'))[0]).toContain('log.segment.bytes');
  });

  test('suggest nothing when nothing is near', () => {
    expect(warnings(nodeWith('my.plugin.setting=3'))).toEqual([
      'my.plugin.setting (from --override) is not a configuration key and has no effect.',
    ]);
  });

  test('say what became of keys that Kafka removed', () => {
    expect(warnings(nodeWith('zookeeper.connect=localhost:2181'))[0]).toContain('removed it with ZooKeeper');
    expect(warnings(nodeWith('inter.broker.protocol.version=3.0'))[0]).toContain('metadata.version');
  });

  test('name keys that have no effect yet, unless they are set to their default', () => {
    expect(warnings(nodeWith('num.io.threads=16'))[0]).toContain('num.io.threads (from --override) has no effect');
    expect(warnings(nodeWith('num.io.threads=8', 'num.network.threads=3'))).toEqual([]);
  });

  test('know keys under the prefix of a listener', () => {
    expect(warnings(nodeWith('listener.name.plaintext.max.connections=5'))).toEqual([]);
    expect(warnings(nodeWith('listener.name.plaintext.max.connection=5'))[0]).toContain('not a configuration key');
  });
});

describe('listeners', () => {
  test('with an empty host are on every interface, and clients here are told localhost', () => {
    const [first, second] = config(nodeWith('listeners=PLAINTEXT://:9092,CONTROLLER://[::]:9093')).listeners;
    expect(first).toMatchObject({ host: '', advertisedHost: 'localhost', advertisedPort: 9092 });
    expect(second).toMatchObject({ host: '::', advertisedHost: 'localhost' });
  });

  test('are advertised as told, name by name', () => {
    const flags = [
      'listeners=internal://:9092,EXTERNAL://:9094,CONTROLLER://:9093',
      'listener.security.protocol.map=INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT',
      'inter.broker.listener.name=INTERNAL',
      'advertised.listeners=EXTERNAL://kafka.example.org:443',
    ];
    const node = config(nodeWith(...flags));
    const told = node.listeners.map(({ name, advertisedHost, advertisedPort }) => [
      name,
      advertisedHost,
      advertisedPort,
    ]);
    expect(told).toEqual([
      ['INTERNAL', 'localhost', 9092],
      ['EXTERNAL', 'kafka.example.org', 443],
      ['CONTROLLER', 'localhost', 9093],
    ]);
    expect(node.interBrokerListenerName).toBe('INTERNAL');
  });

  test('of a static quorum', () => {
    const node = config(nodeWith('controller.quorum.voters=1@a:9093,2@[::1]:9094'));
    expect(node.quorumVoters).toEqual([
      { id: 1, host: 'a', port: 9093 },
      { id: 2, host: '::1', port: 9094 },
    ]);
  });
});
