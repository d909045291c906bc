/** `moldau rebalance` against nodes in this process, and its flags. */
import { ErrorCode } from '../../../wire/base/error-codes';
import { encodeBatch } from '../../../wire/record/records';
import { ClusterClient } from '../../../wire/cluster-client';
import { addressesOf } from '../../../src/cli/client-flags';
import { optionsOf } from '../../../src/cli/rebalance';
import { ClusterReader } from '../../../src/rebalance/cluster-view';
import { Rebalance, type RebalanceOptions } from '../../../src/rebalance/rebalance';
import { Throttle } from '../../../src/rebalance/throttle';
import { type StartedCluster, startCluster } from '../../../src/index';
import { clientEnv } from '../../chaos/support/client-env';

const TOPIC = 'orders';
const VALUE = Buffer.alloc(1000, 7);

const sleep = (ms: number): Promise<void> => new Promise((resolve) => void clientEnv.timers.set(ms, resolve));

describe('in a cluster of three', () => {
  let cluster: StartedCluster;
  let client: ClusterClient;
  let reader: ClusterReader;

  beforeEach(async () => {
    cluster = await startCluster(3);
    client = new ClusterClient(clientEnv, { bootstrap: addressesOf(cluster.brokers.join()), clientId: 'test' });
    reader = new ClusterReader(client, sleep);
  });
  afterEach(async () => {
    client.close();
    await cluster.stop();
  });

  /** Runs it and gives what it printed. */
  async function run(options: Partial<RebalanceOptions>, sleeping = sleep): Promise<readonly string[]> {
    const lines: string[] = [];
    const ports = { client, sleep: sleeping, monotonicMs: () => clientEnv.clock.monotonicMs(), print: (line: string) => void lines.push(line) };
    await new Rebalance({ action: 'execute', throttle: null, drained: [], ...options }, ports).run();
    return lines;
  }

  async function create(...replicas: readonly (readonly number[])[]): Promise<void> {
    const assignments = replicas.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds }));
    const topic = { name: TOPIC, numPartitions: -1, replicationFactor: -1, assignments, configs: [] };
    await reader.tried(() => client.ask('any', 'CreateTopics', { topics: [topic], timeoutMs: 30_000 }));
    const records = [{ key: null, value: VALUE, timestampMs: 0 }];
    for (const partition of replicas.keys()) await client.produce(TOPIC, partition, encodeBatch({ records }, clientEnv.crc32c));
  }

  /** The throttles that are set, of brokers and of the topic. */
  async function throttles(): Promise<readonly string[]> {
    const told: string[] = [];
    for (const [resourceType, resourceName] of [[4, '1'], [4, '2'], [4, '3'], [2, TOPIC]] as const) {
      const to = resourceType === 4 ? Number(resourceName) : 'any';
      const resources = [{ resourceType, resourceName, configurationKeys: null }];
      const { results } = await client.ask(to, 'DescribeConfigs', { resources });
      for (const { name, value } of results.flatMap(({ configs }) => configs)) {
        if (/replication\.throttled/.test(name) && value !== '' && value !== '9223372036854775807') told.push(`${resourceName}: ${name}=${value}`);
      }
    }
    return told;
  }

  async function numbers(): Promise<{ readonly replicas: number[]; readonly leaders: number[] }> {
    const { partitions } = await reader.placed();
    const count = (ids: readonly number[]): number[] => [1, 2, 3].map((id) => ids.filter((each) => each === id).length);
    return { replicas: count(partitions.flatMap(({ replicas }) => replicas)), leaders: count(partitions.map(({ leader }) => leader)) };
  }

  test('it prints what it would do, does it in portions, and has nothing to do then', async () => {
    await create([1, 2], [1, 2], [1, 2], [1, 2], [2, 1], [1, 2]);
    const planned = await run({ action: 'dry-run' });
    expect(planned).toContain('Nothing was changed; --execute does it.');
    expect(planned).toContainEqual(expect.stringMatching(/4 replicas are copied, 4\.\d kB, /));
    expect((await numbers()).replicas).toEqual([6, 6, 0]);

    const done = await run({ limits: { maxPartitions: 2, maxBytes: 1_000_000 } });
    expect(done).toContainEqual(expect.stringMatching(/^2 of \d partitions, /));
    expect(await numbers()).toEqual({ replicas: [4, 4, 4], leaders: [2, 2, 2] });
    for (let partition = 0; partition < 6; partition++) {
      const { records } = await client.fetch(TOPIC, partition, 0);
      expect(records.length).toBeGreaterThan(VALUE.length);
    }
    expect(await run({ action: 'dry-run' })).toContain('Everything is even: nothing to move.');
  });

  test('with a throttle the brokers hold the copies back, and are free again when it is done or taken back', async () => {
    await create([1, 2], [1, 2]);
    const seen: (readonly string[])[] = [];
    // Between two portions.
    const watch = async (ms: number): Promise<void> => {
      seen.push(await throttles());
      await sleep(ms);
    };
    await run({ throttle: 1_000_000, drained: [2], limits: { maxPartitions: 1, maxBytes: 1_000_000 } }, watch);
    const rates = ['1', '2', '3'].flatMap((id) => ['follower', 'leader'].map((side) => `${id}: ${side}.replication.throttled.rate=1000000`));
    const replicas = ['follower.replication.throttled.replicas=0:3,1:3', 'leader.replication.throttled.replicas=0:1,0:2,1:1,1:2'];
    expect([...(seen[0] ?? [])].sort()).toEqual([...rates, ...replicas.map((each) => `${TOPIC}: ${each}`)].sort());
    expect(await throttles()).toEqual([]);
    expect((await numbers()).replicas).toEqual([2, 0, 2]);
  });

  test('a throttled run ends when it is cancelled between two portions', async () => {
    await create([1, 2], [1, 2]);
    const options = { throttle: 1_000_000, drained: [2], limits: { maxPartitions: 1, maxBytes: 1_000_000 } };
    let cancelled: readonly string[] | null = null;
    const cancelling = async (ms: number): Promise<void> => {
      if (cancelled === null && (await reader.ongoing()).length === 0) cancelled = await run({ action: 'cancel' });
      await sleep(ms);
    };
    await expect(run(options, cancelling)).rejects.toThrow(/The throttle was taken away meanwhile/);
    expect(cancelled).toContain('Nothing is being moved.');
    expect((await numbers()).replicas).toEqual([2, 1, 1]);
  });

  describe('a throttle that a run left when it died', () => {
    async function leaveThrottle(): Promise<void> {
      const move = { topic: TOPIC, partition: 0, from: [1, 2], to: [1, 3], added: [3], bytes: 0 };
      await new Throttle(client, (call) => reader.tried(call)).set(50_000, [move], [1, 2, 3]);
      while ((await throttles()).length < 8) await sleep(20);
    }

    /** A broker learns of the metadata a little later than the controller. */
    async function untilFree(): Promise<void> {
      while ((await throttles()).length > 0) await sleep(20);
    }

    test('is taken away by a run without one, before it copies anything', async () => {
      await create([1, 2], [1, 2], [1, 2]);
      await leaveThrottle();
      const lines = await run({});
      const cleared = lines.indexOf(`A throttle that was left, of brokers 1, 2, 3 and topics ${TOPIC}, is taken away.`);
      expect(cleared).toBeGreaterThan(0);
      expect(lines.findIndex((line) => line.startsWith('3 of 3 partitions, '))).toBeGreaterThan(cleared);
      expect((await numbers()).replicas).toEqual([2, 2, 2]);
      await untilFree();
    });

    test('is taken away by a run that has nothing to move, and by taking back what is not under way', async () => {
      await create([1, 2], [2, 3], [3, 1]);
      await leaveThrottle();
      expect(await run({ action: 'dry-run' })).toContain('Everything is even: nothing to move.');
      expect(await throttles()).toHaveLength(8);
      expect(await run({ throttle: 1_000_000 })).toContain('Everything is even: nothing to move.');
      await untilFree();
      await leaveThrottle();
      await run({ action: 'cancel' });
      await untilFree();
    });
  });

  test('a broker is emptied when asked, and one that is gone must be named', async () => {
    await create([1, 2], [2, 3], [3, 1]);
    await run({ drained: [3] });
    expect((await numbers()).replicas).toEqual([3, 3, 0]);
    await run({});
    expect((await numbers()).replicas).toEqual([2, 2, 2]);
    await cluster.kill(3);
    while ((await reader.placed()).brokers.length > 2) await sleep(20);
    await expect(run({})).rejects.toThrow(/Broker 3 has replicas and is not there: .* --drain 3/);
    await run({ drained: [3] });
    expect(await numbers()).toMatchObject({ replicas: [3, 3, 0] });
  });

  test('what is under way stands in the way of another plan, and is taken back', async () => {
    await create([1, 2]);
    await cluster.kill(3);
    while ((await reader.placed()).brokers.length > 2) await sleep(20);
    const topics = [{ name: TOPIC, partitions: [{ partitionIndex: 0, replicas: [1, 3] }] }];
    const response = await client.ask('any', 'AlterPartitionReassignments', { timeoutMs: 30_000, topics });
    expect(response.responses[0]?.partitions[0]?.errorCode).toBe(ErrorCode.NONE);
    await expect(run({})).rejects.toThrow(/1 partitions are being moved already \(orders-0\)/);
    expect(await run({ action: 'cancel' })).toEqual(['Taken back: orders-0.']);
    expect(await run({ action: 'cancel' })).toEqual(['Nothing is being moved.']);
    expect((await reader.placed()).partitions.map(({ replicas }) => replicas)).toEqual([[1, 2]]);
  });
});

describe('the flags', () => {
  const bootstrapServer = 'localhost:9092';

  test('say what is to be done, once', () => {
    expect(optionsOf({ bootstrapServer, dryRun: true, throttle: '1000', drain: ['3'] })).toEqual({ action: 'dry-run', throttle: 1000, drained: [3] });
    expect(() => optionsOf({ bootstrapServer })).toThrow(/Give one of/);
    expect(() => optionsOf({ bootstrapServer, execute: true, cancel: true })).toThrow(/Give one of/);
    expect(() => optionsOf({ bootstrapServer, execute: true, throttle: '10MB' })).toThrow(/--throttle/);
    expect(() => optionsOf({ bootstrapServer, execute: true, drain: ['x'] })).toThrow(/--drain/);
  });

  test('name brokers', () => {
    expect(addressesOf('a:1, [::1]:2')).toEqual([{ host: 'a', port: 1 }, { host: '::1', port: 2 }]);
    expect(() => addressesOf('a')).toThrow(/host:port/);
    expect(() => addressesOf('')).toThrow(/names no broker/);
  });
});
