/**
 * The voter set and kraft.version as the log says, with their history. (KIP-853)
 *
 * Invariants: what counts is the last record at or below the log's end, committed or not, so that a change of the voter
 * set decides about its own commitment; truncation takes back what lay above. What a snapshot says has the offset before
 * the snapshot's end: -1 for the 0-0 checkpoint that formatting writes.
 */
import { invariant } from '../../wire/base/invariant';
import type { ReplicaKey } from './replica-key';
import type { VoterSet } from './voter-set';

/** Where records of the 0-0 checkpoint count from. */
export const BOOTSTRAP_OFFSET = -1;

export class History<T> {
  private readonly offsets: number[] = [];
  private readonly values: T[] = [];

  /** `offset` lies above every offset before. */
  add(offset: number, value: T): void {
    invariant(offset > (this.offsets.at(-1) ?? -2), `history goes back to ${offset}`);
    this.offsets.push(offset);
    this.values.push(value);
  }

  get last(): { readonly offset: number; readonly value: T } | null {
    return this.at(Number.MAX_SAFE_INTEGER);
  }

  /** What held once every record below `endOffset` had been read. */
  at(endOffset: number): { readonly offset: number; readonly value: T } | null {
    for (let i = this.offsets.length - 1; i >= 0; i--) {
      const offset = this.offsets[i] as number;
      if (offset < endOffset) return { offset, value: this.values[i] as T };
    }
    return null;
  }

  truncateTo(endOffset: number): void {
    while ((this.offsets.at(-1) ?? BOOTSTRAP_OFFSET - 1) >= endOffset) {
      this.offsets.pop();
      this.values.pop();
    }
  }

  /** Forgets what no question at or above `startOffset` can ask for. */
  dropBefore(startOffset: number): void {
    while (this.offsets.length > 1 && (this.offsets[1] as number) < startOffset) {
      this.offsets.shift();
      this.values.shift();
    }
  }

  clear(): void {
    this.offsets.length = 0;
    this.values.length = 0;
  }
}

export class ControlState {
  readonly voterHistory = new History<VoterSet>();
  readonly kraftVersionHistory = new History<number>();

  /** `staticVoters`: from the configuration, what holds with kraft.version 0. */
  constructor(private readonly staticVoters: VoterSet | null) {}

  /** Null: this node does not know who votes, so it can only watch. */
  get voters(): VoterSet | null {
    return this.voterHistory.last?.value ?? this.staticVoters;
  }

  get kraftVersion(): number {
    return this.kraftVersionHistory.last?.value ?? 0;
  }

  /** The last set has this voter no more, and may not be committed: everything below `committed` is. */
  isLeaving(key: ReplicaKey, committed: number): boolean {
    const { last } = this.voterHistory;
    if (last === null || last.offset < committed || last.value.isVoter(key)) return false;
    return this.voterHistory.at(last.offset)?.value.isVoter(key) ?? false;
  }

  /** True when no record of the log itself has named the voters yet. */
  get votersOnlyFromBootstrap(): boolean {
    const last = this.voterHistory.last;
    return last !== null && last.offset === BOOTSTRAP_OFFSET;
  }

  truncateTo(endOffset: number): void {
    this.voterHistory.truncateTo(endOffset);
    this.kraftVersionHistory.truncateTo(endOffset);
  }

  clear(): void {
    this.voterHistory.clear();
    this.kraftVersionHistory.clear();
  }

  dropBefore(startOffset: number): void {
    this.voterHistory.dropBefore(startOffset);
    this.kraftVersionHistory.dropBefore(startOffset);
  }
}
