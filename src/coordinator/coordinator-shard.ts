/**
 * One partition of a coordinator: drives its pure machine over the log, the timers and the requests.
 *
 * States: INITIAL -> LOADING -> ACTIVE; LOADING or ACTIVE -> FAILED -> LOADING (a new leader epoch, or at once when the log
 * diverged); any -> CLOSED. Requests are taken in ACTIVE only.
 *
 * Invariants: events run one at a time, to their end; what an event brings about (a moved high watermark, a settled write)
 * overtakes requests that already wait; a request token is answered once.
 */

import type { BaseEnv, Logger } from '../../wire/base/env';
import { ErrorCode } from '../../wire/base/error-codes';
import { encodeControlKey, encodeControlValue, type TransactionResult } from '../../wire/record/control-records';
import type { CoordinatorLog } from './coordinator-log';
import { Fifo } from './fifo';
import { operationErrorCode } from './operation-errors';
import { ShardLoader } from './shard-loader';
import type {
  MachineEffect,
  MachineInput,
  RecordCodec,
  RequestCallbacks,
  RequestToken,
  RuntimeConfig,
  ShardMachine,
  ShardState,
  WriteToken,
} from './shard-machine';
import { ShardWriter, type Waiter } from './shard-writer';
import { TimerQueue } from './timer-queue';

export type ShardEnv = Pick<BaseEnv, 'clock' | 'timers' | 'crc32c' | 'logger'>;

export interface TransactionMarker {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
  readonly committed: boolean;
}

export class CoordinatorShard<Request, Response, Timer, StoredRecord> {
  private currentState: ShardState = 'INITIAL';
  /** Null until the first load. */
  private machine: ShardMachine<Request, Response, Timer, StoredRecord> | null = null;
  private writer: ShardWriter<Response, StoredRecord> | null = null;
  private loader: ShardLoader<StoredRecord> | null = null;
  private stopListening: (() => void) | null = null;
  private readonly timerQueue: TimerQueue<Timer>;
  private readonly urgent = new Fifo<() => void>();
  private readonly inbox = new Fifo<() => void>();
  private running = false;
  private readonly requests = new Map<RequestToken, RequestCallbacks<Response>>();
  private nextToken = 1;
  /** NONE, or why the append of the step being performed failed. */
  private stepError: number = ErrorCode.NONE;
  private readonly logger: Logger;

  constructor(
    readonly partition: number,
    private readonly env: ShardEnv,
    private readonly config: RuntimeConfig,
    private readonly codec: RecordCodec<StoredRecord>,
    private readonly log: CoordinatorLog,
    private readonly createMachine: () => ShardMachine<Request, Response, Timer, StoredRecord>,
  ) {
    this.logger = env.logger;
    this.timerQueue = new TimerQueue(env.clock, env.timers, (timer) =>
      this.post(() => this.step({ kind: 'timer', timer })),
    );
  }

  get state(): ShardState {
    return this.currentState;
  }

  /** Requests not answered yet, parked ones included. */
  get openRequests(): number {
    return this.requests.size;
  }

  /** Starts loading; for a shard that is new or has failed. */
  load(): void {
    this.currentState = 'LOADING';
    const machine = this.createMachine();
    this.machine = machine;
    const { env, codec, log } = this;
    this.loader = new ShardLoader(
      env,
      env.crc32c,
      this.logger,
      log,
      codec,
      this.config.loadBufferBytes,
      {
        replay: (record, offset, producerId) => machine.replay(record, offset, producerId, env.clock.wallMs(), null),
        replayMarker: (producerId, committed) => machine.replayEndTransactionMarker(producerId, committed, null),
      },
      (failure) => this.post(() => this.loaded(failure)),
    );
    this.loader.start();
  }

  /** Ends in exactly one of the callbacks: in this turn, or when the machine answers. */
  submit(request: Request, callbacks: RequestCallbacks<Response>): void {
    this.post(() => {
      const refusal = this.refusal();
      if (refusal !== ErrorCode.NONE) return callbacks.fail(refusal);
      const token = this.nextToken++;
      this.requests.set(token, callbacks);
      this.step({ kind: 'request', token, request });
    });
  }

  /** Applies the end of a transaction and appends its marker; `done` hears NONE once that has committed. */
  completeTransaction(marker: TransactionMarker, done: (errorCode: number) => void): void {
    this.post(() => {
      const refusal = this.refusal();
      if (refusal !== ErrorCode.NONE || this.writer === null) return done(refusal);
      const { coordinatorEpoch } = marker;
      const type: TransactionResult = marker.committed ? 'COMMIT' : 'ABORT';
      const key = encodeControlKey(type);
      const value = encodeControlValue({ type, coordinatorEpoch });
      this.writer.appendMarker(
        { key, value, timestampMs: this.env.clock.wallMs() },
        { producerId: marker.producerId, producerEpoch: marker.producerEpoch },
        coordinatorEpoch,
        (undo) => this.machine?.replayEndTransactionMarker(marker.producerId, marker.committed, undo),
        (errorCode) => done(operationErrorCode(errorCode)),
      );
    });
  }

  /** Everything open fails with NOT_COORDINATOR; the shard is of no more use. */
  close(): void {
    this.post(() => {
      if (this.currentState === 'CLOSED') return;
      this.halt();
      this.currentState = 'CLOSED';
    });
  }

  private refusal(): number {
    switch (this.currentState) {
      case 'ACTIVE':
        return ErrorCode.NONE;
      case 'LOADING':
        return ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;
      default:
        return ErrorCode.NOT_COORDINATOR;
    }
  }

