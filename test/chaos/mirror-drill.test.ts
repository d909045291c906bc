/**
 * The drill of docs/disaster-recovery.md with real processes: a cluster of three is mirrored offset by offset, dies under load
 * by kill -9 of all its nodes, another takes over, work goes on there, the old one comes back. The receipt is compared with
 * what the producers were told. MIRROR_DRILL_ROUNDS says how often (1), each on fresh clusters.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Receipt } from '../../mirror/drill/receipt';
import type { ClusterClient } from '../../wire/cluster-client';
import { BatchView } from '../../wire/record/batch';
import { decodeRecords, encodeBatch } from '../../wire/record/records';
import { CopyBench } from '../mirror/support/copy-bench';
import { Child } from '../support/child';
import { MoldauCluster } from '../support/moldau-cluster';
import { moldauCommand, startMoldau, type MoldauProcess } from '../support/moldau-process';
import { until } from '../support/until';
import { clientEnv } from './support/client-env';
import { clusterClient, untilAnswered } from './support/cluster-clients';

const ROUNDS = Number(process.env['MIRROR_DRILL_ROUNDS'] ?? 1);
const TOPIC = 'drill';
const PARTITIONS = 2;
const ACKS = 60;
const PATIENCE = { timeoutMs: 60_000 } as const;

/** What a producer was told: `partition:offset` to the value that it sent. */
type Ledger = Map<string, string>;

let dir: string;
let primary: MoldauCluster;
let secondary: MoldauProcess;
let a: ClusterClient;
let b: ClusterClient;

async function start(): Promise<void> {
  dir = mkdtempSync(join(tmpdir(), 'moldau-drill-'));
  [primary, secondary] = await Promise.all([MoldauCluster.start(), startMoldau()]);
  const bootstrap = (text: string) => text.split(',').map((each) => ({ host: '127.0.0.1', port: Number(each.split(':')[1]) }));
  a = clusterClient(bootstrap(primary.bootstrap), 'drill');
  b = clusterClient(bootstrap(secondary.bootstrap), 'drill');
  const properties = {
    clusters: 'A, B',
    'A.bootstrap.servers': primary.bootstrap,
    'B.bootstrap.servers': secondary.bootstrap,
    'A->B.enabled': 'true',
    topics: TOPIC,
    'offsets.preserve': 'true',
    'replication.policy.class': 'org.apache.kafka.connect.mirror.IdentityReplicationPolicy',
    'A->B.replication.factor': '1',
    'B->A.replication.factor': '3',
    'emit.heartbeats.enabled': 'false',
    'refresh.topics.interval.seconds': '1',
    'emit.checkpoints.interval.seconds': '1',
  };
  writeFileSync(file(), Object.entries(properties).map(([key, value]) => `${key}=${value}\n`).join(''));
}

const file = (): string => join(dir, 'mm2.properties');

async function end(): Promise<void> {
  a.close();
  b.close();
  await Promise.all([primary.dispose(), secondary.dispose()]);
  rmSync(dir, { recursive: true, force: true });
}

async function moldau(...args: string[]): Promise<string> {
  const child = new Child('moldau mirror', process.execPath, [moldauCommand, 'mirror', ...args], { cwd: dir });
  const { code } = await child.exited;
  if (code !== 0) throw child.failure(`moldau mirror ${args.join(' ')}`);
  return child.stdout;
}

/** Writes with acks=all until `isOver`, or until nobody answers any more; one batch at a time, never sent twice. */
async function load(client: ClusterClient, name: string, ledger: Ledger, isOver: () => boolean): Promise<void> {
  for (let count = 0; !isOver(); count++) {
    const partition = count % PARTITIONS;
    const values = [`${name}-${count}`, `${name}-${count}-too`];
    const records = values.map((value) => ({ key: null, value: Buffer.from(value), timestampMs: Date.now() }));
    try {
      const { baseOffset } = await client.produce(TOPIC, partition, encodeBatch({ records }, clientEnv.crc32c), { timeoutMs: 1500 });
      values.forEach((value, index) => ledger.set(`${partition}:${baseOffset + index}`, value));
    } catch {
      // It may be there or not: nobody was told.
      if (isOver()) return;
      await delay(50);
    }
  }
}

async function contentOf(client: ClusterClient): Promise<Ledger> {
  const content: Ledger = new Map();
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for (const { offset, value } of await untilAnswered(() => CopyBench.records(client, TOPIC, partition))) {
      content.set(`${partition}:${offset}`, Buffer.from(value ?? []).toString());
    }
  }
  return content;
}

