/**
 * Two clusters of three real nodes and a mirror of two processes between them, under load. Again and again one of the mirror's
 * processes, the node that leads at the source or the node that leads at the target is killed with -9. In the end the target
 * holds every record of the source, in order, and what it holds twice is within what mirror/README.md says.
 *
 * CHAOS_MIRROR_ROUNDS says how often (3 by default); CHAOS_SEED repeats the choices of a run, not its timing.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { ClusterClient } from '../../wire/cluster-client';
import { encodeBatch } from '../../wire/record/records';
import { propertiesBetween } from '../mirror/support/mirror-settings';
import { SimRandom } from '../sim/random';
import { MoldauCluster } from '../support/moldau-cluster';
import { until, untilFound } from '../support/until';
import { recordsOf, textOf } from '../compat/mirror/compare';
import { clientEnv } from './support/client-env';
import { MirrorProcess } from './support/mirror-process';

const SEED = process.env['CHAOS_SEED'] ?? String(Date.now());
const ROUNDS = Number(process.env['CHAOS_MIRROR_ROUNDS'] ?? 3);
const TOPIC = 'load';
const PARTITIONS = 6;
/** What one process may have on its way for a partition when it dies. */
const MAX_IN_FLIGHT = 5;
const RECORDS_PER_BATCH = 3;
const PATIENCE = { timeoutMs: 90_000, everyMs: 50 } as const;
const PROPERTIES = { 'group.min.session.timeout.ms': '500' };
type Kind = 'mirror' | 'source' | 'target';
const KINDS: readonly Kind[] = ['mirror', 'source', 'target'];
const OPTIONS = {
  storeIntervalMs: 300,
  sharing: { sessionTimeoutMs: 1_500, heartbeatMs: 200, rebalanceTimeoutMs: 10_000 },
};

test(
  'kill -9 of the mirror, of source leaders and of target leaders loses nothing',
  async () => {
    const random = new SimRandom(`mirror ${SEED}`);
    const clusters = await Promise.all([
      MoldauCluster.start({ properties: PROPERTIES }),
      MoldauCluster.start({ properties: PROPERTIES }),
    ]);
    const [source, target] = clusters;
    const mirrors: MirrorProcess[] = [];
    const load = new Load(source);
    const [sourceClient, targetClient] = clusters.map(clientOf) as [ClusterClient, ClusterClient];
    try {
      await load.start();
      const properties = propertiesBetween(source.bootstrap, target.bootstrap, TOPIC, { 'replication.factor': '3' });
      const startOne = (): void =>
        void mirrors.push(new MirrorProcess(`mirror ${mirrors.length}`, { properties, options: OPTIONS }));
      startOne();
      startOne();
      let mirrorKills = 0;
      let order: readonly Kind[] = KINDS;
      for (let round = 0; round < ROUNDS; round++) {
        await copiedMore(targetClient, 200);
        // Each kind once in three rounds.
        if (round % KINDS.length === 0) order = shuffled(random);
        const kind = order[round % KINDS.length]!;
        if (kind === 'mirror') {
          mirrorKills++;
          const running = mirrors.filter(({ child }) => child.isRunning);
          await random.pick(running).kill();
          await delay(random.between(0, 2_500));
          startOne();
          continue;
        }
        const cluster = kind === 'source' ? source : target;
        const node = cluster.node(random.between(1, 3));
        await node.end('SIGKILL');
        await copiedMore(targetClient, 50);
        await node.start();
      }
      await load.stop();
      const duplicates = await settled(sourceClient, targetClient);
      process.stderr.write(
        `mirror chaos: ${load.acked} records, ${duplicates} twice, ${mirrorKills} kills of the mirror\n`,
      );
      expect(duplicates).toBeLessThanOrEqual(mirrorKills * MAX_IN_FLIGHT * PARTITIONS * RECORDS_PER_BATCH);
      for (const mirror of mirrors.filter(({ child }) => child.isRunning)) await mirror.stop();
    } finally {
      await load.abandon();
      for (const client of [sourceClient, targetClient]) client.close();
      if (process.env['MIRROR_TEST_SHOW'] === '1')
        for (const { child } of mirrors) process.stderr.write(`${child.name}\n${child.stderr}\n`);
      await Promise.all(mirrors.filter(({ child }) => child.isRunning).map((mirror) => mirror.kill()));
      await Promise.all(clusters.map((cluster) => cluster.dispose()));
    }
  },
  120_000 + ROUNDS * 30_000,
);

