/** `moldau server` as a process: what it prints, how it ends, and what it says when it cannot start. */
import { mkdtempSync, rmSync } from 'node:fs';
import { type Server, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from '../support/child';
import { freePorts } from '../support/free-ports';
import { moldauCommand } from '../support/moldau-process';

const START_MS = 30_000;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'moldau-server-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function server(...overrides: string[]): Child {
  const flags = overrides.flatMap((override) => ['--override', override]);
  return new Child('moldau', process.execPath, [moldauCommand, 'server', ...flags], { cwd: folder });
}

async function started(...overrides: string[]): Promise<{ readonly child: Child; readonly port: number }> {
  const [port] = (await freePorts(1)) as [number];
  const child = server(`listeners=PLAINTEXT://localhost:${port}`, ...overrides);
  await child.until('ready', () => child.stdout.includes('is ready'), START_MS);
  return { child, port };
}

describe('a server process', () => {
  test('says in a few lines where it is, what an ack survives and what to try, and ends in order on SIGTERM', async () => {
    const { child, port } = await started();
    const { code } = await child.stop();
    expect(code).toBe(0);
    expect(child.stdout).toContain(`localhost:${port} (PLAINTEXT)`);
    expect(child.stdout).toContain(join(folder, 'data'));
    expect(child.stdout).toContain('survives kill -9 of this process, not power loss');
    expect(child.stdout).toContain(`kcat -P -b localhost:${port}`);
    expect(child.stdout).toMatch(/cluster +[A-Za-z0-9_-]{22}, node 1/);
    expect(child.stderr).toContain('SIGTERM, stopping in order');
  });

  test('ends in order on SIGINT, and keeps its cluster id from start to start', async () => {
    const clusterOf = (text: string) => /cluster +(\S+),/.exec(text)?.[1];
    const first = await started();
    first.child.kill('SIGINT');
    expect((await first.child.exited).code).toBe(0);
    const second = await started();
    await second.child.stop();
    expect(clusterOf(first.child.stdout)).toBeDefined();
    expect(clusterOf(second.child.stdout)).toBe(clusterOf(first.child.stdout));
  });

  test('ends at once on a second signal', async () => {
    const { child } = await started();
    child.kill('SIGTERM');
    await child.until('stopping', () => child.stderr.includes('stopping in order') || !child.isRunning, START_MS);
    child.kill('SIGTERM');
    const { code } = await child.exited;
    // In order if it was quicker than the second signal.
    expect([0, 1]).toContain(code);
  });

  test('says in one sentence that a port is in use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, 'localhost', resolve));
    const { port } = other.address() as { port: number };
    const child = server(`listeners=PLAINTEXT://localhost:${port}`);
    const { code } = await child.exited;
    await closed(other);
    expect(code).toBe(1);
    expect(child.stdout).toBe('');
    const said = child.stderr.split('\n').filter((line) => line.startsWith('moldau: '));
    expect(said).toEqual([expect.stringContaining('another process has the port')]);
    expect(said[0]).toContain(`PLAINTEXT://localhost:${port}`);
  });

  test('does not share its directory with a second process', async () => {
    const first = await started();
    const [port] = (await freePorts(1)) as [number];
    const second = server(`listeners=PLAINTEXT://localhost:${port}`);
    const { code } = await second.exited;
    await first.child.stop();
    expect(code).toBe(1);
    expect(second.stderr).toMatch(/moldau: Cannot start: .*data/);
  });

  test('says so when every ack waits for the disk', async () => {
    const { child } = await started('log.flush.before.ack=true');
    await child.stop();
    expect(child.stdout).toContain('survives kill -9 and power loss');
  });
});

function closed(listening: Server): Promise<void> {
  return new Promise((resolve) => {
    listening.close(() => resolve());
  });
}
