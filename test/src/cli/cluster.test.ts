/** `moldau cluster`: its plan, and the command with one node. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planCluster } from '../../../src/cli/cluster-plan';
import { Child } from '../../support/child';

const ROOT = join(__dirname, '../../..');
const COMMAND = join(ROOT, 'dist/moldau.cjs');

describe('the plan of a cluster', () => {
  test('has ports beside each other, and three copies of which two must have a record', () => {
    const plan = planCluster({ nodes: 3, basePort: 9092, dir: '/c', overrides: [] });
    if (typeof plan === 'string') throw new Error(plan);
    expect(plan.map(({ id, clientPort, controllerPort, logDir }) => [id, clientPort, controllerPort, logDir])).toEqual([
      [1, 9092, 9192, '/c/node-1'],
      [2, 9093, 9193, '/c/node-2'],
      [3, 9094, 9194, '/c/node-3'],
    ]);
    const lines = plan[1]?.properties.split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'node.id=2',
        'listeners=PLAINTEXT://localhost:9093,CONTROLLER://localhost:9193',
        'controller.quorum.bootstrap.servers=localhost:9192,localhost:9193,localhost:9194',
        'default.replication.factor=3',
        'min.insync.replicas=2',
        'offsets.topic.replication.factor=3',
        'transaction.state.log.replication.factor=3',
        'transaction.state.log.min.isr=2',
      ]),
    );
  });

  test('asks for no more copies than there are nodes', () => {
    const plan = planCluster({ nodes: 1, basePort: 9092, dir: '/c', overrides: [] });
    expect(typeof plan === 'string' ? plan : plan[0]?.properties).toMatch(
      /default\.replication\.factor=1\n[^]*min\.insync\.replicas=1\n/,
    );
  });

  test.each([
    [{ nodes: 0, basePort: 9092 }, '--nodes takes'],
    [{ nodes: Number.NaN, basePort: 9092 }, '--nodes takes'],
    [{ nodes: 3, basePort: 65500 }, '--base-port takes'],
    [{ nodes: 3, basePort: 0 }, '--base-port takes'],
  ])('refuses %j', (flags, message) => {
    expect(planCluster({ ...flags, dir: '/c', overrides: [] })).toContain(message);
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

  test('runs a node of its own process, says where it is, and stops it in order; twice on the same files', async () => {
    // Below the range from which the system gives free ports, so that nobody gets them meanwhile.
    const port = 20_000 + (process.pid % 10_000);
    const clusterIds: string[] = [];
    for (let round = 0; round < 2; round++) {
      const child = new Child('cluster', process.execPath, [COMMAND, 'cluster', '--nodes', '1', '--base-port', String(port), '--dir', 'c'], { cwd: dir });
      await child.until('ready', () => /cluster of 1 is ready/.test(child.stdout), 20_000);
      expect(child.stdout).toContain(`node 1  clients localhost:${port}  controllers localhost:${port + 100}  metrics localhost:${port + 312}  data c/node-1\n`);
      expect(child.stdout).toContain('  min.insync.replicas=1\n');
      const { code } = await child.stop();
      expect(code).toBe(0);
      expect(existsSync(join(dir, 'c/node-1/.kafka_cleanshutdown'))).toBe(true);
      clusterIds.push(readFileSync(join(dir, 'c/node-1/meta.properties'), 'utf8'));
    }
    expect(clusterIds[1]).toBe(clusterIds[0]);
  }, 60_000);

  test('stops the others when a node cannot start, and says which', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, 'localhost', resolve));
    const { port } = blocker.address() as { port: number };
    const args = [COMMAND, 'cluster', '--nodes', '2', '--base-port', String(port - 1), '--dir', 'blocked'];
    const child = new Child('cluster', process.execPath, args, { cwd: dir });
    const { code } = await child.exited;
    await new Promise((resolve) => blocker.close(resolve));
    expect(code).toBe(1);
    expect(child.stderr).toMatch(/moldau: node \d could not start \(exit code 1\); the others stop\n/);
    expect(child.stdout).not.toContain('is ready');
  }, 60_000);
});
