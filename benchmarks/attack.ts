/**
 * A good client alone, and beside each attack in turn: what its p99 becomes, and what the attack costs the broker. Each round
 * measures it alone once, then beside every attack; each time with a broker of its own.
 *
 *   node scripts/run-ts.cjs benchmarks/attack.ts [--seconds 60] [--pairs 5] [--attacks garbage,slow,...] [--json FILE]
 *
 * The bars: p99 beside an attack at most 20 ms, or 3 times its value alone if that is more; 20 stalled fetches of 50 MB and
 * 5,000 idle connections cost less than 64 MB each, and the latter hold the loop for less than 10 ms (p99); unfinished frames
 * cost at most 256 MB, and what the process needs to handle them 32 MB. Exit code 1 when one is missed.
 */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { ATTACKS, type AttackName } from './attack/attacks';
import { type Pair, type SceneOptions, measureAlone, measureAttacked } from './attack/scene';
import { loadWarning } from './environment';
import { Resources } from './resources';
import { median } from './statistics';

const MB = 1024 * 1024;
const MIN_BAR_MS = 20;
const MAX_RATIO = 3;
const MAX_GROWN_MB: Readonly<Record<AttackName, number>> = {
  garbage: 256,
  slow: 64,
  'never-reading': 64,
  'huge-frames': 256 + 32,
  'huge-produces': 256 + 32,
  connections: 64,
};
const MAX_IDLE_LOOP_P99_MS = 10;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '60' },
      pairs: { type: 'string', default: '5' },
      attacks: { type: 'string', default: ATTACKS.join(',') },
      json: { type: 'string' },
      dir: { type: 'string', default: tmpdir() },
    },
  });
  const warning = loadWarning();
  if (warning !== null) process.stderr.write(`warning: ${warning}\n`);
  const resources = new Resources(values.dir);
  const pairs: Pair[] = [];
  const inOwnDir = async <T>(measure: (options: SceneOptions) => Promise<T>): Promise<T> => {
    const dir = resources.makeDir('attack');
    const track = resources.track.bind(resources);
    const result = await measure({ dir, seconds: Number(values.seconds), warmUpSeconds: 2, track });
    resources.removeDir(dir);
    return result;
  };
  try {
    for (let round = 0; round < Number(values.pairs); round++) {
      const alone = await inOwnDir(measureAlone);
      for (const attack of values.attacks.split(',') as AttackName[]) {
        const pair = { alone, ...(await inOwnDir((options) => measureAttacked(attack, options))) };
        pairs.push(pair);
        process.stderr.write(`${describe(pair)}\n`);
      }
    }
  } finally {
    await resources.release();
  }
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(pairs, null, 1));
  return report(pairs);
}

function describe({ attack, alone, beside, grownBytes, loop }: Pair): string {
  const times = `p99 alone ${alone.p99Ms.toFixed(1)} ms, beside ${beside.p99Ms.toFixed(1)} ms (max ${beside.maxMs.toFixed(0)})`;
  const own = `sent late by ${alone.sentLateP99Ms.toFixed(1)} and ${beside.sentLateP99Ms.toFixed(1)} ms (p99)`;
  const cost = `memory +${(grownBytes / MB).toFixed(0)} MB, loop p99 ${loop.p99Ms.toFixed(1)} ms, longest ${loop.maxMs.toFixed(0)} ms`;
  return `${attack.padEnd(13)} ${times}, ${own}; ${cost}`;
}

function report(pairs: readonly Pair[]): number {
  let missed = 0;
  for (const attack of ATTACKS) {
    const own = pairs.filter((pair) => pair.attack === attack);
    if (own.length === 0) continue;
    const alone = median(own.map((pair) => pair.alone.p99Ms));
    const beside = median(own.map((pair) => pair.beside.p99Ms));
    const grown = Math.max(...own.map((pair) => pair.grownBytes)) / MB;
    const loop = median(own.map((pair) => pair.loop.p99Ms));
    const barMs = Math.max(MIN_BAR_MS, MAX_RATIO * alone);
    const isLoopHeld = attack === 'connections' && loop >= MAX_IDLE_LOOP_P99_MS;
    const isMissed = beside > barMs || grown > MAX_GROWN_MB[attack] || isLoopHeld;
    if (isMissed) missed++;
    process.stdout.write(
      `${attack.padEnd(13)} p99 ${alone.toFixed(1)} -> ${beside.toFixed(1)} ms (bar ${barMs.toFixed(0)}), ` +
        `memory +${grown.toFixed(0)} MB (bar ${MAX_GROWN_MB[attack]}), loop p99 ${loop.toFixed(1)} ms: ` +
        `${isMissed ? 'MISSED' : 'held'}\n`,
    );
  }
  return missed === 0 ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`attack: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
