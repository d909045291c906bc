/** Schedules of the scenario `mirror`. */

import type { Step } from '../../harness/scenario';
import type { SimRandom } from '../../random';
import { CLUSTERS, PARTITIONS, type MirrorMode } from './mirror-config';

export function plan(random: SimRandom, mood: 'wild' | 'calm'): readonly Step[] {
  const mode = { kind: 'mode', preserve: random.chance(0.4), flush: random.chance(0.3), processes: random.chance(0.5) ? 2 : 1 };
  const count = mood === 'wild' ? random.between(15, 60) : random.between(6, 10);
  const steps = Array.from({ length: count }, () => drawStep(random, mood, mode.flush));
  return [mode, ...steps];
}

export function modeOf(steps: readonly Step[]): MirrorMode {
  const mode = steps.find((step) => step.kind === 'mode');
  return { preserve: mode?.['preserve'] === true, flush: mode?.['flush'] === true, processes: Number(mode?.['processes'] ?? 1) };
}

function drawStep(random: SimRandom, mood: 'wild' | 'calm', flush: boolean): Step {
  const faults = mood === 'wild' ? 1 : 0;
  const cluster = random.pick(CLUSTERS);
  const process = random.below(2);
  const downMs = random.spread(10, 4_000);
  const steps: readonly (readonly [number, () => Step])[] = [
    [10, () => ({ kind: 'send', partition: random.below(PARTITIONS), records: random.between(1, 8), valueBytes: valueBytes(random.between(8, 120)) })],
    [3, () => ({ kind: 'send-remade', records: random.between(1, 4) })],
    [3, () => ({ kind: 'commit', partition: random.below(PARTITIONS), share: random.below(101) })],
    [4, () => ({ kind: 'wait', delayMs: random.spread(1, 2_500) })],
    [0.8 * faults, () => ({ kind: 'trim', partition: random.below(PARTITIONS), share: random.below(101) })],
    [0.3 * faults, () => ({ kind: 'remake' })],
    [2 * faults, () => ({ kind: 'kill-mirror', process, downMs })],
    [0.7 * faults, () => ({ kind: 'stop-mirror', process, downMs })],
    [0.8 * faults, () => ({ kind: 'pause-mirror', process, delayMs: random.spread(100, 15_000) })],
    [1.2 * faults, () => ({ kind: 'kill', cluster, downMs })],
    [flush ? faults : 0, () => ({ kind: 'power', cluster, downMs })],
    [0.5 * faults, () => ({ kind: 'pause', cluster, delayMs: random.spread(100, 8_000) })],
    [0.7 * faults, () => ({ kind: 'cut', cluster, process, delayMs: random.spread(100, 9_000) })],
    [1 * faults, () => ({ kind: 'reset', cluster, process })],
  ];
  return steps[random.weighted(steps.map(([weight]) => weight))]![1]();
}

/** Now and then batches that a request carries in place instead of copying them. */
function valueBytes(drawn: number): number {
  return drawn > 110 ? 40 * drawn : drawn;
}
