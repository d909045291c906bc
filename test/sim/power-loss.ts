/**
 * What a loss of power leaves of the changes that no sync has covered.
 *
 * 'lost': none. 'kept': all. 'prefix': of each file a prefix of its writes, the last torn at a sector, and of the names a
 * prefix, as a journal commits them. 'subset': some sectors of some writes, and of the names a prefix and those creations
 * behind it whose files were synced (or, without a journal, a subset of the changes). Whatever a sync covered is always there.
 */

import { apply, SECTOR_BYTES } from './inode';
import type { FileChange, FileNode } from './inode';
import type { FileTree, NameChange } from './file-tree';
import type { SimRandom } from './random';

export type LossMode = 'lost' | 'kept' | 'prefix' | 'subset';

const MODES: readonly LossMode[] = ['lost', 'kept', 'prefix', 'subset'];
const WEIGHTS = [2, 1, 4, 3];
/** How often a file comes back with a tail of zeros: its size was written, its data was not. */
const ZERO_TAIL_CHANCE = 0.2;

export function drawLossMode(random: SimRandom): LossMode {
  return MODES[random.weighted(WEIGHTS)]!;
}

/** Applies to the platter what survives of the pending changes of `node`. */
export function loseFileChanges(node: FileNode, mode: LossMode, random: SimRandom): void {
  if (mode === 'kept') node.settle(node.mark);
  else if (mode === 'prefix') keepPrefix(node, random);
  else if (mode === 'subset') keepSubset(node, random);
}

/** Applies to the platter what survives of the pending changes of names; `inAnyOrder` is a file system without a journal. */
export function loseNameChanges(tree: FileTree, mode: LossMode, random: SimRandom, inAnyOrder: boolean): void {
  if (mode === 'lost') return;
  const prefix = random.below(tree.pending.length + 1);
  tree.pending.forEach((change, index) => {
    const mayJump = mode === 'subset' && (inAnyOrder || isSyncedCreation(change));
    const survives = mode === 'kept' || (mayJump ? random.chance(0.5) : index < prefix);
    if (survives) tree.applyDurable(change);
  });
}

/** A journal keeps the order of changes, except that a new file's own sync may have carried its name along. */
function isSyncedCreation(change: NameChange): boolean {
  const created = change.length === 1 ? (change[0]!.after ?? null) : null;
  return created !== null && !created.isDirectory && created.wasSynced;
}

function keepPrefix(node: FileNode, random: SimRandom): void {
  const count = random.below(node.pending.length + 1);
  const torn = node.pending[count];
  const last = node.pending.at(-1);
  node.settle(node.settled + count);
  if (torn?.kind === 'write') keepBeginning(node, torn, random);
  if (last !== undefined && random.chance(ZERO_TAIL_CHANCE)) extendWithZeros(node, last);
}

function keepBeginning(node: FileNode, write: FileChange & { kind: 'write' }, random: SimRandom): void {
  const end = write.position + write.bytes.length;
  const tornAt = Math.floor((write.position + random.below(write.bytes.length + 1)) / SECTOR_BYTES) * SECTOR_BYTES;
  const kept = Math.min(tornAt, end) - write.position;
  if (kept > 0) node.durable.write(write.position, write.bytes.subarray(0, kept));
}

function extendWithZeros(node: FileNode, last: FileChange): void {
  const end = last.kind === 'write' ? last.position + last.bytes.length : last.sizeBytes;
  if (end > node.durable.sizeBytes) node.durable.truncate(end);
}

function keepSubset(node: FileNode, random: SimRandom): void {
  const survival = random.fraction();
  for (const change of node.pending) {
    if (change.kind === 'write') keepSectors(node, change, survival, random);
    else if (random.chance(survival)) apply(node.durable, change);
  }
}

function keepSectors(node: FileNode, write: FileChange & { kind: 'write' }, survival: number, random: SimRandom): void {
  let from = 0;
  while (from < write.bytes.length) {
    const inSector = (write.position + from) % SECTOR_BYTES;
    const to = Math.min(write.bytes.length, from + SECTOR_BYTES - inSector);
    if (random.chance(survival)) node.durable.write(write.position + from, write.bytes.subarray(from, to));
    from = to;
  }
}
