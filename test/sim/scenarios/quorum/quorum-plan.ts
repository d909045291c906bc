/** What a play of the quorum is made of: its nodes, and a schedule of what happens to them. */
import { UNKNOWN_DIRECTORY } from '../../../../controller/raft/replica-key';
import { VoterSet, type Voter } from '../../../../controller/raft/voter-set';
import { randomUuid } from '../../../../wire/base/uuid';
import type { Step } from '../../harness/scenario';
import type { SimRandom } from '../../random';
import { PORT, type NodeSpec } from './quorum-node';

export function plan(random: SimRandom, mood: 'wild' | 'calm'): readonly Step[] {
  const isWild = mood === 'wild';
  const isStatic = isWild && random.chance(0.15);
  const shape: Step = {
    kind: 'shape',
    voters: isWild && random.chance(0.25) ? 5 : random.chance(0.1) ? 1 : 3,
    observer: isWild && random.chance(0.4),
    isStatic,
    joiner: !isStatic && random.chance(0.7),
    autoJoin: !isStatic && isWild && random.chance(0.2),
  };
  const nodes = Number(shape['voters']) + (shape['joiner'] === true ? 1 : 0) + (shape['observer'] === true ? 1 : 0);
  const count = isWild ? random.between(5, 40) : random.between(5, 8);
  const steps = Array.from({ length: count }, () => drawStep(random, isWild ? 1 : 0, nodes));
  // Static voters become dynamic ones in the midst of it, in most plays.
  for (let i = isStatic ? random.between(0, 3) : 0; i > 0; i--) steps.splice(random.below(steps.length), 0, { kind: 'raise' });
  return [shape, ...steps];
}

function drawStep(random: SimRandom, faults: number, nodes: number): Step {
  const node = random.between(1, nodes);
  const downMs = random.chance(0.05) ? random.spread(60_000, 120_000) : random.chance(0.2) ? random.spread(2_000, 8_000) : random.spread(1, 500);
  const steps: readonly (readonly [number, () => Step])[] = [
    [8, () => ({ kind: 'write', records: random.between(1, 4), valueBytes: random.between(1, 150), wait: random.chance(0.5) })],
    [3, () => ({ kind: 'wait', delayMs: random.chance(0.2) ? random.spread(60_000, 70_000) : random.spread(0, 1_500) })],
    [2, () => ({ kind: 'snapshot', node: random.between(0, nodes) })],
    [2 * faults, () => ({ kind: 'kill', node, downMs })],
    [2 * faults, () => ({ kind: 'power', node, downMs })],
    [0.7 * faults, () => ({ kind: 'powerOfAll', downMs: random.spread(1, 300) })],
    [1 * faults, () => ({ kind: 'pause', node, delayMs: random.spread(10, 8_000) })],
    [2 * faults, () => ({ kind: 'cut', node, other: random.between(1, nodes), oneWay: random.chance(0.4), delayMs: random.spread(10, 8_000) })],
    [1 * faults, () => ({ kind: 'isolate', node, delayMs: random.spread(10, 8_000) })],
    [1.5 * faults, () => ({ kind: 'strand', records: random.between(1, 4), valueBytes: random.between(1, 150), delayMs: random.spread(10, 8_000) })],
    [1 * faults, () => ({ kind: 'reset', node, other: random.between(1, nodes) })],
    [0.7, () => ({ kind: 'resign' })],
    [1 * faults, () => ({ kind: 'replaceLost' })],
    [2, () => ({ kind: 'addVoter', node, ack: random.chance(0.7), wait: random.chance(0.5) })],
    [2.5, () => ({ kind: 'removeVoter', node, ofLeader: random.chance(0.2), wait: random.chance(0.5) })],
    [1.2 * faults, () => ({ kind: 'wipe', node, downMs })],
    [0.5, () => ({ kind: 'leave', node, downMs })],
  ];
  return steps[random.weighted(steps.map(([weight]) => weight))]![1]();
}

/** The voters of a cluster's first moment; the directories of static ones are unknown. */
export function firstVoters(count: number, isStatic: boolean, random: SimRandom): VoterSet {
  const voters = Array.from({ length: count }, (_, index): Voter => {
    const id = index + 1;
    const directoryId = isStatic ? UNKNOWN_DIRECTORY : randomUuid(random);
    return { id, directoryId, endpoints: [{ name: 'CONTROLLER', host: hostOf(id), port: PORT }], minKraftVersion: 0, maxKraftVersion: 1 };
  });
  return new VoterSet(voters);
}

/** The first voters, then perhaps a controller that is none yet, then perhaps a broker. */
export function specsOf(shape: Step, first: VoterSet, isStatic: boolean): NodeSpec[] {
  const bootstrapServers = isStatic ? [] : first.ids.map((id) => ({ host: hostOf(id), port: PORT }));
  const common = { staticVoters: isStatic ? first : null, bootstrapServers, autoJoin: shape['autoJoin'] === true };
  const initial = isStatic ? ('none' as const) : first.voters;
  const specs: NodeSpec[] = first.ids.map((nodeId) => ({ nodeId, host: hostOf(nodeId), voters: initial, canVote: true, ...common }));
  const add = (canVote: boolean): void => {
    const nodeId = specs.length + 1;
    specs.push({ nodeId, host: hostOf(nodeId), voters: 'none', canVote, ...common });
  };
  if (shape['joiner'] === true) add(true);
  if (shape['observer'] === true) add(false);
  return specs;
}

export function hostOf(nodeId: number): string {
  return `node${nodeId}`;
}
