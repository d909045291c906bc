/** `moldau features` against a broker whose cluster began at an earlier metadata.version. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from '../../support/child';

const ROOT = join(__dirname, '../../..');
const COMMAND = join(ROOT, 'dist/moldau.cjs');

test('levels are told and raised', async () => {
  const build = spawnSync(process.execPath, [join(ROOT, 'scripts/build.mjs'), '--if-stale'], { encoding: 'utf8' });
  expect(build.status).toBe(0);
  const cwd = mkdtempSync(join(tmpdir(), 'moldau-test-'));
  // Below the range from which the system gives free ports, so that nobody gets them meanwhile.
  const port = 20_000 + (process.pid % 10_000);
  const lines = [`listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${port + 1}`, 'process.roles=broker,controller', 'node.id=1'];
  writeFileSync(join(cwd, 'server.properties'), [...lines, 'controller.listener.names=CONTROLLER', 'log.dirs=data', ''].join('\n'));
  const run = (...args: readonly string[]): { code: number | null; stdout: string; stderr: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...args], { cwd, encoding: 'utf8' });
    return { code: status, stdout, stderr };
  };
  const features = (...args: readonly string[]): ReturnType<typeof run> => run('features', ...args, '--bootstrap-server', `127.0.0.1:${port}`);
  const format = run('storage', 'format', '-c', 'server.properties', '-t', 'AAAAAAAAAAAAAAAAAAAAAQ', '--standalone', '--release-version', '4.0');
  expect(format).toMatchObject({ code: 0, stderr: '' });
  const child = new Child('moldau', process.execPath, [COMMAND, 'server', 'server.properties'], { cwd });
  try {
    await child.until('start', () => /\bready\b/.test(child.stdout), 30_000);
    const level = (text: string): RegExp => new RegExp(`^Feature: metadata\\.version\\tSupportedMinVersion: 3\\.3-IV3\\tSupportedMaxVersion: 4\\.3-IV0\\tFinalizedVersionLevel: ${text}\\tEpoch: \\d+$`, 'm');
    expect(features('describe').stdout).toMatch(level('4\\.0-IV3'));
    expect(features('upgrade')).toMatchObject({ code: 1, stderr: 'moldau: Give --feature name=level or --release-version.\n' });
    expect(features('upgrade', '--release-version', '4.3', '--dry-run')).toEqual({ code: 0, stderr: '', stdout: 'metadata.version can be upgraded to 30.\n' });
    expect(features('describe').stdout).toMatch(level('4\\.0-IV3'));
    expect(features('upgrade', '--release-version', '4.3')).toEqual({ code: 0, stderr: '', stdout: 'metadata.version was upgraded to 30.\n' });
    expect(features('describe').stdout).toMatch(level('4\\.3-IV0'));
    expect(features('upgrade', '--feature', 'metadata.version=20')).toMatchObject({ code: 1, stderr: expect.stringMatching(/^moldau: Nothing was upgraded: .*20/) });
  } finally {
    await child.stop();
    rmSync(cwd, { recursive: true, force: true });
  }
}, 60_000);
