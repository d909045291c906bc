/**
 * Lists that many partitions share, each kept once: a cluster has few different replica lists, however many partitions.
 *
 * Invariants: id 0 is the empty list. A list is frozen, so readers get it without a copy. An id is reused once nobody
 * refers to it.
 */
import { invariant } from '../../wire/base/invariant';

export const EMPTY_LIST = 0;

export class ListPool<T extends number | string> {
  private readonly lists: (readonly T[] | null)[] = [Object.freeze([]) as readonly T[]];
  private readonly references: number[] = [1];
  private readonly ids = new Map<string, number>();
  private readonly free: number[] = [];

  get(id: number): readonly T[] {
    const list = this.lists[id];
    invariant(list !== null && list !== undefined, `list ${id} is not in the pool`);
    return list;
  }

  /** The id of a list with these elements in this order; counts one more reference. */
  acquire(list: readonly T[]): number {
    if (list.length === 0) return EMPTY_LIST;
    const key = list.join(',');
    const known = this.ids.get(key);
    if (known !== undefined) {
      this.references[known] = (this.references[known] as number) + 1;
      return known;
    }
    const id = this.free.pop() ?? this.lists.length;
    this.lists[id] = Object.freeze(list.slice());
    this.references[id] = 1;
    this.ids.set(key, id);
    return id;
  }

  release(id: number): void {
    if (id === EMPTY_LIST) return;
    const left = (this.references[id] as number) - 1;
    this.references[id] = left;
    if (left > 0) return;
    this.ids.delete(this.get(id).join(','));
    this.lists[id] = null;
    this.free.push(id);
  }

  /** The ids of the lists that hold `element`, as a set of flags by id. */
  flagsOfListsWith(element: T): Uint8Array {
    const flags = new Uint8Array(this.lists.length);
    this.lists.forEach((list, id) => {
      if (list?.includes(element) === true) flags[id] = 1;
    });
    return flags;
  }

  get size(): number {
    return this.ids.size;
  }

  copy(): ListPool<T> {
    const copy = new ListPool<T>();
    copy.lists.splice(0, copy.lists.length, ...this.lists);
    copy.references.splice(0, copy.references.length, ...this.references);
    for (const [key, id] of this.ids) copy.ids.set(key, id);
    copy.free.push(...this.free);
    return copy;
  }
}
