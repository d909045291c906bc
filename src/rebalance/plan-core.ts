/**
 * Which replicas and which preferred leaders go where, so that every broker has as many as every other, give or take one.
 *
 * Three steps: replicas leave the brokers that are not to have any; then one at a time goes from a broker with the most to
 * one with the least, while they differ by two; then preferred leadership moves within the replicas that are there, along
 * chains if need be. A move never puts a partition into fewer racks than before. The same input gives the same plan, in
 * whatever order it comes, and what is even already stays as it is.
 */
import { Assignments, type Assigned, type PlanBroker, type PlanPartition } from './assignments-core';

export interface Move {
  readonly topic: string;
  readonly partition: number;
  readonly from: readonly number[];
  readonly to: readonly number[];
  /** Brokers that get a copy; none when only the preferred leader changes. */
  readonly added: readonly number[];
  /** To be copied. */
  readonly bytes: number;
}

/** `brokers`: all that are to have replicas; whatever lies elsewhere moves to them, as far as there is room. */
export function planMoves(brokers: readonly PlanBroker[], partitions: readonly PlanPartition[]): readonly Move[] {
  const assignments = new Assignments(brokers, partitions);
  for (const assigned of assignments.all) evacuate(assignments, assigned);
  while (levelOne(assignments));
  while (passLeadership(assignments));
  return assignments.all.flatMap(moveOf);
}

function moveOf({ source, replicas }: Assigned): Move[] {
  if (replicas.every((id, index) => id === source.replicas[index])) return [];
  const added = replicas.filter((id) => !source.replicas.includes(id));
  const { topic, partition, bytes } = source;
  return [{ topic, partition, from: source.replicas, to: [...replicas], added, bytes: bytes * added.length }];
}

function evacuate(assignments: Assignments, assigned: Assigned): void {
  for (const id of [...assigned.replicas]) {
    if (assignments.isTarget(id)) continue;
    const target = assignments.fewestReplicasFirst().find((candidate) => assignments.mayMove(assigned, id, candidate));
    if (target !== undefined) assignments.move(assigned, id, target);
  }
}

/** False when no broker has two more than another that can take one of them. */
function levelOne(assignments: Assignments): boolean {
  const ascending = assignments.fewestReplicasFirst();
  for (const from of [...ascending].reverse()) {
    for (const to of ascending) {
      if (assignments.replicaCount(from) - assignments.replicaCount(to) < 2) break;
      const assigned = bestToMove(assignments, from, to);
      if (assigned === null) continue;
      assignments.move(assigned, from, to);
      return true;
    }
  }
  return false;
}

/** Rather one that spreads its topic, then one that brings the bytes closer to each other, then one that is not led there. */
function bestToMove(assignments: Assignments, from: number, to: number): Assigned | null {
  const gap = assignments.replicaCount(from) - assignments.replicaCount(to);
  const idealBytes = Math.max(0, (assignments.bytesOn(from) - assignments.bytesOn(to)) / gap);
  let best: Assigned | null = null;
  let bestRank: readonly number[] = [];
  for (const assigned of assignments.on(from)) {
    if (!assignments.mayMove(assigned, from, to)) continue;
    const { topic, bytes } = assigned.source;
    const topicGap = assignments.topicCount(topic, from) - assignments.topicCount(topic, to);
    const isLed = assigned.replicas[0] === from ? 1 : 0;
    const rank = [-Math.min(topicGap, 2), Math.abs(bytes - idealBytes), isLed, assigned.order];
    if (best !== null && !isLess(rank, bestRank)) continue;
    best = assigned;
    bestRank = rank;
  }
  return best;
}

function isLess(a: readonly number[], b: readonly number[]): boolean {
  const index = a.findIndex((value, at) => value !== b[at]);
  return index >= 0 && (a[index] ?? 0) < (b[index] ?? 0);
}

interface Handover {
  readonly assigned: Assigned;
  readonly to: number;
}

/** From a broker that leads most to one that leads two less, perhaps over others that keep their number. */
function passLeadership(assignments: Assignments): boolean {
  for (const from of assignments.mostLeadershipsFirst()) {
    const chain = shortestChain(assignments, from);
    if (chain === null) continue;
    for (const { assigned, to } of chain) assignments.lead(assigned, to);
    return true;
  }
  return false;
}

/** By breadth: each step gives a partition's leadership to another of its replicas. */
function shortestChain(assignments: Assignments, from: number): readonly Handover[] | null {
  const chains = new Map<number, readonly Handover[]>([[from, []]]);
  // A map is walked in the order of insertion, what is added meanwhile included.
  for (const [at, chain] of chains) {
    if (assignments.leaderCount(at) <= assignments.leaderCount(from) - 2) return chain;
    const handovers = assignments.ledBy(at).flatMap((assigned) => assigned.replicas.map((to): Handover => ({ assigned, to })));
    for (const handover of handovers) {
      if (assignments.isTarget(handover.to) && !chains.has(handover.to)) chains.set(handover.to, [...chain, handover]);
    }
  }
  return null;
}
