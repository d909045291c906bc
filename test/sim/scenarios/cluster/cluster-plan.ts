/**
 * Schedules of a simulated cluster, as data: how the cluster is set up, and what befalls it, when and for how long. Each seed
 * draws its own weights, so that some see only kills and others only cuts.
 */

import type { Step } from '../../harness/scenario';
import type { SimRandom } from '../../random';
import type { ClusterMode } from './cluster-config';
import type { WorkloadMode } from './cluster-workload';
import { FAULTY_APIS } from './wire-tap';

/** At least so long. */
const PLAY_MS = 30_000;
/** Records that clients have acknowledged before a play is over. */
const MIN_ACKED = 500;
const MIN_FAULTS = 6;
const MAX_FAULTS = 14;

export const TARGETS = ['leader', 'controller', 'follower', '1', '2', '3'] as const;
export type Target = (typeof TARGETS)[number];

/** What befalls the cluster. Faults with a length pass by themselves, while the next step may have begun. */
export const FAULT_KINDS = [
  'kill',
  'killAll',
  'power',
  'powerAll',
  'stop',
  'pause',
  'isolate',
  'cut',
  'cutClients',
  'reset',
  'wipe',
  'frames',
  'slowLink',
  'slowDisk',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

const USUAL_WEIGHTS: Readonly<Record<FaultKind, number>> = {
  kill: 4,
  killAll: 0.5,
  power: 2,
  powerAll: 0.5,
  stop: 1.5,
  pause: 2,
  isolate: 2,
  cut: 2,
  cutClients: 1,
  reset: 2,
  wipe: 0.7,
  frames: 2,
  slowLink: 1,
  slowDisk: 1,
};

export function planCluster(random: SimRandom, mood: 'wild' | 'calm'): readonly Step[] {
  const mode = drawMode(random, mood);
  const isTapped = mode['tapped'] === true;
  const wait = (afterMs: number): Step => ({ kind: 'wait', afterMs });
  if (mood === 'calm') return [mode, wait(2_000), { kind: 'topic', afterMs: 100, partitions: 1 }, { kind: 'stop', afterMs: 1_000, target: '1', downMs: 500 }, wait(2_000)];
  const weights = swarm(random, isTapped);
  const count = random.between(MIN_FAULTS, MAX_FAULTS);
  const meanMs = PLAY_MS / count;
  const steps: Step[] = [];
  for (let i = 0; i < count; i++) {
    steps.push({ ...drawFault(random, weights), afterMs: random.spread(0.2, 1.8) * meanMs });
    if (random.chance(0.25)) steps.push({ ...drawWork(random), afterMs: random.spread(0, 500) });
  }
  const recipe = random.chance(0.3) ? drawRecipe(random) : [];
  steps.splice(random.below(steps.length), 0, ...recipe);
  const plannedMs = steps.reduce((sum, step) => sum + Number(step['afterMs']), 0);
  // Only a tap can hold requests back.
  const isHeld = recipe.some(({ kind }) => kind === 'frames');
  const hasRacks = random.chance(0.5);
  return [{ ...mode, ...(isHeld ? { tapped: true } : {}), hasRacks }, ...steps, wait(Math.max(0, PLAY_MS - plannedMs))];
}

/**
 * What chance alone hardly brings about: a follower that comes back, and something that befalls it, or its leader, before the
 * controller has heard that it may join.
 */
function drawRecipe(random: SimRandom): readonly Step[] {
  const target = random.pick(['1', '2', '3']);
  const comesBack: Step = { kind: 'kill', target, downMs: random.spread(100, 800), afterMs: random.spread(0, 500) };
  const afterMs = random.spread(800, 3_500);
  if (random.chance(0.3)) return [comesBack, { kind: 'kill', target: 'leader', downMs: random.spread(100, 3_000), afterMs }];
  const held: Step = { kind: 'frames', api: 'AlterPartition', point: 'received', delayMs: random.pick([1_000, 5_000]), lengthMs: 4_000, afterMs: 50 };
  const befalls: Step = random.chance(0.5)
    ? { kind: 'isolate', target, lengthMs: random.spread(4_000, 7_000), spareClients: true, afterMs }
    : { kind: 'wipe', target, downMs: random.pick([1, 300]), afterMs };
  return [comesBack, held, befalls];
}

/** Topic configs that may change under load without changing what is promised, and from where on. */
const CONFIGS: readonly (readonly [key: string, least: number])[] = [
  ['retention.ms', 86_400_000],
  ['max.message.bytes', 1_000_000],
  ['flush.messages', 0],
];

/** Some kinds of fault often, some never. */
function swarm(random: SimRandom, isTapped: boolean): readonly number[] {
  // Only a tap can spoil frames.
  const usual = FAULT_KINDS.map((kind) => (kind === 'frames' && !isTapped ? 0 : USUAL_WEIGHTS[kind]));
  const weights = usual.map((weight) => (random.chance(0.35) ? 0 : weight * random.spread(0.3, 3)));
  return weights.some((weight) => weight > 0) ? weights : usual;
}

function drawMode(random: SimRandom, mood: 'wild' | 'calm'): Step {
  const gapMs = random.pick([150, 300, 600]);
  return {
    kind: 'mode',
    flush: random.chance(0.5),
    fastDetection: random.chance(0.5),
    tapped: mood === 'wild' && random.chance(0.5),
    partitions: random.between(1, 3),
    offsetsPartitions: random.between(1, 2),
    snapshotBytes: random.pick([1_500, 4_000, 15_000]),
    gapMs,
    // The fewer batches, the more records in each: every play is to acknowledge hundreds.
    maxRecords: (gapMs / 150) * random.pick([4, 10]),
    minAcked: mood === 'wild' ? MIN_ACKED : 0,
    maxValueBytes: random.pick([20, 200]),
    segmentBytes: random.pick([1_000, 4_000, 20_000]),
    fetchBytes: random.pick([200, 4_000]),
  };
}

function drawFault(random: SimRandom, weights: readonly number[]): Step {
  const target = random.pick(TARGETS);
  const downMs = random.pick([1, 50, 300, 1_500, 6_000]) * random.spread(0.5, 1.5);
  const lengthMs = random.pick([50, 500, 2_000, 5_000]) * random.spread(0.5, 1.5);
  const kind = FAULT_KINDS[random.weighted(weights)] ?? 'kill';
  switch (kind) {
    case 'kill':
    case 'killAll':
    case 'power':
    case 'powerAll':
    case 'stop':
      return { kind, target, downMs };
    case 'wipe':
      return { kind, target, downMs: Math.min(downMs, 1_500) };
    case 'isolate':
      return { kind, target, lengthMs, spareClients: random.chance(0.5) };
    case 'cut':
      return { kind, target, other: random.pick(TARGETS), oneWay: random.chance(0.5), lengthMs };
    case 'frames':
      return { kind, api: random.pick(FAULTY_APIS), point: random.pick(['received', 'beforeResponse']), delayMs: random.pick([-1, 50, 500, 2_000]), lengthMs };
    case 'slowLink':
      return { kind, target, other: random.pick(TARGETS), delayMs: random.pick([20, 100, 400]), lengthMs };
    case 'slowDisk':
      return { kind, target, delayMs: random.pick([20, 200, 1_000]), lengthMs };
    case 'pause':
    case 'cutClients':
    case 'reset':
      return { kind, target, lengthMs };
  }
}

function drawWork(random: SimRandom): Step {
  if (random.chance(0.4)) return { kind: 'topic', partitions: random.between(1, 2) };
  const [config, least] = random.pick(CONFIGS);
  return { kind: 'config', config, value: least + random.between(1, 9) };
}

/** What the 'mode' step says, with what a shortened schedule falls back to. */
export function modesOf(steps: readonly Step[]): ClusterMode & WorkloadMode & { readonly isTapped: boolean; readonly partitions: number } {
  const mode = steps.find(({ kind }) => kind === 'mode');
  const number = (name: string, otherwise: number): number => Number(mode?.[name] ?? otherwise);
  return {
    flush: mode?.['flush'] === true,
    fastDetection: mode?.['fastDetection'] === true,
    isTapped: mode?.['tapped'] === true,
    hasRacks: mode?.['hasRacks'] === true,
    partitions: number('partitions', 2),
    offsetsPartitions: number('offsetsPartitions', 1),
    snapshotBytes: number('snapshotBytes', 4_000),
    gapMs: number('gapMs', 120),
    maxRecords: number('maxRecords', 3),
    minAcked: number('minAcked', 0),
    maxValueBytes: number('maxValueBytes', 200),
    segmentBytes: number('segmentBytes', 4_000),
    fetchBytes: number('fetchBytes', 4_000),
  };
}