  private loaded(failure: string | null): void {
    if (this.currentState !== 'LOADING') return;
    this.loader = null;
    if (failure !== null) {
      this.logger.error('A coordinator partition could not be loaded', { partition: this.partition, failure });
      this.currentState = 'FAILED';
      return;
    }
    const { env, config, codec, log } = this;
    this.writer = new ShardWriter<Response, StoredRecord>(env, env.crc32c, config, codec, log, {
      replay: (record, offset, producerId, undo) =>
        this.machine?.replay(record, offset, producerId, env.clock.wallMs(), undo),
      settled: (waiters, errorCode) => this.postUrgent(() => this.settle(waiters, errorCode)),
      flushDue: () => this.post(() => this.writer?.flush()),
      diverged: (why) => this.postUrgent(() => this.reload(why)),
    });
    this.stopListening = log.onHighWatermark((highWatermark) =>
      this.postUrgent(() => this.writer?.highWatermarkMoved(highWatermark)),
    );
    this.currentState = 'ACTIVE';
    this.step({ kind: 'loaded' });
  }

  private reload(why: string): void {
    if (this.currentState !== 'ACTIVE') return;
    this.logger.error('A coordinator partition is loaded again', { partition: this.partition, why });
    this.halt();
    this.currentState = 'FAILED';
    this.load();
  }

  /** Stops what runs and fails whoever waits. */
  private halt(): void {
    this.stopListening?.();
    this.stopListening = null;
    this.loader?.cancel();
    this.loader = null;
    if (this.currentState === 'ACTIVE') this.step({ kind: 'unloaded' });
    this.timerQueue.clear();
    const writer = this.writer;
    this.writer = null;
    writer?.close(ErrorCode.NOT_COORDINATOR);
    for (const token of [...this.requests.keys()]) this.fail(token, ErrorCode.NOT_COORDINATOR);
  }

  private step(input: MachineInput<Request, Timer>): void {
    if (this.currentState !== 'ACTIVE' || this.machine === null) return;
    const effects: MachineEffect<Response, Timer, StoredRecord>[] = [];
    this.machine.step(input, this.env.clock.wallMs(), effects);
    this.stepError = ErrorCode.NONE;
    for (const effect of effects) this.perform(effect);
  }

  private perform(effect: MachineEffect<Response, Timer, StoredRecord>): void {
    switch (effect.kind) {
      case 'respond':
        return this.respond(effect.token, effect.response);
      case 'fail':
        return this.fail(effect.token, effect.errorCode);
      case 'respondWhenCommitted':
        return this.wait({ ...effect, kind: 'respond' });
      case 'failUnlessCommitted':
        return this.wait({ kind: 'guard', token: effect.token });
      case 'startTimer':
        return this.timerQueue.set(effect.key, effect.delayMs, effect.timer);
      case 'cancelTimer':
        return this.timerQueue.cancel(effect.key);
      case 'log':
        return this.logger[effect.level](effect.message, { partition: this.partition });
      case 'append':
        if (effect.records.length > 0 && this.writer !== null) {
          const errorCode = this.writer.append(effect, this.env.clock.wallMs());
          if (errorCode !== ErrorCode.NONE) this.stepError = errorCode;
        }
        if (effect.write !== null) this.wait({ kind: 'write', write: effect.write });
    }
  }

  /** What follows a failed append in the same step fails with it. */
  private wait(waiter: Waiter<Response>): void {
    if (this.stepError === ErrorCode.NONE && this.writer !== null) return this.writer.wait(waiter);
    const errorCode = this.writer === null ? ErrorCode.NOT_COORDINATOR : this.stepError;
    this.postUrgent(() => this.settle([waiter], errorCode));
  }

  private settle(waiters: readonly Waiter<Response>[], errorCode: number): void {
    for (const waiter of waiters) this.settleOne(waiter, errorCode);
  }

  private settleOne(waiter: Waiter<Response>, errorCode: number): void {
    const isCommitted = errorCode === ErrorCode.NONE;
    switch (waiter.kind) {
      case 'call':
        return waiter.done(errorCode);
      case 'write':
        return this.step(isCommitted ? { kind: 'written', write: waiter.write } : writeFailed(waiter.write, errorCode));
      case 'respond':
        if (isCommitted || (waiter.evenIfLate && errorCode === ErrorCode.REQUEST_TIMED_OUT)) {
          return this.respond(waiter.token, waiter.response);
        }
        return this.fail(waiter.token, operationErrorCode(errorCode));
      case 'guard':
        if (!isCommitted) this.fail(waiter.token, operationErrorCode(errorCode));
    }
  }

  private respond(token: RequestToken, response: Response): void {
    const callbacks = this.requests.get(token);
    if (callbacks === undefined) return;
    this.requests.delete(token);
    callbacks.respond(response);
  }

  private fail(token: RequestToken, errorCode: number): void {
    const callbacks = this.requests.get(token);
    if (callbacks === undefined) return;
    this.requests.delete(token);
    callbacks.fail(errorCode);
  }

  private post(event: () => void): void {
    this.inbox.push(event);
    this.drain();
  }

  private postUrgent(event: () => void): void {
    this.urgent.push(event);
    this.drain();
  }

  private drain(): void {
    if (this.running) return;
    this.running = true;
    try {
      for (;;) {
        const event = this.urgent.shift() ?? this.inbox.shift();
        if (event === undefined) return;
        event();
      }
    } finally {
      this.running = false;
    }
  }
}

function writeFailed(write: WriteToken, errorCode: number) {
  const isStored = errorCode === ErrorCode.REQUEST_TIMED_OUT;
  return { kind: 'writeFailed', write, errorCode: operationErrorCode(errorCode), isStored } as const;
}
