/** The groups of one partition, of every type. Pure. */

import { ClassicGroup } from './classic-group';
import type { Group, GroupType } from './group';

export class GroupRegistry {
  private readonly groups = new Map<string, Group>();

  get size(): number {
    return this.groups.size;
  }

  get(groupId: string): Group | null {
    return this.groups.get(groupId) ?? null;
  }

  /** Null also when a group of another type has the name. */
  classic(groupId: string): ClassicGroup | null {
    const group = this.groups.get(groupId);
    return group instanceof ClassicGroup ? group : null;
  }

  set(group: Group): void {
    this.groups.set(group.groupId, group);
  }

  /** Removes the group with this id; with `type`, only if it is one. Returns what was removed. */
  remove(groupId: string, type?: GroupType): Group | null {
    const group = this.groups.get(groupId);
    if (group === undefined || (type !== undefined && group.type !== type)) return null;
    this.groups.delete(groupId);
    return group;
  }

  all(): IterableIterator<Group> {
    return this.groups.values();
  }
}
