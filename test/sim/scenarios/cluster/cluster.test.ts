import { directoryOf } from '../../../../controller/metadata/partition-registration';
import { newTally, planFor, playOne, sweepSeed } from '../../harness/sweep';
import { inMacrotask } from '../../runner';
import { SimRandom } from '../../random';
import { SimViolation } from '../../violation';
import { cluster } from './cluster';
import { FAULT_KINDS, planCluster } from './cluster-plan';
import { ClusterScript } from './cluster-script';
import type { SimNode } from './sim-cluster';

const TOPIC = 'orders';
const HERE = { topic: TOPIC, partition: 0 };

/** Time to the first acknowledgement after a failure, as it is printed for people. */
const report = (what: string, ms: number): void => void process.stdout.write(`${what}: first acknowledgement after ${Math.round(ms)} ms\n`);

describe('a cluster, simulated', () => {
  test('elects a controller and becomes whole within a few seconds', () =>
    ClusterScript.play(1, async (script) => {
      await script.whole(10_000);
      expect([...script.watch.committed.image.cluster.brokers.keys()].sort()).toEqual([1, 2, 3]);
    }));

  test('goes on with another controller when the controller is killed', () =>
    ClusterScript.play(3, async (script) => {
      const producer = await script.ready(TOPIC);
      const controller = script.controller();
      script.cluster.kill(controller);
      report('controller killed', await script.timeOf(() => script.sendOne(producer, HERE)));
      await script.until(() => script.controller() !== controller, 10_000, 'another controller');
      await script.addTopic('letters', 1);
      await script.finish();
    }));

  test('acknowledges nothing in a minority that is cut off', () =>
    ClusterScript.play(5, async (script) => {
      const producer = await script.ready(TOPIC);
      const { leader } = script.partition(TOPIC, 0);
      script.cluster.isolate(leader, true);
      const acked = script.counted('acked');
      const sent = script.sendOne(producer, HERE);
      // The session of the leader is not over yet: whoever acknowledged would be the one that is cut off.
      await script.pause(1_500);
      expect(script.counted('acked')).toBe(acked);
      await sent;
      expect(script.partition(TOPIC, 0).leader).not.toBe(leader);
      await script.finish();
    }));

  test('has everything after all nodes were killed at once', () =>
    ClusterScript.play(6, async (script) => {
      const producer = await script.ready(TOPIC);
      for (let i = 0; i < 20; i++) await script.sendOne(producer, HERE);
      for (const { id } of script.cluster.nodes) script.cluster.kill(id);
      await script.pause(500);
      script.cluster.startAll();
      report('all nodes killed', await script.timeOf(() => script.sendOne(producer, HERE)));
      await script.finish();
    }));

  test('has everything that was flushed after all nodes lost their power at once', () =>
    ClusterScript.play(7, async (script) => {
      const producer = await script.ready(TOPIC);
      for (let i = 0; i < 20; i++) await script.sendOne(producer, HERE);
      for (const { id } of script.cluster.nodes) script.cluster.losePower(id);
      await script.pause(500);
      script.cluster.startAll();
      report('all nodes without power', await script.timeOf(() => script.sendOne(producer, HERE)));
      await script.finish();
    }, { flush: true }));

  test.each([
    ['were killed', false, (script: ClusterScript, id: number) => script.cluster.kill(id)],
    ['lost their power, with log.flush.before.ack', true, (script: ClusterScript, id: number) => script.cluster.losePower(id)],
  ] as const)('has everything after all nodes %s one after the other, sooner than the others were whole again', (_, flush, end) =>
    ClusterScript.play('in-turn', async (script) => {
      const producer = await script.ready(TOPIC);
      for (let turn = 0; turn < 6; turn++) {
        const id = (turn % 3) + 1;
        await script.sendOne(producer, HERE);
        if (script.cluster.isRunning(id)) end(script, id);
        await script.pause(100);
        script.cluster.start(id);
        await script.pause(150);
      }
      await script.sendOne(producer, HERE);
      await script.finish();
    }, { flush }));

  test('builds a follower anew whose disk was replaced', () =>
    ClusterScript.play(8, async (script) => {
      const producer = await script.ready(TOPIC);
      for (let i = 0; i < 20; i++) await script.sendOne(producer, HERE);
      const { leader } = script.partition(TOPIC, 0);
      const follower = script.cluster.nodes.find(({ id }) => id !== leader && id !== script.controller()) as SimNode;
      script.watch.excuse(follower.id);
      script.cluster.kill(follower.id);
      await script.pause(200);
      script.cluster.wipe(follower.id);
      script.cluster.start(follower.id);
      await script.sendOne(producer, HERE);
      // The controller elects nobody whose replica it believes to be on the disk that is gone.
      const directory = (): string | null => directoryOf(script.partition(TOPIC, 0), follower.id);
      await script.until(() => directory() === follower.directoryId, 20_000, 'the new directory is known');
      await script.finish();
    }));

  const lossesOfOne = [
    ['its disk', (script: ClusterScript, id: number) => (script.cluster.kill(id), script.cluster.wipe(id))],
    ['what was not flushed', (script: ClusterScript, id: number) => script.cluster.losePower(id)],
  ] as const;
  // Whoever was killed, and is back on the same boot and mount, has kept what it acknowledged, and remains eligible.
  test.each(lossesOfOne.flatMap(([what, lose]) => [1, 2, 3].flatMap((id) => [[id, what, 'first', lose] as const, [id, what, 'last', lose] as const])))(
    'has everything, and goes on, when node %d has lost %s and comes back %s, and the other two were killed at the same time',
    (lost, what, when, lose) =>
      ClusterScript.play(`lost-${lost}-${what}`, async (script) => {
        const producer = await script.ready(TOPIC);
        for (let i = 0; i < 20; i++) await script.sendOne(producer, HERE);
        const others = [1, 2, 3].filter((id) => id !== lost);
        script.watch.excuse(lost);
        for (const id of others) script.cluster.kill(id);
        lose(script, lost);
        for (const id of when === 'first' ? [lost, ...others] : [...others, lost]) {
          script.cluster.start(id);
          await script.pause(300);
        }
        await script.sendOne(producer, HERE);
        await script.finish();
      }),
  );

  test('keeps its promises over random schedules', () =>
    inMacrotask(() => {
      const tally = newTally();
      for (let seed = 0; seed < 5 && tally.failures.length === 0; seed++) sweepSeed(cluster, String(seed), tally);
      expect(tally.failures.map((failure) => `seed ${failure.seed}: ${failure.error.slice(0, 400)}`)).toEqual([]);
    }));

  test('is the same run for the same seed', () =>
    inMacrotask(() => {
      const trace = (): string | undefined => playOne(cluster, '1', planFor(cluster, '1', 'calm'), null, newTally())?.traceHash;
      const first = trace();
      if (first === undefined) throw new SimViolation('the schedule fails');
      expect(trace()).toBe(first);
    }));
});

describe('schedules of a cluster', () => {
  const plans = Array.from({ length: 200 }, (_, seed) => planCluster(new SimRandom(`plan/${seed}`), 'wild'));

  test('last half a minute and have five faults at least', () => {
    for (const steps of plans) {
      expect(steps.reduce((sum, step) => sum + Number(step['afterMs'] ?? 0), 0)).toBeGreaterThanOrEqual(29_999);
      expect(steps.filter(({ kind }) => FAULT_KINDS.some((fault) => fault === kind)).length).toBeGreaterThanOrEqual(5);
    }
  });

  test('meet every kind of fault', () => {
    const met = new Set(plans.flatMap((steps) => steps.map(({ kind }) => kind)));
    expect(FAULT_KINDS.filter((kind) => !met.has(kind))).toEqual([]);
  });
});