function exportedOf(receipt: Receipt, directory: string): Ledger {
  const content: Ledger = new Map();
  for (const { partition, exported } of receipt.partitions) {
    if (exported === null) continue;
    const bytes = readFileSync(join(directory, exported.file));
    const batch = new BatchView();
    for (let at = 0; at < bytes.length; at += batch.sizeBytes) {
      batch.moveTo(bytes, at);
      expect(batch.isCrcValid(clientEnv.crc32c)).toBe(true);
      for (const { offset, value } of decodeRecords(batch)) content.set(`${partition}:${offset}`, Buffer.from(value ?? []).toString());
    }
  }
  return content;
}

const endsOf = async (client: ClusterClient): Promise<number[]> =>
  Promise.all(Array.from({ length: PARTITIONS }, (_, partition) => untilAnswered(() => client.listOffset(TOPIC, partition, -1))));

/** The primary dies under load, and some of what it acked was not copied yet. */
async function dieUnderLoad(ledger: Ledger): Promise<void> {
  await untilAnswered(() => a.createTopic(TOPIC, PARTITIONS, 3));
  const mirror = new Child('mirror', process.execPath, [moldauCommand, 'mirror', file()], { cwd: dir });
  let isOver = false;
  const writing = load(a, 'primary', ledger, () => isOver);
  await until('records were acked', () => ledger.size >= ACKS, PATIENCE);
  await until('the copy is under way', async () => {
    const [view] = await untilAnswered(() => b.metadata([TOPIC]));
    return view!.errorCode === 0 && (await endsOf(b)).every((offset) => offset >= 10);
  }, PATIENCE);
  // The mirror goes first, in the middle of its work.
  mirror.kill('SIGKILL');
  await mirror.exited;
  const before = ledger.size;
  await until('more was acked than is copied', () => ledger.size >= before + ACKS, PATIENCE);
  await Promise.all(primary.nodes.map((node) => node.end('SIGKILL')));
  isOver = true;
  await writing;
}

async function drill(): Promise<void> {
  const [onPrimary, onSecondary]: [Ledger, Ledger] = [new Map(), new Map()];
  await dieUnderLoad(onPrimary);
  const said = await moldau('failover', file(), '--from', 'A', '--to', 'B', '--source-lost');
  expect(said).toContain(`${TOPIC} is promoted`);
  const promotedAt = await endsOf(b);
  let writes = 0;
  await load(b, 'secondary', onSecondary, () => writes++ >= ACKS / 2);
  expect(onSecondary.size).toBeGreaterThan(0);

  await Promise.all(primary.nodes.map((node) => node.start()));
  const directory = join(dir, 'receipt');
  await moldau('failback', file(), '--from', 'B', '--to', 'A', '--execute', '--receipt', directory);
  const receipt = JSON.parse(readFileSync(join(directory, 'receipt.json'), 'utf8')) as Receipt;
  const [now, then, exported] = [await contentOf(b), await contentOf(a), exportedOf(receipt, directory)];
  expect(then).toEqual(now);
  expect(receipt.partitions.map(({ promotedAt: at }) => at)).toEqual(promotedAt);

  // Whatever a producer was told is where it was told, or in the export under the very offset; nothing is in both.
  const missing = [...onSecondary].filter(([at, value]) => now.get(at) !== value);
  expect(missing).toEqual([]);
  let lost = 0;
  for (const [at, value] of onPrimary) {
    const [partition, offset] = at.split(':').map(Number) as [number, number];
    const isCopied = offset < promotedAt[partition]!;
    expect([at, (isCopied ? now : exported).get(at)]).toEqual([at, value]);
    const { lost: ranges } = receipt.partitions.find((each) => each.partition === partition)!;
    expect(ranges.some(({ fromOffset, toOffset }) => fromOffset <= offset && offset <= toOffset)).toBe(!isCopied);
    if (!isCopied) lost++;
  }
  // The drill is none unless something was lost.
  expect(lost).toBeGreaterThan(0);
  expect(exported.size).toBe(receipt.partitions.reduce((sum, { lostRecords }) => sum + lostRecords, 0));
  // What nobody was told of is the last batch of each producer at most, which was sent when the nodes died.
  expect(exported.size - lost).toBeLessThanOrEqual(2 * PARTITIONS);

  // And back: planned, with nothing lost.
  await moldau('failover', file(), '--from', 'B', '--to', 'A');
  await until('the old primary takes records', async () => {
    const back: Ledger = new Map();
    let tries = 0;
    await load(a, 'back', back, () => tries++ >= 1);
    return back.size > 0;
  }, PATIENCE);
  const atLast = await contentOf(a);
  for (const [at, value] of now) expect(atLast.get(at)).toBe(value);
}

for (let round = 1; round <= ROUNDS; round++) {
  describe(`drill ${round}`, () => {
    beforeAll(start, 120_000);
    afterAll(end, 60_000);
    test('the primary dies, the secondary takes over, and the receipt says what that cost', drill, 240_000);
  });
}
