/**
 * States of a classic group. Pure.
 *
 * Empty -> PreparingRebalance -> CompletingRebalance -> Stable; from the last two back to PreparingRebalance, and from there
 * to Empty when all members are gone. Dead only when the partition goes to another broker.
 */

export type ClassicGroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead';

const PREVIOUS: Readonly<Record<ClassicGroupState, readonly ClassicGroupState[]>> = {
  Empty: ['PreparingRebalance'],
  PreparingRebalance: ['Stable', 'CompletingRebalance', 'Empty'],
  CompletingRebalance: ['PreparingRebalance'],
  Stable: ['CompletingRebalance'],
  Dead: ['Stable', 'PreparingRebalance', 'CompletingRebalance', 'Empty', 'Dead'],
};

export function isTransition(from: ClassicGroupState, to: ClassicGroupState): boolean {
  return PREVIOUS[to].includes(from);
}
