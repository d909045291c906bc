import type { SimNode } from './sim-cluster';
import { BROKER_PORT, hostOf } from './cluster-config';
import type { ClusterIdempotentProducer } from './cluster-producers';
import { ClusterScript } from './cluster-script';

/**
 * How soon a cluster serves again, and whom it never takes for dead: written failures with the bars of failure detection, in
 * simulated time. The prober gives a request up after 500 ms and tries again after 50.
 */

const TOPIC = 'orders';
const HERE = { topic: TOPIC, partition: 0 };
/** Plays of each failure; the worst is what counts. */
const ROUNDS = Number(process.env['DETECTION_ROUNDS'] ?? 3);
/** Bars, in milliseconds to the first acknowledged record. */
const KILLED = { median: 300, worst: 1_000 } as const;
const BOTH_KILLED_MS = 2_000;
const SILENT_MS = 4_000;

interface Roles {
  readonly leader: number;
  readonly controller: number;
  readonly producer: ClusterIdempotentProducer;
}

/** Plays rounds until `ROUNDS` have had the leader and the controller where they are wanted; returns the times of each. */
async function timesOf(name: string, want: 'apart' | 'together' | 'any', fail: (script: ClusterScript, roles: Roles) => void | Promise<void>): Promise<readonly number[]> {
  const times: number[] = [];
  for (let round = 0; times.length < ROUNDS && round < ROUNDS * 20; round++) {
    await ClusterScript.play(`${name}-${round}`, async (script) => {
      const producer = await script.ready(TOPIC);
      const { leader } = script.partition(TOPIC, 0);
      const controller = script.controller();
      if (want !== 'any' && (leader === controller) !== (want === 'together')) return;
      // Failures come at any moment between two heartbeats.
      await script.pause(script.world.random('script').below(1_000));
      const failAndSend = async (): Promise<void> => {
        await fail(script, { leader, controller, producer });
        await script.sendOne(producer, HERE);
      };
      times.push(await script.timeOf(failAndSend));
      expect(script.partition(TOPIC, 0).leader).not.toBe(leader);
      // Whoever was only paused, or cut off, finds out what has become of him.
      await script.finish();
    });
  }
  expect(times).toHaveLength(ROUNDS);
  const sorted = [...times].sort((a, b) => a - b);
  process.stdout.write(`${name}: first acknowledgement after ${sorted.map(Math.round).join(', ')} ms\n`);
  return sorted;
}

const median = (sorted: readonly number[]): number => sorted[Math.floor(sorted.length / 2)]!;
const worst = (sorted: readonly number[]): number => sorted.at(-1)!;

describe('a node that is gone is replaced in time', () => {
  test('a leader that is killed', async () => {
    const times = await timesOf('leader killed', 'apart', (script, { leader }) => void script.cluster.kill(leader));
    expect(median(times)).toBeLessThanOrEqual(KILLED.median);
    expect(worst(times)).toBeLessThanOrEqual(KILLED.worst);
  }, 60_000);

  test('a leader that is the controller, killed', async () => {
    const times = await timesOf('leader and controller killed', 'together', (script, { leader }) => void script.cluster.kill(leader));
    expect(worst(times)).toBeLessThanOrEqual(BOTH_KILLED_MS);
  }, 60_000);

  test('a leader that stands still for ever', async () => {
    const times = await timesOf('leader silent', 'any', (script, { leader }) => void script.cluster.pause(leader));
    expect(worst(times)).toBeLessThanOrEqual(SILENT_MS);
  }, 60_000);

  test('a leader that nobody hears, though it hears all', async () => {
    const times = await timesOf('leader cut one way', 'any', (script, { leader }) => cutOff(script, leader, 'outgoing'));
    expect(worst(times)).toBeLessThanOrEqual(SILENT_MS);
  }, 60_000);

  test('a leader that hears nobody, though all hear it', async () => {
    const times = await timesOf('leader cut the other way', 'any', (script, { leader }) => cutOff(script, leader, 'incoming'));
    expect(worst(times)).toBeLessThanOrEqual(SILENT_MS);
  }, 60_000);

  test.each(['accepts and is silent', 'closes what it accepts'] as const)('a leader that is killed, and whose port another program takes that %s', async (manner) => {
    const times = await timesOf(`port reused, ${manner}`, 'apart', (script, { leader }) => {
      const node = script.cluster.node(leader);
      script.cluster.kill(leader);
      return takePort(script, node, manner);
    });
    expect(worst(times)).toBeLessThanOrEqual(SILENT_MS);
  }, 60_000);
});

