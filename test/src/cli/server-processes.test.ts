/** `moldau server --processes N`: what it starts, and the command with two. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planProcesses } from '../../../src/cli/processes-plan';
import { serverConfig } from '../../../src/cli/server-config';
import { clusterClient, untilAnswered } from '../../chaos/support/cluster-clients';
import { Child } from '../../support/child';

const ROOT = join(__dirname, '../../..');
const COMMAND = join(ROOT, 'dist/moldau.cjs');

function planOf(count: number, ...overrides: readonly string[]): ReturnType<typeof planProcesses> {
  const built = serverConfig({ file: undefined, overrides }, { environment: {}, readFile: () => '' });
  if (!built.ok) throw new Error(built.problems.join());
  return planProcesses(built.config, count);
}

describe('the plan', () => {
  test('leaves the first as it is, and puts brokers beside it', () => {
    expect(planOf(3)).toEqual([
      { id: 1, overrides: ['broker.rack=node-1'], logDirs: ['./data'], metadataLogDir: './data', port: 9092 },
      {
        id: 2,
        overrides: [
          'process.roles=broker',
          'node.id=2',
          'listeners=PLAINTEXT://localhost:9102',
          'log.dirs=./data-2',
          'metrics.listener=localhost:9414',
          'controller.quorum.bootstrap.servers=localhost:9093',
          'broker.rack=node-1',
        ],
        logDirs: ['./data-2'],
        metadataLogDir: './data-2',
        port: 9102,
      },
      expect.objectContaining({ id: 3, port: 9112, logDirs: ['./data-3'] }),
    ]);
  });

  test('keeps a quorum that is named, a rack, and the name that clients are told', () => {
    const plan = planOf(
      2,
      'node.id=10',
      'listeners=PLAINTEXT://:9092,CONTROLLER://:9093',
      'advertised.listeners=PLAINTEXT://kafka.example:19092,CONTROLLER://kafka.example:9093',
      'controller.quorum.bootstrap.servers=a:9093,b:9093',
      'broker.rack=r',
      'log.dirs=/a,/b/',
      'metadata.log.dir=/m',
    );
    expect(typeof plan === 'string' ? plan : plan[1]?.overrides).toEqual([
      'process.roles=broker',
      'node.id=11',
      'listeners=PLAINTEXT://:9102',
      'log.dirs=/a-11,/b-11',
      'advertised.listeners=PLAINTEXT://kafka.example:19102',
      'metadata.log.dir=/m-11',
      'metrics.listener=localhost:9414',
    ]);
  });

  test.each([
    [0, [], '--processes takes 1 to 64'],
    [Number.NaN, [], '--processes takes'],
    [2, ['listeners=PLAINTEXT://:0,CONTROLLER://:9093'], 'and not 0'],
    [2, ['listeners=PLAINTEXT://:65530,CONTROLLER://:9093'], 'ports up to 65540'],
    [2, ['listeners=PLAINTEXT://:9092,CONTROLLER://:9102'], 'two would have port 9102'],
    [2, ['process.roles=controller', 'listeners=CONTROLLER://:9093'], 'names none'],
  ])('refuses %j with %j', (count, overrides, message) => {
    expect(planOf(count, ...overrides)).toContain(message);
  });
});

describe('the command', () => {
  let dir: string;
  beforeAll(() => {
    const build = spawnSync(process.execPath, [join(ROOT, 'scripts/build.mjs'), '--if-stale'], { encoding: 'utf8' });
    expect(build.status).toBe(0);
    dir = mkdtempSync(join(tmpdir(), 'moldau-test-'));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test('runs two brokers of one cluster, twice on the same files, starts one again that dies, and stops both', async () => {
    // Below the range from which the system gives free ports, so that nobody gets them meanwhile.
    const port = 20_000 + (process.pid % 10_000);
    const listeners = `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${port + 1}`;
    const args = [COMMAND, 'server', '--processes', '2', '--override', listeners];
    for (let round = 0; round < 2; round++) {
      const child = new Child('processes', process.execPath, args, { cwd: dir });
      await child.until('ready', () => child.stdout.includes('all 2 processes are ready'), 30_000);
      const line = new RegExp(`^node 2  process (\\d+)  clients on port ${port + 10}  data ./data-2$`, 'gm');
      const [started] = [...child.stdout.matchAll(line)];
      const client = clusterClient([{ host: '127.0.0.1', port }], 'test');
      await untilAnswered(() => client.createTopic('t', 1, 2));
      expect([...client.brokers.keys()]).toEqual([1, 2]);
      client.close();
      process.kill(Number(started?.[1]), 'SIGKILL');
      await child.until('started again', () => [...child.stdout.matchAll(line)].length === 2, 30_000);
      expect(child.stderr).toContain('node 2 has ended (SIGKILL), and is started again');
      const { code } = await child.stop();
      expect({ code, stderr: child.stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining('could not') });
    }
  }, 90_000);
});
