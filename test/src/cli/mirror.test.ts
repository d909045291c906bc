/** `moldau mirror` and `moldau mirror status` as a user runs them, between two brokers in this process. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alterGroupOffsets, committedOffsets } from '../../../wire/group-admin';
import { until } from '../../support/until';
import { TwoClusters } from '../../mirror/support/two-clusters';
import { Child } from '../../support/child';
import { freePorts } from '../../support/free-ports';

const ROOT = join(__dirname, '../../..');
const COMMAND = join(ROOT, 'dist/moldau.cjs');

describe('moldau mirror', () => {
  const dir = mkdtempSync(join(tmpdir(), 'moldau-mirror-'));
  let clusters: TwoClusters;
  let file: string;
  const children: Child[] = [];

  beforeAll(async () => {
    const build = spawnSync(process.execPath, [join(ROOT, 'scripts/build.mjs'), '--if-stale'], { encoding: 'utf8' });
    expect(build.status).toBe(0);
    clusters = await TwoClusters.start();
    file = properties('mm2.properties', {
      clusters: 'A, B',
      'A.bootstrap.servers': `127.0.0.1:${clusters.brokerA.port}`,
      'B.bootstrap.servers': `127.0.0.1:${clusters.brokerB.port}`,
      'A->B.enabled': 'true',
      'A->B.topics': 'orders',
      'tasks.max': '4',
      'replication.factor': '1',
      'offset-syncs.topic.replication.factor': '1',
      'heartbeats.replication.enabled': 'false',
      'emit.heartbeats.enabled': 'false',
    });
    for (const topic of ['orders', 'old']) {
      await clusters.a.createTopic(topic, 1, 1);
      await clusters.append(
        clusters.a,
        topic,
        0,
        ['x', 'y', 'z'].map((text) => ({ value: Buffer.from(text) })),
      );
    }
  }, 60_000);

  afterAll(async () => {
    await Promise.all(children.map((child) => child.stop()));
    await clusters.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  function properties(name: string, texts: Readonly<Record<string, string>>): string {
    const path = join(dir, name);
    writeFileSync(
      path,
      Object.entries(texts)
        .map(([key, text]) => `${key} = ${text}\n`)
        .join(''),
    );
    return path;
  }

  function start(...args: string[]): Child {
    const child = new Child('moldau mirror', process.execPath, [COMMAND, 'mirror', ...args]);
    children.push(child);
    return child;
  }

  async function output(
    ...args: string[]
  ): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
    const child = start(...args);
    const { code } = await child.exited;
    return { code, stdout: child.stdout, stderr: child.stderr };
  }

  const textOf = async (topic: string): Promise<string> =>
    Buffer.concat((await clusters.records(clusters.b, topic)).map(({ value }) => value!)).toString();

  test('the lag of a mirror that has never run is told, by clusters that have had no group yet', async () => {
    expect(await output('status', file)).toMatchObject({
      ...{ code: 0, stderr: '' },
      stdout: expect.stringMatching(/^A->B: no process runs, 1 partitions, 3 records, /) as string,
    });
  }, 60_000);

  test('copies, tells what has no effect, shows its lag, and ends with 0 at SIGTERM', async () => {
    const mirror = start(file);
    await until(
      'the copies',
      async () =>
        (await clusters.b.metadata(['A.orders']))[0]!.errorCode === 0 &&
        (await clusters.b.listOffset('A.orders', 0, -1)) === 3,
    );
    expect(mirror.stdout).toMatch(/^moldau \S+ mirrors\n {2}A -> B {2}records, with offsets translated for groups\n$/);
    expect(mirror.stderr).toContain('moldau: warning: tasks.max has no effect: ');
    await until('the stored position', async () =>
      (await committedOffsets(clusters.b, '__moldau-mirror.A.B')).some(({ offset }) => offset === 3),
    );
    const json = await output('status', file, '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      flow: 'A->B',
      topic: 'orders',
      partition: 0,
      position: 3,
      endOffset: 3,
      lagRecords: 0,
      processes: 1,
    });
    const table = await output('status', file);
    expect(table).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^A->B: 1 process, 1 partitions, 0 records, 0 B, 0 s behind\n\nFLOW .*\nA->B {2}orders +0 +3 +3 +0 /,
      ) as string,
    });
    mirror.kill('SIGTERM');
    expect(await mirror.exited).toEqual({ code: 0, signal: null });
    expect(mirror.stderr).toContain('moldau: SIGTERM, stopping in order');
    expect(await textOf('A.orders')).toBe('xyz');
  }, 60_000);

  test("goes on where MirrorMaker 1's group stopped, with its flags", async () => {
    await alterGroupOffsets(clusters.a, 'old-mirror', [{ topic: 'old', partition: 0, offset: 1, metadata: '' }]);
    const consumer = properties('consumer', {
      'bootstrap.servers': `127.0.0.1:${clusters.brokerA.port}`,
      'group.id': 'old-mirror',
    });
    const producer = properties('producer', { 'bootstrap.servers': `127.0.0.1:${clusters.brokerB.port}` });
    const mirror = start(
      '--consumer.config',
      consumer,
      '--producer.config',
      producer,
      '--whitelist',
      'old',
      '--num.streams',
      '1',
    );
    await until(
      'the copies',
      async () =>
        (await clusters.b.metadata(['old']))[0]!.errorCode === 0 && (await clusters.b.listOffset('old', 0, -1)) === 2,
    );
    expect(mirror.stdout).toMatch(/^moldau \S+ mirrors\n {2}old-mirror -> target {2}records\n$/);
    mirror.kill('SIGTERM');
    expect(await mirror.exited).toEqual({ code: 0, signal: null });
    expect(await textOf('old')).toBe('yz');
  }, 60_000);

  test('refuses a file that is wrong, and one that is not there, in sentences', async () => {
    const wrong = properties('wrong', { clusters: 'A, B', 'A.bootstrap.servers': 'a:1', 'A.security.protocol': 'SSL' });
    expect(await output(wrong)).toEqual({
      code: 1,
      stdout: '',
      stderr: [
        'moldau: A.security.protocol=SSL is not served yet: the mirror connects by PLAINTEXT only.',
        'moldau: Missing required configuration B.bootstrap.servers: it must be brokers of cluster B, like host:9092.',
        '',
      ].join('\n'),
    });
    expect((await output(file, '--whitelist', 'x')).stderr).toMatch(/^moldau: --whitelist cannot stand beside a file of MirrorMaker 2: /);
    expect((await output('--clusters', 'B')).stderr).toMatch(/^moldau: --clusters is of MirrorMaker 2, /);
    expect(await output(join(dir, 'none'))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^moldau: Cannot read .*none: /) as string,
    });
    expect(await output()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^moldau: Give a file of MirrorMaker 2/) as string,
    });
  }, 60_000);

  test('a failover between clusters that the file does not have, or with no number of seconds, is refused by the flag', async () => {
    const refused = async (...flags: string[]) => (await output('failover', file, ...flags)).stderr;
    expect(await refused('--from', 'A', '--to', 'C')).toBe(`moldau: --to names C, and ${file} has the clusters A, B.\n`);
    expect(await refused('--from', 'X', '--to', 'C')).toBe(
      `moldau: --from names X and --to names C, and ${file} has the clusters A, B.\n`,
    );
    expect(await refused('--from', 'B', '--to', 'B')).toBe(
      `moldau: --from and --to both name B: they take two clusters of ${file}.\n`,
    );
    expect(await refused('--from', 'A', '--to', 'B', '--timeout', 'soon')).toBe(
      'moldau: --timeout takes whole seconds above 0, and got soon.\n',
    );
  }, 60_000);

  test('a target that is down is told, and does not keep the mirror from ending in order', async () => {
    const [port] = (await freePorts(1)) as [number];
    const down = properties('down', {
      clusters: 'A, B',
      'A.bootstrap.servers': `127.0.0.1:${clusters.brokerA.port}`,
      'B.bootstrap.servers': `127.0.0.1:${port}`,
      'A->B.enabled': 'true',
      'emit.heartbeats.enabled': 'false',
    });
    const mirror = start(down);
    await until('the warning', () =>
      Promise.resolve(/"warn".*copies nothing: cannot connect to 127\.0\.0\.1:\d+: refused/.test(mirror.stderr)),
    );
    expect((await output('status', down)).stderr).toBe(
      `moldau: The lag cannot be told: cannot connect to 127.0.0.1:${port}: refused\n`,
    );
    mirror.kill('SIGTERM');
    expect(await mirror.exited).toEqual({ code: 0, signal: null });
  }, 60_000);
});
