/**
 * Which peers a test suite needs, and what happens when one is missing: the suite is skipped under a title that names the
 * peer and the command that installs it, or fails when REQUIRE_PEERS=1, as in CI, where nothing may be skipped in silence.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { hasLoopDisks } from './loop-disk';
import { kafkaClasspath, node24Path } from './peers';

/** 'loop': root on a Linux that lets it mount images (e2fsprogs, mount, perl). */
export type Peer = 'haproxy' | 'prometheus' | 'kcat' | 'java' | 'kafka' | 'root' | 'node24' | 'loop';

type Suite = (title: string, body: () => void) => void;

const present: Readonly<Record<Peer, () => boolean>> = {
  haproxy: () => answers('haproxy', '-v'),
  prometheus: () => answers('prometheus', '--version') && answers('promtool', '--version'),
  kcat: () => answers('kcat', '-V'),
  java: () => answers('javac', '-version'),
  kafka: () => answers('javac', '-version') && kafkaClasspath() !== null,
  root: () => process.getuid?.() === 0,
  node24: () => existsSync(node24Path()),
  loop: hasLoopDisks,
};

/** `describe` for a suite that needs these peers. */
export function needs(...peers: readonly Peer[]): Suite {
  const missing = peers.filter((peer) => !present[peer]());
  if (missing.length === 0) return (title, body) => describe(title, body);
  const reason = `needs ${missing.join(', ')}: see scripts/peers/install.sh`;
  // A laptop without the peer runs the rest, and says what it left out; CI sets REQUIRE_PEERS and fails.
  if (process.env['REQUIRE_PEERS'] !== '1') return (title, body) => describe.skip(`${title} (${reason})`, body);
  return (title) =>
    describe(title, () => {
      test(reason, () => {
        throw new Error(`REQUIRE_PEERS=1, and this suite ${reason}`);
      });
    });
}

function answers(command: string, argument: string): boolean {
  const result = spawnSync(command, [argument], { stdio: 'ignore' });
  return result.error === undefined && result.status === 0;
}
