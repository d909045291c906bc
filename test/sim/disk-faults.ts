/**
 * What goes wrong with a simulated disk, and how long it takes. Rules are data; chance comes from the disk's own stream.
 */

import type { DiskErrorCode } from '../../log/disk';
import type { SimRandom } from './random';

export type DiskOperation =
  | 'open'
  | 'read'
  | 'write'
  | 'truncate'
  | 'sync'
  | 'rename'
  | 'unlink'
  | 'makeDirectory'
  | 'removeDirectory'
  | 'syncDirectory';

export interface DiskFault {
  readonly operation: DiskOperation | 'any';
  readonly code: DiskErrorCode;
  /** Which paths; all when left out. */
  readonly matches?: (path: string) => boolean;
  /** How many matching operations pass unharmed first. Default 0. */
  readonly skip?: number;
  /** How many fail then. Default 1; Infinity for ever. */
  readonly times?: number;
  /** Chance that one that could fail does. Default 1. */
  readonly probability?: number;
}

interface ActiveFault {
  readonly fault: DiskFault;
  skip: number;
  left: number;
}

export class DiskFaults {
  private active: ActiveFault[] = [];
  /** How many operations failed by a rule. */
  struck = 0;

  constructor(private readonly random: SimRandom) {}

  /** Adds a rule; the returned function removes it. */
  add(fault: DiskFault): () => void {
    const active = { fault, skip: fault.skip ?? 0, left: fault.times ?? 1 };
    this.active.push(active);
    return () => {
      this.active = this.active.filter((other) => other !== active);
    };
  }

  /** Whether a rule may still strike. */
  get isArmed(): boolean {
    return this.active.some(({ left }) => left > 0);
  }

  clear(): void {
    this.active = [];
  }

  /** The failure of this operation, or null. Uses up the rule that struck. */
  strike(operation: DiskOperation, path: string): DiskErrorCode | null {
    for (const active of this.active) {
      const { fault } = active;
      if (fault.operation !== 'any' && fault.operation !== operation) continue;
      if (active.left <= 0 || fault.matches?.(path) === false) continue;
      if (active.skip > 0) {
        active.skip--;
        continue;
      }
      if (fault.probability !== undefined && !this.random.chance(fault.probability)) continue;
      active.left--;
      this.struck++;
      return fault.code;
    }
    return null;
  }
}

/** [least, most] milliseconds. */
export type Delay = readonly [number, number];

/** How long operations take. Asynchronous ones complete later; blocking ones hold up their process's event loop. */
export interface DiskDelays {
  read: Delay;
  write: Delay;
  sync: Delay;
  blockingRead: Delay;
  blockingWrite: Delay;
  blockingSync: Delay;
}

export function usualDelays(): DiskDelays {
  return {
    read: [0.02, 0.3],
    write: [0.02, 0.3],
    sync: [0.2, 4],
    blockingRead: [0, 0],
    blockingWrite: [0, 0],
    blockingSync: [0, 0],
  };
}
