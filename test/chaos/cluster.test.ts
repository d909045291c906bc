/**
 * A cluster of three real nodes that are ill-treated again and again while clients write with acks=all and a group reads: no
 * acked record is missing or out of its place, nothing that was read is ever something else, and in the end the replicas are
 * the same byte for byte. CHAOS_CLUSTER_ROUNDS says how often each (a few by default); CHAOS_SEED repeats the choices of a
 * run, not its timing.
 */
import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { LoopDisk } from '../support/loop-disk';
import type { MoldauCluster, MoldauNode } from '../support/moldau-cluster';
import { needs } from '../support/needs';
import type { SimRandom } from '../sim/random';
import { type ClusterPlay, playCluster } from './support/cluster-play';

const SEED = process.env['CHAOS_SEED'] ?? String(Date.now());
const ROUNDS = process.env['CHAOS_CLUSTER_ROUNDS'];
const ACKS_BETWEEN = 100;
const ACKS_WHILE_DOWN = 200;
const MS_PER_ROUND = 60_000;
/** Longer than a session of fast heartbeats and a fetch timeout of the quorum: others take over meanwhile. */
const MAX_PAUSE_MS = 6_000;
const DISK_MB = 256;

type Kind = 'kill' | 'stop' | 'pause' | 'wipe';

const KINDS: readonly { readonly kind: Kind; readonly byDefault: number; readonly what: string }[] = [
  { kind: 'kill', byDefault: 5, what: 'kill -9 of one of three nodes' },
  { kind: 'stop', byDefault: 3, what: 'a restart of one node after the other' },
  { kind: 'pause', byDefault: 2, what: 'a node that is stopped for seconds and goes on' },
  { kind: 'wipe', byDefault: 2, what: 'a node that dies and loses its disk' },
];

const patienceMs = (rounds: number): number => (rounds + 2) * MS_PER_ROUND;

for (const { kind, byDefault, what } of KINDS) {
  const rounds = Number(ROUNDS ?? byDefault);
  test(
    `every acked record survives ${what}, in order, at its offset`,
    async () => {
      const problems = await playCluster(`cluster ${kind} ${SEED}`, {}, async (play) => {
        for (let round = 0; round < rounds; round++) {
          await play.ledger.ackedMore(ACKS_BETWEEN);
          await illTreat(play, kind, pick(play.cluster, kind, round, play.random));
          await play.untilInSync();
        }
      });
      expect({ seed: SEED, problems }).toEqual({ seed: SEED, problems: [] });
    },
    patienceMs(rounds),
  );
}

/** A wiped node is no voter any more, so it is always the same; nodes are restarted in turn. */
function pick(cluster: MoldauCluster, kind: Kind, round: number, random: SimRandom): MoldauNode {
  if (kind === 'wipe') return cluster.node(3);
  if (kind === 'stop') return cluster.node((round % cluster.nodes.length) + 1);
  return random.pick(cluster.nodes);
}

/** Records are acked while the node is away: the others take over. */
async function illTreat({ cluster, ledger, random }: ClusterPlay, kind: Kind, node: MoldauNode): Promise<void> {
  if (kind === 'pause') {
    node.pause();
    await delay(random.between(500, MAX_PAUSE_MS));
    node.resume();
    return;
  }
  await node.end(kind === 'stop' ? 'SIGTERM' : 'SIGKILL');
  await ledger.ackedMore(ACKS_WHILE_DOWN);
  if (kind === 'wipe') {
    rmSync(node.logDir, { recursive: true });
    await cluster.formatNode(node, 'no voters');
  }
  await node.start();
}

needs('loop')('three nodes on disks of their own', () => {
  const rounds = Number(ROUNDS ?? 2);
  const disks: LoopDisk[] = [];
  afterEach(() => {
    for (const disk of disks.splice(0)) disk.dispose();
  });

  test(
    'every record that was acked with log.flush.before.ack survives that all nodes lose their power at once',
    async () => {
      for (let id = 1; id <= 3; id++) disks.push(new LoopDisk(DISK_MB));
      const options = {
        properties: { 'log.flush.before.ack': 'true' },
        logDirOf: (id: number) => `${disks[id - 1]?.path ?? ''}/logs`,
      };
      const problems = await playCluster(`cluster power ${SEED}`, options, async ({ cluster, ledger, random, untilInSync }) => {
        for (let round = 0; round < rounds; round++) {
          await ledger.ackedMore(random.between(1, 2 * ACKS_BETWEEN));
          for (const disk of disks) disk.losePower();
          await Promise.all(cluster.nodes.map((node) => node.end('SIGKILL')));
          for (const disk of disks) disk.remount();
          await Promise.all(cluster.nodes.map((node) => node.start()));
          await untilInSync();
        }
      });
      expect({ seed: SEED, problems }).toEqual({ seed: SEED, problems: [] });
    },
    patienceMs(rounds),
  );
});
