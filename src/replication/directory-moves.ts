/**
 * Replicas that move between the log directories of this broker (KIP-113, KIP-858).
 *
 * States of a move: copying; asked (the controller is to know the new directory first, since else a failure of it would pass
 * unseen); finishing (it knows: the last records are copied, everything is synced, and the copy takes the log's place in one
 * turn); stuck (its bytes cannot be read: the move waits for another request).
 *
 * Invariants: one log is copied at a time, a bounded piece per turn; until the copy has taken its place the replica is the
 * log that it was, whatever becomes of the copy; who gives a move up tells the controller the old directory again.
 */
import type { LogManager } from '../../log/log-manager';
import { LogStorageError } from '../../log/log-error';
import type { PartitionLog } from '../../log/partition-log';
import type { BaseEnv, Logger, TimerHandle } from '../../wire/base/env';
import { align, appendCopied, bytesLeft, copyRest, readNext } from './local-copy';
import type { Partition } from './partition';
import { ReplicationQuotaCore, type QuotaWindow } from './replication-quota-core';

export interface MoveThrottle {
  readonly window: QuotaWindow;
  /** replica.alter.log.dirs.io.max.bytes.per.second */
  rate(): number;
}

export interface DirectoryMovesParts {
  readonly env: Pick<BaseEnv, 'clock' | 'timers' | 'crc32c'>;
  readonly logger: Logger;
  readonly logs: LogManager;
  readonly throttle: MoveThrottle;
  /** replica.fetch.max.bytes: the piece that is copied at a time. */
  readonly chunkBytes: number;
  /** Undefined when there is no controller that would have to know. */
  directoryIdOf(path: string): string | undefined;
  /** The controller is to know that the replica is, or will be, where `log` is. */
  assign(partition: Partition, log: PartitionLog): void;
  /** The partition has another log. */
  replaced(partition: Partition): void;
}

/** A replica as the metadata has it. */
export interface PlacedReplica {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  /** The id of the directory in which the metadata believes the replica here to lie; null when it says nothing. */
  readonly directory?: string | null;
}

interface Move {
  readonly partition: Partition;
  readonly future: PartitionLog;
  state: 'copying' | 'asked' | 'finishing' | 'stuck';
  /** The end that the log had a moment ago has been copied: a busy log is never all copied. */
  isNear: boolean;
  notBeforeMs: number;
}

/** What may be copied in the turn in which the copy takes over. */
const REST_BYTES = 256 * 1024;
/** After a full disk. */
const RETRY_MS = 1000;

export class DirectoryMoves {
  private readonly moves = new Map<string, Move>();
  private readonly quota: ReplicationQuotaCore;
  private buffer: Uint8Array | null = null;
  private isBusy = false;
  private isPlanned = false;
  private isClosed = false;
  private timer: TimerHandle | null = null;

  constructor(private readonly parts: DirectoryMovesParts) {
    this.quota = new ReplicationQuotaCore(parts.throttle.window);
  }

  get size(): number {
    return this.moves.size;
  }

  /** Where the replica is on its way to; null when it stays. */
  destinationOf({ key }: Partition): string | null {
    return this.moves.get(key)?.future.parentDirectory ?? null;
  }

  /** The log whose directory the controller is to know: the future one from the time at which it is asked. */
  toBeRegistered(partition: Partition): PartitionLog {
    const move = this.moves.get(partition.key);
    return move === undefined || move.state === 'copying' || move.state === 'stuck' ? partition.log : move.future;
  }

  /**
   * Before the replica's log is opened: of a move that a former process has begun. A copy of another log goes; one whose
   * original is lost is the replica, if the metadata has it there. Throws LogStorageError.
   */
  settle({ topic, topicId, partition, directory }: PlacedReplica): void {
    const { logs } = this.parts;
    const topicPartition = { topic, partition };
    const future = logs.futures.get(topicPartition);
    if (future === undefined) return;
    const original = logs.get(topic, partition);
    const isSame = future.topicId === topicId && future.parentDirectory !== original?.parentDirectory;
    const isReplica = original === undefined && directory === this.parts.directoryIdOf(future.parentDirectory);
    if (!isSame || (original === undefined && !isReplica)) logs.futures.remove(topicPartition);
    else if (isReplica) logs.promoteFuture(topicPartition);
  }

  /** Begins, or goes on where a former process stopped. */
  begin(partition: Partition, future: PartitionLog): void {
    this.parts.logger.info(`${partition.key} moves from ${partition.log.parentDirectory} to ${future.parentDirectory}`);
    this.moves.set(partition.key, { partition, future, state: 'copying', isNear: false, notBeforeMs: -Infinity });
    this.stepSoon();
  }

  /** Gives the move up; the copy goes, and the replica stays where it is. */
  cancel(partition: Partition): void {
    this.drop(partition, () => this.parts.logs.futures.remove(partition.log.topicPartition));
  }

  private drop(partition: Partition, putAway: () => void): void {
    const move = this.moves.get(partition.key);
    if (move === undefined) return;
    this.moves.delete(partition.key);
    this.parts.logger.info(`${partition.key} does not move to ${move.future.parentDirectory} any more`);
    putAway();
    if (move.state === 'asked' || move.state === 'finishing') this.parts.assign(partition, partition.log);
  }

  /** The replica is gone, and its logs with it. */
  removed({ key }: Partition): void {
    this.moves.delete(key);
  }

  /** A directory has failed: what was to go there stays, and what was to leave it cannot any more. Files are left alone. */
  directoryFailed(path: string): void {
    for (const { partition, future } of [...this.moves.values()]) {
      if (future.parentDirectory !== path && partition.log.parentDirectory !== path) continue;
      this.drop(partition, () => this.parts.logs.futures.abandon(partition.log.topicPartition));
    }
  }