function shuffled(random: SimRandom): Kind[] {
  const rest = [...KINDS];
  return KINDS.map(() => rest.splice(random.below(rest.length), 1)[0]!);
}

function clientOf({ bootstrap }: MoldauCluster): ClusterClient {
  const addresses = bootstrap.split(',').map((text) => {
    const [host = '', port = ''] = text.split(':');
    return { host, port: Number(port) };
  });
  return new ClusterClient(clientEnv, {
    bootstrap: addresses,
    clientId: 'chaos',
    requestTimeoutMs: 5_000,
    maxAttempts: 60,
  });
}

/** Writes batches to every partition, one after the other, until it is stopped; retries may write one twice at the source. */
class Load {
  acked = 0;
  private readonly client: ClusterClient;
  private running: Promise<void> | null = null;
  private isStopped = false;

  constructor(cluster: MoldauCluster) {
    this.client = clientOf(cluster);
  }

  async start(): Promise<void> {
    await this.client.createTopic(TOPIC, PARTITIONS, 3);
    this.running = Promise.all(Array.from({ length: PARTITIONS }, (_, partition) => this.write(partition))).then(
      () => undefined,
    );
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.running;
    this.client.close();
  }

  /** After a failure: what it fails with now is of no interest. */
  async abandon(): Promise<void> {
    this.isStopped = true;
    this.client.close();
    await this.running?.catch(() => undefined);
  }

  private async write(partition: number): Promise<void> {
    for (let i = 0; !this.isStopped; i++) {
      const records = Array.from({ length: RECORDS_PER_BATCH }, (_, n) => ({
        key: Buffer.from(`${partition}`),
        value: Buffer.from(`${partition}:${i}:${n}`),
        timestampMs: Date.now(),
      }));
      await this.client.produce(TOPIC, partition, encodeBatch({ records }, clientEnv.crc32c));
      this.acked += RECORDS_PER_BATCH;
      await delay(10);
    }
  }
}

async function endOffsets(client: ClusterClient, topic: string): Promise<number> {
  let sum = 0;
  for (let partition = 0; partition < PARTITIONS; partition++) sum += await client.listOffset(topic, partition, -1);
  return sum;
}

/** Resolves when so many more records are on the target. */
async function copiedMore(target: ClusterClient, more: number): Promise<void> {
  const topic = `A.${TOPIC}`;
  await until(`${topic} on the target`, async () => (await target.metadata([topic]))[0]!.errorCode === 0, PATIENCE);
  const from = await endOffsets(target, topic);
  await until(`${more} more records on the target`, async () => (await endOffsets(target, topic)) >= from + more, PATIENCE);
}

/** Waits until the last record of each partition is there, and returns how many are there twice. Fails on a lost one. */
async function settled(source: ClusterClient, target: ClusterClient): Promise<number> {
  let duplicates = 0;
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const from = (await recordsOf(source, TOPIC, partition)).records.map(textOf);
    const to = await untilFound(
      `the last record of partition ${partition}`,
      async () => {
        const found = (await recordsOf(target, `A.${TOPIC}`, partition)).records.map(textOf);
        return found.at(-1) === from.at(-1) ? found : null;
      },
      { ...PATIENCE, everyMs: 100 },
    );
    duplicates += doubled(from, to, partition);
  }
  return duplicates;
}

/** The target is the source with repetitions: each record is the next one, or one that has been there. */
function doubled(from: readonly string[], to: readonly string[], partition: number): number {
  const places = new Map(from.map((text, index) => [text, index]));
  let next = 0;
  let duplicates = 0;
  for (const text of to) {
    const place = places.get(text);
    if (text === from[next]) next++;
    else if (place !== undefined && place < next) duplicates++;
    else throw new Error(`partition ${partition}: ${text} instead of ${from[next]}, record ${next}`);
  }
  if (next !== from.length) throw new Error(`partition ${partition}: ${from.length - next} records are missing`);
  return duplicates;
}
