/**
 * The partitions of one internal topic that this broker coordinates: elections, resignations, and the way to the right shard.
 *
 * A partition is known by the leader epoch that elected it. An election with a larger epoch keeps the state of a shard that is
 * loading or active (only its log could have lost it), and loads a failed one again.
 */

import { ErrorCode } from '../../wire/base/error-codes';
import type { CoordinatorLog } from './coordinator-log';
import { CoordinatorShard, type ShardEnv, type TransactionMarker } from './coordinator-shard';
import { coordinatorPartition } from './java-hash';
import type { RecordCodec, RequestCallbacks, RuntimeConfig, ShardMachine, ShardState } from './shard-machine';

interface Led<Request, Response, Timer, StoredRecord> {
  leaderEpoch: number;
  readonly shard: CoordinatorShard<Request, Response, Timer, StoredRecord>;
}

export class CoordinatorRuntime<Request, Response, Timer, StoredRecord> {
  private readonly led = new Map<number, Led<Request, Response, Timer, StoredRecord>>();
  private partitions = 0;
  private serving = false;

  constructor(
    private readonly env: ShardEnv,
    private readonly config: RuntimeConfig,
    private readonly codec: RecordCodec<StoredRecord>,
    private readonly createMachine: (partition: number) => ShardMachine<Request, Response, Timer, StoredRecord>,
  ) {}

  /** From here on requests are served. `partitions` is the internal topic's number of partitions. */
  start(partitions: number): void {
    this.partitions = partitions;
    this.serving = true;
  }

  /** Fails everything open; requests get COORDINATOR_NOT_AVAILABLE from here on. */
  stop(): void {
    this.serving = false;
    for (const { shard } of this.led.values()) shard.close();
    this.led.clear();
  }

  get isServing(): boolean {
    return this.serving;
  }

  /** The partition that `key` (a group id) belongs to. Before `start` there is none: -1. */
  partitionOf(key: string): number {
    return this.partitions === 0 ? -1 : coordinatorPartition(key, this.partitions);
  }

  /** The partitions coordinated here, whatever their state. */
  get partitionsLed(): readonly number[] {
    return [...this.led.keys()];
  }

  stateOf(partition: number): ShardState {
    return this.led.get(partition)?.shard.state ?? 'CLOSED';
  }

  /** This broker leads `partition` at `leaderEpoch`. Not newer than what is known: nothing happens. */
  elected(partition: number, leaderEpoch: number, log: CoordinatorLog): void {
    const known = this.led.get(partition);
    if (known !== undefined && leaderEpoch <= known.leaderEpoch) return;
    if (known !== undefined) {
      known.leaderEpoch = leaderEpoch;
      if (known.shard.state === 'FAILED') known.shard.load();
      return;
    }
    const { env, config, codec } = this;
    const shard = new CoordinatorShard(partition, env, config, codec, log, () => this.createMachine(partition));
    this.led.set(partition, { leaderEpoch, shard });
    shard.load();
  }

  /** This broker leads `partition` no more; `leaderEpoch` null: the partition was deleted. An older epoch is ignored. */
  resigned(partition: number, leaderEpoch: number | null): void {
    const known = this.led.get(partition);
    if (known === undefined || (leaderEpoch !== null && leaderEpoch <= known.leaderEpoch)) return;
    this.led.delete(partition);
    known.shard.close();
  }

  submit(partition: number, request: Request, callbacks: RequestCallbacks<Response>): void {
    const refusal = this.refusal(partition);
    if (refusal !== ErrorCode.NONE) return callbacks.fail(refusal);
    this.led.get(partition)?.shard.submit(request, callbacks);
  }

  completeTransaction(partition: number, marker: TransactionMarker, done: (errorCode: number) => void): void {
    const refusal = this.refusal(partition);
    if (refusal !== ErrorCode.NONE) return done(refusal);
    this.led.get(partition)?.shard.completeTransaction(marker, done);
  }

  private refusal(partition: number): number {
    if (!this.serving) return ErrorCode.COORDINATOR_NOT_AVAILABLE;
    return this.led.has(partition) ? ErrorCode.NONE : ErrorCode.NOT_COORDINATOR;
  }
}
