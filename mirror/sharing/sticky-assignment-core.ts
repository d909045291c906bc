/**
 * Which process copies which partition: everybody keeps what it has as far as that is fair, and the rest goes to who has
 * least. Pure, and the same answer for the same question whatever the order of members and partitions.
 *
 * Invariants: every partition goes to exactly one member; no two members differ by more than one partition.
 */

/** `owned` by member id: what each says that it copies. Of what two claim, the first in order of the ids keeps it. */
export function stickyAssignment(
  partitions: Iterable<string>,
  owned: ReadonlyMap<string, readonly string[]>,
): Map<string, string[]> {
  const members = [...owned.keys()].sort();
  const assigned = new Map<string, string[]>(members.map((member) => [member, []]));
  if (members.length === 0) return assigned;
  const left = new Set([...partitions].sort());
  const least = Math.floor(left.size / members.length);
  // So many members may have one more than the others; who has most now is asked to give least.
  let extras = left.size % members.length;
  const byHoldings = [...members].sort((a, b) => owned.get(b)!.length - owned.get(a)!.length || (a < b ? -1 : 1));
  for (const member of byHoldings) {
    const kept = assigned.get(member)!;
    for (const partition of owned.get(member)!) {
      if (!left.has(partition)) continue;
      if (kept.length === least && extras === 0) break;
      if (kept.length > least) break;
      if (kept.length === least) extras--;
      kept.push(partition);
      left.delete(partition);
    }
  }
  for (const partition of left) {
    let poorest = members[0]!;
    for (const member of members) if (assigned.get(member)!.length < assigned.get(poorest)!.length) poorest = member;
    assigned.get(poorest)!.push(partition);
  }
  return assigned;
}
