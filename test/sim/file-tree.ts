/**
 * Names in the simulated file system. A change of a name (create, rename, unlink) is seen at once and survives a loss of
 * power for sure only when a sync of its directory followed; a rename is one change, whole or not at all.
 */

import { DiskError } from '../../log/disk';
import { DirectoryNode, FileNode } from './inode';
import type { Node } from './inode';

/** Past this many pending changes the older half reaches the platter by itself. */
const WRITE_BACK_CHANGES = 4096;

export interface EntryChange {
  readonly directory: DirectoryNode;
  readonly name: string;
  readonly after: Node | null;
}

/** What survives or is lost as one. */
export type NameChange = readonly EntryChange[];

export interface Place {
  readonly directory: DirectoryNode;
  readonly name: string;
}

export class FileTree {
  root = new DirectoryNode(0);
  pending: NameChange[] = [];
  private settled = 0;
  private nodeCount = 1;

  /** The history of names so far: what a directory sync that starts now covers. */
  get mark(): number {
    return this.settled + this.pending.length;
  }

  /** The node at `path` in the page cache, or null. */
  find(path: string): Node | null {
    return this.walk(path, (directory) => directory.current);
  }

  /** The node that `path` would lead to after a loss of power now, pending changes all lost; null when there is none. */
  findDurable(path: string): Node | null {
    return this.walk(path, (directory) => directory.durable);
  }

  file(path: string): FileNode {
    const node = this.find(path);
    if (node === null) throw new DiskError('ENOENT', path, `no such file: ${path}`);
    if (node.isDirectory) throw new DiskError('OTHER', path, `is a directory: ${path}`);
    return node;
  }

  directory(path: string): DirectoryNode {
    const node = this.find(path);
    if (node === null) throw new DiskError('ENOENT', path, `no such directory: ${path}`);
    if (!node.isDirectory) throw new DiskError('ENOTDIR', path, `not a directory: ${path}`);
    return node;
  }

  /** Where `path`'s own entry lies. Throws when its parent is missing. */
  place(path: string): Place {
    const parts = partsOf(path);
    const name = parts.at(-1);
    if (name === undefined) throw new DiskError('EEXIST', path, 'the root has no entry');
    return { directory: this.directory(parts.slice(0, -1).join('/')), name };
  }

  createFile(path: string): FileNode {
    const node = new FileNode(this.nodeCount++);
    this.change([{ ...this.place(path), after: node }]);
    return node;
  }

  makeDirectories(path: string): void {
    let directory = this.root;
    for (const name of partsOf(path)) {
      let node = directory.current.get(name);
      if (node === undefined) {
        node = new DirectoryNode(this.nodeCount++);
        this.change([{ directory, name, after: node }]);
      }
      if (!node.isDirectory) throw new DiskError('ENOTDIR', path, `not a directory: ${path}`);
      directory = node;
    }
  }

  rename(from: string, to: string): void {
    const source = this.place(from);
    const target = this.place(to);
    const node = source.directory.current.get(source.name);
    if (node === undefined) throw new DiskError('ENOENT', from, `no such file: ${from}`);
    const replaced = target.directory.current.get(target.name);
    if (replaced === node) return;
    if (replaced !== undefined && (replaced.isDirectory !== node.isDirectory || !isEmpty(replaced))) {
      throw new DiskError(node.isDirectory ? 'OTHER' : 'EEXIST', to, `cannot replace ${to}`);
    }
    this.change([
      { ...source, after: null },
      { ...target, after: node },
    ]);
  }

  remove(path: string, wantDirectory: boolean): void {
    const place = this.place(path);
    const node = place.directory.current.get(place.name);
    if (node === undefined) throw new DiskError('ENOENT', path, `no such file: ${path}`);
    if (node.isDirectory !== wantDirectory) {
      throw new DiskError(wantDirectory ? 'ENOTDIR' : 'OTHER', path, `${wantDirectory ? 'not' : 'is'} a directory: ${path}`);
    }
    if (!isEmpty(node)) throw new DiskError('OTHER', path, `directory not empty: ${path}`);
    this.change([{ ...place, after: null }]);
  }

