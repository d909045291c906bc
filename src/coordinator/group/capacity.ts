/** group.max.size. Pure. */

import type { ClassicGroup } from './classic-group';

/**
 * Whether `memberId` may join. While members gather, those who are parked count, not those who were there before: a group
 * over a limit that was lowered then loses whoever comes last.
 */
export function hasRoomFor(group: ClassicGroup, memberId: string, maxSize: number): boolean {
  switch (group.state) {
    case 'PreparingRebalance':
      return group.members.get(memberId)?.isAwaitingJoin === true || group.awaitingJoin < maxSize;
    case 'CompletingRebalance':
    case 'Stable':
      return group.members.has(memberId) || group.members.size < maxSize;
    default:
      return true;
  }
}
