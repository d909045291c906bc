/** What is done to a cluster under load, a round at a time. Records are acked while a node is away: the others take over. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { SimRandom } from '../../sim/random';
import type { LoopDisk } from '../../support/loop-disk';
import type { MoldauCluster, MoldauNode } from '../../support/moldau-cluster';
import type { ClusterPlay } from './cluster-play';

export type Fault = (play: ClusterPlay, round: number) => Promise<void>;

const ACKS_BETWEEN = 100;
const ACKS_WHILE_DOWN = 200;
/** Longer than a session of fast heartbeats and a fetch timeout of the quorum: others take over meanwhile. */
const MAX_PAUSE_MS = 6_000;
/** About as long as a partition of this test takes to be copied. */
const MAX_COPY_MS = 300;
const FIRST_NODES = [1, 2, 3] as const;

export const killOne: Fault = async ({ cluster, ledger, random, admin }) => {
  await ledger.ackedMore(ACKS_BETWEEN);
  await killAndRestart(random.pick(cluster.nodes), ledger.ackedMore(ACKS_WHILE_DOWN));
  await admin.untilInSync();
};

export const restartOne: Fault = async ({ cluster, ledger, admin }, round) => {
  await ledger.ackedMore(ACKS_BETWEEN);
  const node = cluster.node((round % cluster.nodes.length) + 1);
  await node.end('SIGTERM');
  await ledger.ackedMore(ACKS_WHILE_DOWN);
  await node.start();
  await admin.untilInSync();
};

export const pauseOne: Fault = async ({ cluster, ledger, random, admin }) => {
  await ledger.ackedMore(ACKS_BETWEEN);
  const node = random.pick(cluster.nodes);
  node.pause();
  await delay(random.between(500, MAX_PAUSE_MS));
  node.resume();
  await admin.untilInSync();
};

/** A wiped node is no voter any more, so it is always the same. */
export const wipeOne: Fault = async ({ cluster, ledger, admin }) => {
  await ledger.ackedMore(ACKS_BETWEEN);
  const node = cluster.node(3);
  await node.end('SIGKILL');
  await ledger.ackedMore(ACKS_WHILE_DOWN);
  rmSync(node.logDir, { recursive: true });
  await cluster.formatNode(node, 'no voters');
  await node.start();
  await admin.untilInSync();
};

/**
 * kill -9 of all three, at once or within a moment, and one of them comes back without its disk: what was acked is on two
 * others at most, and the empty one must not lead. It becomes a voter again by itself, which is waited for.
 */
export const wipeOneAndKillTheOthers: Fault = async ({ cluster, ledger, random, admin }) => {
  await ledger.ackedMore(ACKS_BETWEEN);
  const wiped = random.pick(cluster.nodes);
  const spreadMs = random.pick([0, 0, MAX_COPY_MS]);
  await Promise.all(cluster.nodes.map((node) => killAfter(node, random.between(0, spreadMs))));
  rmSync(wiped.logDir, { recursive: true });
  await cluster.formatNode(wiped, 'no voters');
  await Promise.all(cluster.nodes.map((node) => node.start()));
  await admin.untilInSync();
  await admin.untilVoters(cluster.nodes.map(directoryIdOf));
};

/**
 * A fourth node joins and partitions are moved to it, while one of the four is killed: the new one, the controller, or who
 * leads what is moved. Each later round first moves everything off it in the same way, and it comes back with an empty disk.
 */
export const addBroker: Fault = async (play) => {
  const { cluster, ledger, random, partitions } = play;
  await ledger.ackedMore(ACKS_BETWEEN);
  const former = cluster.nodes[FIRST_NODES.length];
  const added = former ?? (await cluster.addBroker());
  if (former !== undefined) {
    await moveAndKill(play, Array.from({ length: partitions }, () => shuffled(random, FIRST_NODES)));
    await former.end('SIGTERM');
    rmSync(former.logDir, { recursive: true });
    await cluster.formatNode(former);
  }
  await added.start();
  await moveAndKill(play, Array.from({ length: partitions }, () => withAdded(random, added.id)));
};

async function moveAndKill({ cluster, ledger, random, admin }: ClusterPlay, assignment: readonly (readonly number[])[]): Promise<void> {
  await admin.reassign(assignment);
  await delay(random.between(0, MAX_COPY_MS));
  await killAndRestart(random.pick(cluster.nodes), ledger.ackedMore(ACKS_WHILE_DOWN));
  await admin.untilReassigned(assignment);
}

export const losePower =
  (disks: readonly LoopDisk[]): Fault =>
  async ({ cluster, ledger, random, admin }) => {
    await ledger.ackedMore(random.between(1, 2 * ACKS_BETWEEN));
    await losePowerAndReturn(cluster, disks);
    await admin.untilInSync();
  };

/** All nodes lose their power at the same moment, each its own disk's, and are started again. */
export async function losePowerAndReturn(cluster: MoldauCluster, disks: readonly LoopDisk[]): Promise<void> {
  for (const disk of disks) disk.losePower();
  await Promise.all(cluster.nodes.map((node) => node.end('SIGKILL')));
  for (const disk of disks) disk.remount();
  await Promise.all(cluster.nodes.map((node) => node.start()));
}

async function killAndRestart(node: MoldauNode, meanwhile: Promise<void>): Promise<void> {
  await node.end('SIGKILL');
  await meanwhile;
  await node.start();
}

async function killAfter(node: MoldauNode, ms: number): Promise<void> {
  await delay(ms);
  await node.end('SIGKILL');
}

/** Of the directory that the node has now. */
function directoryIdOf(node: MoldauNode): string {
  const text = readFileSync(join(node.logDir, 'meta.properties'), 'utf8');
  return /^directory\.id=(.*)$/m.exec(text)?.[1] ?? '';
}

/** Three replicas, the new broker among them at any place. */
function withAdded(random: SimRandom, addedId: number): readonly number[] {
  return shuffled(random, [addedId, ...shuffled(random, FIRST_NODES).slice(1)]);
}

function shuffled(random: SimRandom, ids: readonly number[]): readonly number[] {
  const left = [...ids];
  return ids.map(() => left.splice(random.below(left.length), 1)[0] ?? 0);
}