  /** Makes the changes of `directory` before `mark` durable, and what they build on. */
  settle(directory: DirectoryNode, mark: number): void {
    const count = Math.max(0, mark - this.settled);
    const names = new NameSet();
    const chosen = new Set<number>();
    // Backwards: a change drags along every earlier one of the same names, else those would undo it later.
    for (let i = count - 1; i >= 0; i--) {
      const change = this.pending[i]!;
      if (!change.some((entry) => entry.directory === directory || names.has(entry))) continue;
      chosen.add(i);
      for (const entry of change) names.add(entry);
    }
    // Settled changes in the middle become empty ones, so that marks stay good.
    for (let i = 0; i < count; i++) {
      if (!chosen.has(i)) continue;
      this.applyDurable(this.pending[i]!);
      this.pending[i] = [];
    }
    this.dropSettledPrefix();
  }

  applyDurable(change: NameChange): void {
    for (const { directory, name, after } of change) {
      const before = directory.durable.get(name);
      if (before !== undefined) before.durableNames--;
      if (after === null) directory.durable.delete(name);
      else directory.durable.set(name, after);
      directory.namesChanged('durable');
      if (after !== null) after.durableNames++;
    }
  }

  /** The power is back: the durable names are the only ones. Returns every file that can still be reached. */
  reload(): FileNode[] {
    this.settled += this.pending.length;
    this.pending = [];
    const files: FileNode[] = [];
    const visit = (directory: DirectoryNode): void => {
      directory.current.clear();
      directory.namesChanged('current');
      for (const [name, node] of directory.durable) {
        directory.current.set(name, node);
        node.names = node.durableNames;
        if (node.isDirectory) visit(node);
        else files.push(node);
      }
    };
    visit(this.root);
    return files;
  }

  private change(change: NameChange): void {
    for (const { directory, name, after } of change) {
      const before = directory.current.get(name);
      if (before !== undefined) before.names--;
      if (after === null) directory.current.delete(name);
      else directory.current.set(name, after);
      directory.namesChanged('current');
      if (after !== null) after.names++;
    }
    this.pending.push(change);
    if (this.pending.length > WRITE_BACK_CHANGES) this.writeBack(WRITE_BACK_CHANGES / 2);
  }

  private writeBack(count: number): void {
    for (const change of this.pending.splice(0, count)) this.applyDurable(change);
    this.settled += count;
  }

  private dropSettledPrefix(): void {
    let count = 0;
    while (count < this.pending.length && this.pending[count]!.length === 0) count++;
    this.pending.splice(0, count);
    this.settled += count;
  }

  private walk(path: string, entries: (directory: DirectoryNode) => ReadonlyMap<string, Node>): Node | null {
    let node: Node = this.root;
    for (const name of partsOf(path)) {
      const next: Node | undefined = node.isDirectory ? entries(node).get(name) : undefined;
      if (next === undefined) return null;
      node = next;
    }
    return node;
  }
}

class NameSet {
  private readonly names = new Map<DirectoryNode, Set<string>>();

  has(entry: EntryChange): boolean {
    return this.names.get(entry.directory)?.has(entry.name) === true;
  }

  add(entry: EntryChange): void {
    const known = this.names.get(entry.directory);
    if (known === undefined) this.names.set(entry.directory, new Set([entry.name]));
    else known.add(entry.name);
  }
}

function isEmpty(node: Node): boolean {
  return !node.isDirectory || node.current.size === 0;
}

/** Paths whose parts are remembered: a process uses the same few over and over. */
const MAX_KNOWN_PATHS = 4096;
const knownParts = new Map<string, readonly string[]>();

/** The names of a path; '.' and empty ones do not count. */
export function partsOf(path: string): readonly string[] {
  const known = knownParts.get(path);
  if (known !== undefined) return known;
  if (knownParts.size >= MAX_KNOWN_PATHS) knownParts.clear();
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  knownParts.set(path, parts);
  return parts;
}
