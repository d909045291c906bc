import { type OldMirrorFlags, oldMirror } from '../../../src/cli/mirror-old-config';

const FLAGS = { 'consumer.config': 'c', 'producer.config': 'p', include: 'orders, "bills.*"' };
const CONSUMER = { 'bootstrap.servers': 'a:1', 'group.id': 'mirror group' };
const PRODUCER = { 'bootstrap.servers': 'b:2' };

function read(flags: OldMirrorFlags, consumer: Readonly<Record<string, string>> = CONSUMER) {
  return oldMirror(flags, new Map(Object.entries(consumer)), new Map(Object.entries(PRODUCER)));
}

describe("MirrorMaker 1's command line", () => {
  test('becomes one flow that keeps names and goes on where its group stopped', () => {
    const mirror = read({ ...FLAGS, 'offset.commit.interval.ms': '1000' });
    if (!mirror.ok) throw new Error(mirror.problems.join('\n'));
    const [flow, ...others] = mirror.settings.flows;
    expect(others).toEqual([]);
    expect(flow).toMatchObject({
      source: { alias: 'mirror-group', bootstrap: [{ host: 'a', port: 1 }] },
      target: { alias: 'target', bootstrap: [{ host: 'b', port: 2 }] },
      takesOverGroup: 'mirror group',
      startsAt: 'latest',
      replicationFactor: -1,
      emitHeartbeatsMs: null,
      emitCheckpointsMs: null,
      emitsOffsetSyncs: false,
      syncTopicConfigsMs: null,
    });
    expect(flow!.policy.formatRemoteTopic('mirror-group', 'orders')).toBe('orders');
    expect(['orders', 'bills2', 'other'].map((name) => flow!.topics.accepts(name))).toEqual([true, true, false]);
    expect(mirror.storeIntervalMs).toBe(1000);
    expect(mirror.warnings).toEqual([expect.stringMatching(/^Records keep their partitions here/)]);
  });

  test("takes the consumer's and producer's settings that have an effect, and names the others", () => {
    const mirror = read(
      { ...FLAGS, 'num.streams': '4', 'abort.on.send.failure': 'false' },
      { ...CONSUMER, 'auto.offset.reset': 'earliest', 'fetch.min.bytes': '1' },
    );
    expect(mirror).toMatchObject({ ok: true, settings: { flows: [{ startsAt: 'earliest' }] } });
    expect(mirror.ok && mirror.warnings).toEqual([
      expect.stringMatching(/^--num\.streams has no effect/),
      expect.stringMatching(/^--abort\.on\.send\.failure=false has no effect: .* nothing is dropped\.$/),
      expect.stringMatching(/^Records keep/),
      "Known to Kafka, and without effect in Moldau's mirror: fetch.min.bytes.",
    ]);
  });

  test.each<[string, OldMirrorFlags, RegExp]>([
    ['no files', {}, /^Give a file of MirrorMaker 2/],
    ['no topics', { ...FLAGS, include: '' }, /^Give the topics with --include/],
    [
      'a handler',
      { ...FLAGS, 'message.handler': 'com.acme.H' },
      /^--message\.handler is not served: the mirror cannot run com\.acme\.H/,
    ],
    [
      'a listener',
      { ...FLAGS, 'consumer.rebalance.listener': 'com.acme.L' },
      /^--consumer\.rebalance\.listener is not served/,
    ],
    [
      'an interval',
      { ...FLAGS, 'offset.commit.interval.ms': '0' },
      /^--offset\.commit\.interval\.ms takes milliseconds above 0, and got 0\.$/,
    ],
  ])('is refused in a sentence: %s', (_what, flags, sentence) => {
    expect(read(flags)).toEqual({ ok: false, problems: [expect.stringMatching(sentence)] });
  });

  test('is refused without a group.id', () => {
    expect(read(FLAGS, { 'bootstrap.servers': 'a:1' })).toEqual({
      ok: false,
      problems: ['The file of --consumer.config has no group.id, which names the mirror.'],
    });
  });
});