  /** The metadata has told where it has the replica. */
  registered(partition: Partition): void {
    const move = this.moves.get(partition.key);
    if (move?.state !== 'asked' || !this.isRegistered(move)) return;
    move.state = 'finishing';
    this.stepSoon();
  }

  private isRegistered({ partition, future }: Move): boolean {
    const id = this.parts.directoryIdOf(future.parentDirectory);
    return id === undefined || partition.registeredDirectory === id;
  }

  close(): void {
    this.isClosed = true;
    this.timer?.cancel();
  }

  private stepSoon(): void {
    if (this.isBusy || this.isPlanned || this.isClosed) return;
    this.isPlanned = true;
    this.parts.env.timers.soon(() => {
      this.isPlanned = false;
      this.step();
    });
  }

  private stepLater(delayMs: number): void {
    this.timer ??= this.parts.env.timers.set(Math.max(1, delayMs), () => {
      this.timer = null;
      this.step();
    });
  }

  private step(): void {
    if (this.isBusy || this.isClosed) return;
    const nowMs = this.parts.env.clock.monotonicMs();
    const move = this.next(nowMs);
    if (move === null) return;
    const rate = this.parts.throttle.rate();
    if (this.quota.isExceeded(rate, nowMs)) return this.stepLater(this.quota.waitMs(rate, nowMs));
    this.guarded(move, () => this.advance(move));
    this.stepSoon();
  }

  /** Those that are nearly there first, then those that have begun first. */
  private next(nowMs: number): Move | null {
    let dueMs = Infinity;
    let next: Move | null = null;
    for (const move of this.moves.values()) {
      if (move.state === 'asked' || move.state === 'stuck') continue;
      if (move.notBeforeMs > nowMs) dueMs = Math.min(dueMs, move.notBeforeMs);
      else if (move.state === 'finishing') return move;
      else next ??= move;
    }
    if (next === null && dueMs < Infinity) this.stepLater(dueMs - nowMs);
    return next;
  }

  private isCurrent(move: Move): boolean {
    return !this.isClosed && this.moves.get(move.partition.key) === move;
  }

  /** A directory that has failed has ended the move by then; one that is full may have room later. */
  private guarded(move: Move, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof LogStorageError)) throw error;
      if (!this.isCurrent(move)) return;
      this.parts.logger.warn(`${move.partition.key} does not move on for now: ${error.message}`);
      move.notBeforeMs = this.parts.env.clock.monotonicMs() + RETRY_MS;
    }
  }

  private advance(move: Move): void {
    const { partition, future } = move;
    align(partition.log, future);
    const left = bytesLeft(partition.log, future);
    if (left > 0 && !(move.isNear && left <= REST_BYTES)) return this.copyPiece(move);
    if (move.state === 'finishing') return this.flushMost(move);
    move.state = 'asked';
    if (this.isRegistered(move)) move.state = 'finishing';
    else this.parts.assign(partition, future);
  }

  private copyPiece(move: Move): void {
    const { partition, future } = move;
    const from = partition.log;
    this.buffer ??= new Uint8Array(this.parts.chunkBytes);
    const { logEndOffset, generation } = future;
    const { generation: fromGeneration, logEndOffset: endOffset } = from;
    this.isBusy = true;
    const read = (bytes: Uint8Array | null): void => {
      this.isBusy = false;
      const isSame = from.generation === fromGeneration && future.generation === generation && future.logEndOffset === logEndOffset;
      if (bytes !== null && isSame && this.isCurrent(move)) this.guarded(move, () => this.take(move, bytes, endOffset));
      this.stepSoon();
    };
    try {
      readNext(from, future, this.buffer, read);
    } catch (error) {
      this.isBusy = false;
      throw error;
    }
  }

  private take(move: Move, bytes: Uint8Array, endOffset: number): void {
    const { partition, future } = move;
    const problem = appendCopied(partition.log, future, bytes, this.parts.env.crc32c);
    this.quota.record(bytes.length, this.parts.env.clock.monotonicMs());
    if (problem !== null) return this.giveUp(move, problem);
    move.isNear = future.logEndOffset >= endOffset;
  }

  private giveUp(move: Move, problem: string): void {
    const { key, log } = move.partition;
    const advice = `Another AlterReplicaLogDirs that names ${log.parentDirectory} takes the move back.`;
    this.parts.logger.error(`${key} cannot be copied to ${move.future.parentDirectory}: ${problem}. ${advice}`);
    const wasAsked = move.state === 'finishing';
    move.state = 'stuck';
    if (wasAsked) this.parts.assign(move.partition, log);
  }

  /** Off the loop, so that little is left to be synced in the turn in which the copy takes over. */
  private flushMost(move: Move): void {
    this.isBusy = true;
    move.future.flush((error) => {
      this.isBusy = false;
      if (error === null && this.isCurrent(move) && move.state === 'finishing') this.guarded(move, () => this.takeOver(move));
      this.stepSoon();
    });
  }

  private takeOver(move: Move): void {
    const { partition, future } = move;
    const { log } = partition;
    align(log, future);
    if (bytesLeft(log, future) > REST_BYTES) return;
    const problem = copyRest(log, future, this.parts.env.crc32c);
    if (problem !== null) return this.giveUp(move, problem);
    const promoted = this.parts.logs.promoteFuture(log.topicPartition);
    if (promoted === undefined) return;
    this.moves.delete(partition.key);
    this.parts.logger.info(`${partition.key} has moved from ${log.parentDirectory} to ${promoted.parentDirectory}`);
    partition.replaceLog(promoted);
    this.parts.replaced(partition);
  }
}
