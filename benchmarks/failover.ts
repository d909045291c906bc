/**
 * How long a cluster of three takes no writes when a node dies: from the moment at which it is killed until a record that was
 * sent afterwards is acknowledged by all.
 *
 *   node scripts/run-ts.cjs benchmarks/failover.ts [--target moldau|kafka] [--kind leader|both|silent|cut] [--rounds 30]
 *     [--load 2000] [--users kafkajs,librdkafka,java] [--csv FILE]
 *
 * leader: kill -9 of the node that leads the partition, while another node is the active controller. both: of one that is
 * both. silent: SIGSTOP of the leader for 15 s. cut: the leader's network is unplugged for as long; each node has one of its
 * own then (Linux, root). Load: records of 1 KB a second to other partitions, acks=all. Users: clients with their defaults
 * beside the prober, each on a partition of its own with the same leader. Bars: leader p50 300 ms and p99 1 s, both p99 2 s,
 * silent and cut 4 s, each node under 400 MB. Exit code 1 when one of Moldau's is missed.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadWarning } from './environment';
import { csvOf, holds, reportOf } from './failover/report';
import { Rounds, type Kind, type Round } from './failover/rounds';
import { SplitNetwork } from './failover/split-network';
import { startTarget, type TargetName } from './failover/targets';
import { USER_NAMES, type UserName } from './failover/user';

const KINDS: readonly Kind[] = ['leader', 'both', 'silent', 'cut'];
const NODES = [1, 2, 3];
const TARGETS: readonly TargetName[] = ['moldau', 'kafka'];

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      target: { type: 'string', default: 'moldau' },
      kind: { type: 'string', default: 'leader' },
      rounds: { type: 'string', default: '30' },
      load: { type: 'string', default: '2000' },
      users: { type: 'string', default: '' },
      csv: { type: 'string' },
    },
  });
  const name = oneOf('--target', TARGETS, values.target);
  const kind = oneOf('--kind', KINDS, values.kind);
  const users = values.users.split(',').flatMap((user): UserName[] => (user === '' ? [] : [oneOf('--users', USER_NAMES, user)]));
  if (kind === 'cut' && !SplitNetwork.isInside) return SplitNetwork.runInside();
  const network = kind === 'cut' ? SplitNetwork.create(NODES) : null;
  const warning = loadWarning();
  if (warning !== null) process.stderr.write(`warning: ${warning}\n`);
  const target = await startTarget(name, network);
  try {
    const rounds = await new Rounds(target, { kind, users, network, recordsPerSecond: Number(values.load) }).run(Number(values.rounds), tell);
    if (values.csv !== undefined) writeFileSync(values.csv, csvOf(name, kind, rounds));
    process.stdout.write(reportOf(name, kind, rounds));
    return name !== 'moldau' || holds(kind, rounds) ? 0 : 1;
  } finally {
    await target.dispose();
  }
}

function tell({ node, isController, gapMs, users }: Round, index: number): void {
  const seen = [...users].map(([user, each]) => `, ${user} ${each.gapMs ?? 'never'}${each.gapMs === null ? '' : ' ms'}`).join('');
  process.stderr.write(`${index}: node ${node}${isController ? ' (controller too)' : ''} ${gapMs.toFixed(0)} ms${seen}\n`);
}

function oneOf<T extends string>(flag: string, known: readonly T[], given: string): T {
  const found = known.find((each) => each === given);
  if (found === undefined) throw new Error(`${flag} ${given}: ${known.join(', ')}`);
  return found;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`failover: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