describe('a node that lives is fenced by nobody', () => {
  const unharmed = (name: string, harm: (script: ClusterScript, id: number) => Promise<void>): void => {
    test.each([1, 2, 3])(`${name}: node %d`, (id) =>
      ClusterScript.play(`${name}-${id}`, async (script) => {
        const producer = await script.ready(TOPIC);
        const fenced = script.counted('broker fenced');
        await harm(script, id);
        await script.pause(5_000);
        expect(script.counted('broker fenced')).toBe(fenced);
        await script.sendOne(producer, HERE);
        await script.finish();
      }));
  };

  unharmed('a pause of two seconds', async (script, id) => {
    script.cluster.pause(id);
    await script.pause(2_000);
    script.cluster.resume(id);
  });

  unharmed('connections that are reset, time and again', async (script, id) => {
    for (let i = 0; i < 10; i++) {
      script.cluster.reset(id);
      await script.pause(150);
    }
  });

  unharmed('connections that are reset in the midst of a pause of two seconds', async (script, id) => {
    script.cluster.pause(id);
    await script.pause(500);
    script.cluster.reset(id);
    await script.pause(1_500);
    script.cluster.resume(id);
  });
});

describe('a proof of death that is wrong', () => {
  /** What is the controller, too, hears its own heartbeats: nobody dials it. That is as in Kafka. */
  test('a living leader whose port refuses is fenced, and is back and has everything when it answers again', async () => {
    let refused = 0;
    for (let round = 0; refused === 0 && round < 20; round++) {
      await ClusterScript.play(`refused-${round}`, async (script) => {
        const producer = await script.ready(TOPIC);
        const { leader } = script.partition(TOPIC, 0);
        if (leader === script.controller()) return;
        refused++;
        const fenced = script.counted('broker fenced');
        script.world.network.refuse(hostOf(leader), BROKER_PORT);
        script.beforeFinish(() => script.world.network.allow(hostOf(leader), BROKER_PORT));
        script.cluster.reset(leader);
        await script.sendOne(producer, HERE);
        expect(script.partition(TOPIC, 0).leader).not.toBe(leader);
        expect(script.counted('broker fenced')).toBe(fenced + 1);
        await script.finish();
      });
    }
    expect(refused).toBe(1);
  }, 60_000);
});

function cutOff(script: ClusterScript, id: number, which: 'outgoing' | 'incoming'): void {
  for (const { id: other } of script.cluster.nodes) {
    if (other === id) continue;
    script.cluster.cut(which === 'outgoing' ? id : other, which === 'outgoing' ? other : id, true);
  }
}

/** Some other program binds the port of a dead node as soon as the kernel lets it, until the node is started again. */
async function takePort(script: ClusterScript, { host }: SimNode, manner: 'accepts and is silent' | 'closes what it accepts'): Promise<void> {
  const { network, owner } = script.world;
  while (host.net.listeners.has(BROKER_PORT)) await script.pause(1);
  const listener = await network.listenAs(owner, host.net, BROKER_PORT, (connection) => {
    if (manner === 'closes what it accepts') connection.destroy();
    return { bytes: () => {}, drain: () => {}, closed: () => {} };
  });
  script.beforeFinish(() => void listener.close());
}
