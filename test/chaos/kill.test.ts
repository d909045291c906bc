/**
 * kill -9 of the real process while several clients write, again and again on the same data directory; in every other round
 * once more while it starts again. CHAOS_ROUNDS says how often (20), CHAOS_SEED repeats the choices of a run, not its timing.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { SimRandom } from '../sim/random';
import type { Child } from '../support/child';
import { type MoldauProcess, startMoldau } from '../support/moldau-process';
import { withClient } from './support/client-env';
import { Committer } from './support/committer';
import { Ledger } from './support/ledger';
import { type ChaosProducer, KafkajsProducer, WireProducer } from './support/producers';
import { problemsOf } from './support/read-log';

const ROUNDS = Number(process.env['CHAOS_ROUNDS'] ?? 20);
const SEED = process.env['CHAOS_SEED'] ?? String(Date.now());
const TOPIC = 'chaos';
const PARTITIONS = 3;
const SEGMENT_BYTES = 256 * 1024;
const MAX_ACKS_PER_ROUND = 4000;
/** Longer than a start takes: some of those that are to be killed while they start are not. */
const MAX_KILL_DELAY_MS = 300;

const title = `every acked record and committed offset survives ${ROUNDS} times kill -9, in order, at its offset`;
test(
  title,
  async () => {
    const random = new SimRandom(`kill ${SEED}`);
    const ledger = new Ledger();
    const target = { topic: TOPIC, partitions: PARTITIONS, ledger };
    const producers: ChaosProducer[] = [
      new WireProducer(target, { name: 'one', acks: 1, random }),
      new WireProducer(target, { name: 'all', acks: -1, random }),
      new WireProducer(target, { name: 'idempotent', acks: -1, isIdempotent: true, random }),
      new KafkajsProducer(target, 'kafkajs', random),
    ];
    const committer = new Committer('chaos-group', TOPIC);
    let broker = await startMoldau();
    try {
      await createTopic(broker.port);
      for (let round = 0; round < ROUNDS; round++) {
        const running = await Promise.all([...producers, committer].map((client) => client.start(broker.port)));
        await ledger.ackedMore(random.between(1, MAX_ACKS_PER_ROUND));
        await broker.kill();
        await Promise.all(running.map(({ ended }) => ended));
        if (round % 2 === 1) await startAndKill(broker, random);
        broker = await startMoldau({ restartOf: broker });
        const problems = await problemsOf(broker.port, target, 'everything acked');
        expect({ seed: SEED, round, problems }).toEqual({ seed: SEED, round, problems: [] });
        expect(await committer.committed(broker.port)).toBeGreaterThanOrEqual(committer.ackedOffset);
      }
      expect(errorsOf(producers)).toEqual([]);
    } finally {
      await broker.dispose();
    }
  },
  180_000,
);

async function createTopic(port: number): Promise<void> {
  const configs = { 'internal.segment.bytes': String(SEGMENT_BYTES) };
  await withClient(port, (client) => client.createTopic(TOPIC, PARTITIONS, 1, configs));
}

/** A start that is killed after some time: before, while or after it recovers. */
async function startAndKill(previous: MoldauProcess, random: SimRandom): Promise<void> {
  let child: Child | null = null;
  const started = startMoldau({ restartOf: previous, spawned: (spawned) => (child = spawned) }).catch(() => null);
  await delay(random.below(MAX_KILL_DELAY_MS));
  const spawned = child as Child | null;
  spawned?.kill('SIGKILL');
  await spawned?.exited;
  await started;
}

/** What brokers answered beside success. Connections that ended are none of it. */
function errorsOf(producers: readonly ChaosProducer[]): string[] {
  return producers
    .flatMap(({ errors }) => [...errors.keys()])
    .filter((error) => !/ECONNRESET|ECONNREFUSED|EPIPE|Closed connection/.test(error));
}
