/** One partition's part in the engine, and what the engine's two sides ask of it. */
import type { TimerHandle } from '../../wire/base/env';
import type { FlowPartition, Trouble } from '../flow/flow-partition';
import type { PartitionCopy } from './partition-copy-core';
import { fetchKey } from './source-fetcher';

export interface Lane {
  readonly copy: PartitionCopy;
  readonly key: string;
  timer: TimerHandle | null;
  /** It is not fetched before. */
  fetchNotBeforeMs: number;
  fetchFailures: number;
  /** The source's leader is being asked for its offsets. */
  isSettling: boolean;
  /** Of the copy, when records were asked for with last. */
  askedGeneration: number;
  /** When the source's metadata first had no such topic; -1: it has. */
  missingSinceMs: number;
  /** What the target's topic was when the copy began; null: not known yet. */
  targetTopicId: string | null;
}

export function newLane(copy: PartitionCopy): Lane {
  return {
    copy,
    key: keyOf(copy.partition),
    timer: null,
    fetchNotBeforeMs: -Infinity,
    fetchFailures: 0,
    isSettling: false,
    askedGeneration: -1,
    missingSinceMs: -1,
    targetTopicId: null,
  };
}

/** What both sides need of the engine. */
export interface Lanes {
  get(key: string): Lane | undefined;
  ofCopy(copy: PartitionCopy): Lane | undefined;
  all(): Iterable<Lane>;
  isCurrent(lane: Lane, generation: number): boolean;
  /** Stops the partition; told once, however often it is tried in vain. */
  stop(lane: Lane, trouble: Trouble): void;
  /** Tells of what goes on and does not stop the partition. */
  tellTrouble(lane: Lane, trouble: Trouble): void;
  recovered(lane: Lane): void;
  tellLag(lane: Lane): void;
  /** Sets the timer for the end of the copy's back-off. */
  wakeLater(lane: Lane): void;
  fetchSoon(lane: Lane): void;
  sendSoon(lane: Lane): void;
  /** Something that was on its way is not any more. */
  settled(): void;
}

/** Failures in a row after which people hear of it. */
export const TOLD_FAILURES = 5;

export function keyOf({ sourceTopicId, partition }: FlowPartition): string {
  return fetchKey(sourceTopicId, partition);
}

/** As people know it: by its name on the target. */
export function nameOf({ targetTopic, partition }: FlowPartition): string {
  return `${targetTopic}-${partition}`;
}

export function refused(errorCode: number, message: string): Trouble {
  return { kind: 'refused', errorCode, message };
}

export function isSameTrouble(a: Trouble | null, b: Trouble): boolean {
  if (a === null || a.kind !== b.kind) return false;
  return a.kind !== 'refused' || b.kind !== 'refused' || a.errorCode === b.errorCode;
}
