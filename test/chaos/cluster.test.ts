/**
 * A cluster of three real nodes that are ill-treated again and again while clients write with acks=all and a group reads: no
 * acked record is missing or out of its place, nothing that was read is ever something else, and in the end the replicas are
 * the same byte for byte. CHAOS_CLUSTER_ROUNDS says how often each (a few by default); CHAOS_SEED repeats the choices of a
 * run, not its timing.
 */
import { LoopDisk } from '../support/loop-disk';
import type { MoldauClusterOptions } from '../support/moldau-cluster';
import { needs } from '../support/needs';
import { addBroker, type Fault, killOne, losePower, losePowerAndReturn, pauseOne, restartOne, wipeOne, wipeOneAndKillTheOthers } from './support/cluster-faults';
import { playCluster, playLoss } from './support/cluster-play';

const SEED = process.env['CHAOS_SEED'] ?? String(Date.now());
const ROUNDS = process.env['CHAOS_CLUSTER_ROUNDS'];
const MS_PER_ROUND = 60_000;
const DISK_MB = 256;
/** Some segments of each partition. */
const LOST_OF_RECORDS = 1_500;

interface Kind {
  readonly name: string;
  readonly rounds: number;
  readonly what: string;
  readonly fault: Fault;
  readonly properties?: Readonly<Record<string, string>>;
}

const KINDS: readonly Kind[] = [
  { name: 'kill', rounds: 5, what: 'kill -9 of one of three nodes', fault: killOne },
  { name: 'stop', rounds: 3, what: 'a restart of one node after the other', fault: restartOne },
  { name: 'pause', rounds: 2, what: 'a node that is stopped for seconds and goes on', fault: pauseOne },
  { name: 'wipe', rounds: 2, what: 'a node that dies and loses its disk', fault: wipeOne },
  {
    name: 'wipe and kill',
    rounds: 2,
    what: 'that one node loses its disk and the other two are killed',
    fault: wipeOneAndKillTheOthers,
    properties: { 'controller.quorum.auto.join.enable': 'true' },
  },
  { name: 'add', rounds: 1, what: 'kill -9 while partitions move to an added broker', fault: addBroker },
];

async function play(name: string, rounds: number, fault: Fault, options: MoldauClusterOptions): Promise<void> {
  const problems = await playCluster(`cluster ${name} ${SEED}`, options, async (cluster) => {
    for (let round = 0; round < rounds; round++) await fault(cluster, round);
  });
  expect({ seed: SEED, problems }).toEqual({ seed: SEED, problems: [] });
}

const patienceMs = (rounds: number): number => (rounds + 2) * MS_PER_ROUND;

needs('kcat')('three nodes', () => {
  for (const { name, rounds: byDefault, what, fault, properties } of KINDS) {
    const rounds = Number(ROUNDS ?? byDefault);
    const title = `every acked record survives ${what}, in order, at its offset`;
    test(title, () => play(name, rounds, fault, properties === undefined ? {} : { properties }), patienceMs(rounds));
  }
});

needs('loop', 'kcat')('three nodes on disks of their own', () => {
  const rounds = Number(ROUNDS ?? 2);
  const disks: LoopDisk[] = [];
  const logDirOf = (id: number): string => `${disks[id - 1]?.path ?? ''}/logs`;
  beforeEach(() => {
    for (let id = 1; id <= 3; id++) disks.push(new LoopDisk(DISK_MB));
  });
  afterEach(() => {
    for (const disk of disks.splice(0)) disk.dispose();
  });

  test(
    'every record that was acked with log.flush.before.ack survives that all nodes lose their power at once',
    () => play('power', rounds, losePower(disks), { properties: { 'log.flush.before.ack': 'true' }, logDirOf }),
    patienceMs(rounds),
  );

  test(
    'by default that leaves a prefix of each partition, the same on all nodes',
    async () => {
      const keep = (): void => disks.forEach((disk) => disk.sync());
      const problems = await playLoss(`loss ${SEED}`, { logDirOf }, LOST_OF_RECORDS, { keep, lose: (cluster) => losePowerAndReturn(cluster, disks) });
      expect({ seed: SEED, problems }).toEqual({ seed: SEED, problems: [] });
    },
    patienceMs(1),
  );
});
