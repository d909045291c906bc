import { alterTopicConfigs, newTopicConfigs, replaceTopicConfigs } from '../../log/topic-config-alter';
import { type Alteration, CONFIG_OP } from '../../wire/base/config-alter';
import { brokerWith } from '../src/config/support';

const [INVALID_CONFIG, INVALID_REQUEST] = [40, 42];
const set = (name: string, value: string | null) => ({ name, op: CONFIG_OP.set, value });
const append = (name: string, value: string) => ({ name, op: CONFIG_OP.append, value });
const subtract = (name: string, value: string) => ({ name, op: CONFIG_OP.subtract, value });
const remove = (name: string) => ({ name, op: CONFIG_OP.delete, value: null });

/** What an alteration comes to: its changes as an object, or its error code. */
function outcome(altered: Alteration): unknown {
  return altered.ok ? Object.fromEntries(altered.changes) : altered.errorCode;
}

describe('IncrementalAlterConfigs of a topic', () => {
  const alter = (current: Record<string, string>, ...ops: Parameters<typeof alterTopicConfigs>[2]) =>
    outcome(alterTopicConfigs(brokerWith(), new Map(Object.entries(current)), ops));

  test('sets, and goes back to the default', () => {
    expect(alter({ 'retention.ms': '1' }, set('segment.ms', '5'), remove('retention.ms'))).toEqual({
      'segment.ms': '5',
      'retention.ms': null,
    });
  });

  test('changes nothing where the value is already there', () => {
    expect(alter({ 'retention.ms': '1' }, set('retention.ms', '1'), remove('segment.ms'))).toEqual({});
  });

  test('appends to what is in force, once', () => {
    expect(alter({}, append('cleanup.policy', 'compact'))).toEqual({ 'cleanup.policy': 'delete,compact' });
    expect(alter({}, append('cleanup.policy', 'delete'))).toEqual({ 'cleanup.policy': 'delete' });
    expect(alter({ 'cleanup.policy': 'compact,delete' }, subtract('cleanup.policy', 'delete'))).toEqual({
      'cleanup.policy': 'compact',
    });
  });

  test.each([
    ['an unknown key', [set('no.such', '1')], INVALID_CONFIG],
    ['a bad value', [set('retention.ms', 'long')], INVALID_CONFIG],
    ['a value out of bounds', [set('segment.bytes', '14')], INVALID_CONFIG],
    ['appending to a number', [append('retention.ms', '1')], INVALID_CONFIG],
    [
      'the removed message.timestamp.difference.max.ms',
      [set('message.timestamp.difference.max.ms', '1')],
      INVALID_CONFIG,
    ],
    [
      'contradicting compaction lags',
      [set('min.compaction.lag.ms', '9'), set('max.compaction.lag.ms', '8')],
      INVALID_CONFIG,
    ],
    ['tiered storage', [set('remote.storage.enable', 'true')], INVALID_CONFIG],
    [
      'a value that no record holds',
      [set('leader.replication.throttled.replicas', '1:1,'.repeat(9000))],
      INVALID_CONFIG,
    ],
    ['the same key twice', [set('retention.ms', '1'), remove('retention.ms')], INVALID_REQUEST],
    ['null without DELETE', [set('retention.ms', null)], INVALID_REQUEST],
    ['an operation that does not exist', [{ name: 'cleanup.policy', op: 9, value: '1' }], INVALID_REQUEST],
  ])('refuses %s', (_, ops, code) => {
    expect(alter({}, ...ops)).toBe(code);
  });

  test('is all or nothing', () => {
    expect(alter({}, set('retention.ms', '1'), set('segment.ms', 'x'))).toBe(INVALID_CONFIG);
  });

  test('takes keys that old tools still send, without storing them', () => {
    expect(alter({}, set('message.format.version', '3.0'), set('message.downconversion.enable', 'false'))).toEqual({});
  });
});

describe('legacy AlterConfigs of a topic', () => {
  test('replaces everything', () => {
    const current = new Map([
      ['retention.ms', '1'],
      ['segment.ms', '5'],
    ]);
    const altered = replaceTopicConfigs(brokerWith(), current, [{ name: 'retention.ms', value: '2' }]);
    expect(outcome(altered)).toEqual({ 'retention.ms': '2', 'segment.ms': null });
    expect(outcome(replaceTopicConfigs(brokerWith(), current, [{ name: 'retention.ms', value: null }]))).toBe(
      INVALID_REQUEST,
    );
  });
});

describe('configs of a new topic', () => {
  test('refuse a null value as bad configuration', () => {
    expect(outcome(newTopicConfigs(brokerWith(), [{ name: 'retention.ms', value: null }]))).toBe(INVALID_CONFIG);
    expect(outcome(newTopicConfigs(brokerWith(), [{ name: 'retention.ms', value: '7' }]))).toEqual({
      'retention.ms': '7',
    });
  });
});
