import { alterBrokerConfigs, replaceBrokerConfigs } from '../../../src/config/alter-broker';
import { alterGroupConfigs } from '../../../src/config/group-config';
import { type Alteration, CONFIG_OP } from '../../../wire/base/config-alter';
import { brokerWith } from './support';

const [INVALID_CONFIG, INVALID_REQUEST] = [40, 42];
const set = (name: string, value: string | null) => ({ name, op: CONFIG_OP.set, value });

/** What an alteration comes to: its changes as an object, or its error code. */
function outcome(altered: Alteration): unknown {
  return altered.ok ? Object.fromEntries(altered.changes) : altered.errorCode;
}

describe('IncrementalAlterConfigs of a broker', () => {
  const alter = (resource: string, ...ops: Parameters<typeof alterBrokerConfigs>[3]) =>
    outcome(alterBrokerConfigs(brokerWith(), resource, new Map(), ops));

  test("takes cluster-wide keys for the cluster and for one broker, and a plugin's keys", () => {
    expect(alter('', set('log.retention.ms', '5'), set('my.plugin.key', 'x'))).toEqual({
      'log.retention.ms': '5',
      'my.plugin.key': 'x',
    });
    expect(alter('1', set('log.retention.ms', '5'))).toEqual({ 'log.retention.ms': '5' });
  });

  test.each([
    ['a read-only key', '1', 'log.retention.hours', '5'],
    ['a bad value', '1', 'log.retention.ms', 'x'],
    ['a per-broker key for the cluster', '', 'listeners', 'PLAINTEXT://:1'],
    ['a key store without the prefix of a listener', '1', 'ssl.keystore.location', '/k'],
    ['a key store for the cluster', '', 'listener.name.x.ssl.keystore.location', '/k'],
    ['a step that more than doubles a pool', '1', 'num.io.threads', '17'],
    ['a step that more than halves a pool', '1', 'num.io.threads', '3'],
    ['a broken rule between keys', '', 'log.cleaner.max.compaction.lag.ms', '0'],
  ])('refuses %s as an invalid request', (_, resource, key, value) => {
    expect(alter(resource, set(key, value))).toBe(INVALID_REQUEST);
  });

  test('takes the limits of one listener for the cluster, and its certificates for one broker', () => {
    const limit = 'listener.name.plaintext.max.connections';
    expect(alter('', set(limit, '7'))).toEqual({ [limit]: '7' });
    const store = 'listener.name.plaintext.ssl.keystore.location';
    expect(alter('1', set(store, '/k'))).toEqual({ [store]: '/k' });
  });

  test('replaces everything when asked the old way', () => {
    const current = new Map([['log.retention.ms', '5']]);
    expect(outcome(replaceBrokerConfigs(brokerWith(), '', current, []))).toEqual({ 'log.retention.ms': null });
  });
});

describe('IncrementalAlterConfigs of a group', () => {
  const alter = (name: string, value: string) =>
    outcome(alterGroupConfigs(brokerWith(), new Map(), [set(name, value)]));

  test('keeps values within the bounds that the broker sets', () => {
    expect(alter('consumer.session.timeout.ms', '50000')).toEqual({ 'consumer.session.timeout.ms': '50000' });
    expect(alter('consumer.session.timeout.ms', '60001')).toBe(INVALID_CONFIG);
    expect(alter('streams.num.standby.replicas', '3')).toBe(INVALID_CONFIG);
    expect(alter('no.such', '1')).toBe(INVALID_CONFIG);
    expect(alter('share.auto.offset.reset', 'by_duration:PT1H')).toEqual({
      'share.auto.offset.reset': 'by_duration:PT1H',
    });
  });
});

describe('a running broker', () => {
  const values = (retentionMs: string) => new Map([['log.retention.ms', retentionMs]]);

  test("takes over dynamic values, its own over the cluster's, and goes back when they go", () => {
    const initial = brokerWith('log.retention.ms=1');
    const ofCluster = initial.withDynamic(values('2'), new Map()).config;
    const own = ofCluster.withDynamic(values('2'), values('3')).config;
    const back = own.withDynamic(new Map(), new Map()).config;
    expect([ofCluster, own, back].map((config) => config.get('log.retention.ms'))).toEqual([2, 3, 1]);
    expect(initial.get('log.retention.ms')).toBe(1);
  });

  test('passes over a stored value that is not allowed, and says so', () => {
    const { config, problems } = brokerWith('log.retention.ms=1').withDynamic(values('x'), new Map([['node.id', '7']]));
    expect([config.get('log.retention.ms'), config.nodeId]).toEqual([1, 1]);
    expect(problems).toEqual([expect.stringContaining('log.retention.ms')]);
  });

  test('keeps what it has when dynamic values together break a rule', () => {
    const initial = brokerWith();
    const { config, problems } = initial.withDynamic(
      new Map([
        ['log.cleaner.min.compaction.lag.ms', '9'],
        ['log.cleaner.max.compaction.lag.ms', '8'],
      ]),
      new Map(),
    );
    expect(config).toBe(initial);
    expect(problems).toEqual([expect.stringContaining('must be at most log.cleaner.max.compaction.lag.ms')]);
  });
});
