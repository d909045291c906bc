/**
 * `moldau rebalance`: replicas and leaders even over all live brokers. It prints the plan, or carries it out in bounded
 * portions through AlterPartitionReassignments (KIP-455), or takes back what is under way. With a throttle a portion is as
 * much as may go in a second, and the brokers hold back what is more than that by itself.
 *
 * The cluster itself copies the replicas, and goes on doing so when this command ends; the next portion is asked for only
 * when the one before is there. At the end each partition is led by its preferred leader.
 */
import { ErrorCode, errorName } from '../../wire/base/error-codes';
import { ServerError } from '../../wire/broker-link';
import type { ClusterClient } from '../../wire/cluster-client';
import { type BatchLimits, batchesOf, pauseMs } from './batches-core';
import { ClusterReader, type ClusterView, keyOf, type OngoingPartition, type Sleep } from './cluster-view';
import { type Move, planMoves } from './plan-core';
import { brokerTable, bytesText, costLines, durationText, moveLine } from './report';
import { Throttle, topicsIn } from './throttle';

export type RebalanceAction = 'dry-run' | 'execute' | 'cancel';

export interface RebalanceOptions {
  readonly action: RebalanceAction;
  /** Bytes a second on average; null for as fast as it goes. */
  readonly throttle: number | null;
  /** Brokers that are to have nothing; those that are gone must be named here. */
  readonly drained: readonly number[];
  readonly limits?: BatchLimits;
}

export interface RebalancePorts {
  readonly client: ClusterClient;
  readonly sleep: Sleep;
  monotonicMs(): number;
  print(line: string): void;
}

/** The message says what is to be done. */
export class RebalanceError extends Error {
  override readonly name = 'RebalanceError';
}

const LIMITS: BatchLimits = { maxPartitions: 10, maxBytes: 1_000_000_000 };
/** With a throttle a portion is as much as may go in so many seconds, unless a single partition is more. */
const THROTTLED_SECONDS = 1;
const TIMEOUT_MS = 30_000;
const LOOK_MS = 200;
const PROGRESS_MS = 5000;
const PREFERRED = 0;

export class Rebalance {
  private readonly reader: ClusterReader;
  private readonly limits: BatchLimits;
  private readonly throttle: Throttle;

  constructor(
    private readonly options: RebalanceOptions,
    private readonly ports: RebalancePorts,
  ) {
    this.reader = new ClusterReader(ports.client, ports.sleep);
    this.throttle = new Throttle(ports.client, (call) => this.reader.tried(call));
    const { maxPartitions, maxBytes } = options.limits ?? LIMITS;
    this.limits = { maxPartitions, maxBytes: Math.min(maxBytes, (options.throttle ?? Infinity) * THROTTLED_SECONDS) };
  }

  /** Throws RebalanceError, ServerError or ExchangeError. */
  async run(): Promise<void> {
    if (this.options.action === 'cancel') return this.cancel();
    const ongoing = await this.reader.ongoing();
    if (ongoing.length > 0) {
      throw new RebalanceError(`${ongoing.length} partitions are being moved already (${keyOf(ongoing[0] ?? NOWHERE)}): wait, or take them back with --cancel.`);
    }
    const view = await this.reader.measured();
    const moves = this.plan(view);
    this.printPlan(view, moves);
    if (this.options.action === 'dry-run') return;
    await this.clearLeftThrottles(view);
    await this.throttled(moves, view, () => this.execute(moves));
    await this.electPreferred();
  }

  private plan({ brokers, partitions }: ClusterView): readonly Move[] {
    const { drained } = this.options;
    const live = new Set(brokers.map(({ id }) => id));
    const gone = [...new Set(partitions.flatMap(({ replicas }) => replicas))].filter((id) => !live.has(id) && !drained.includes(id));
    if (gone.length > 0) {
      throw new RebalanceError(`Broker ${gone.join(', ')} has replicas and is not there: start it, or move them off it for good with --drain ${gone[0] ?? ''}.`);
    }
    const targets = brokers.filter(({ id }) => !drained.includes(id));
    if (targets.length === 0) throw new RebalanceError('No broker is left to move anything to.');
    return planMoves(targets, partitions);
  }

  private printPlan({ brokers, partitions }: ClusterView, moves: readonly Move[]): void {
    const { print } = this.ports;
    for (const line of brokerTable(brokers, partitions, moves)) print(line);
    if (moves.length === 0) return print('Everything is even: nothing to move.');
    for (const move of moves) print(moveLine(move));
    for (const line of costLines(moves, this.limits.maxPartitions, this.options.throttle)) print(line);
    if (this.options.action === 'dry-run') print('Nothing was changed; --execute does it.');
  }

  /** Nothing is being moved, so whatever throttle is set is of a run that died, or of a tool whose user never asked it to verify. */
  private async clearLeftThrottles({ brokers, partitions }: ClusterView): Promise<void> {
    const left = await this.throttle.left(topicsIn(partitions), brokers.map(({ id }) => id));
    if (left.topics.length === 0 && left.brokers.length === 0) return;
    await this.throttle.clear(left.topics, left.brokers);
    const where = [...someOf('brokers', left.brokers), ...someOf('topics', left.topics)];
    this.ports.print(`A throttle that was left, of ${where.join(' and ')}, is taken away.`);
  }

  /** The cluster's throttle is on while `work` goes on; an end by a signal leaves it on, which `--cancel` or the next run mends. */
  private async throttled(moves: readonly Move[], { brokers }: ClusterView, work: () => Promise<void>): Promise<void> {
    const { throttle } = this.options;
    const copies = moves.filter(({ added }) => added.length > 0);
    if (throttle === null || copies.length === 0) return work();
    const ids = brokers.map(({ id }) => id);
    try {
      await this.throttle.set(throttle, copies, ids);
      await work();
    } finally {
      await this.throttle.clear(topicsIn(copies), ids);
    }
  }

  private async execute(moves: readonly Move[]): Promise<void> {
    const { throttle } = this.options;
    const totalBytes = moves.reduce((sum, { bytes }) => sum + bytes, 0);
    const startMs = this.ports.monotonicMs();
    let [partitions, bytes] = [0, 0];
    for (const batch of batchesOf(moves, this.limits)) {
      if (partitions > 0) await this.assertUndisturbed(moves);
      const batchMs = this.ports.monotonicMs();
      await this.alter(batch.map((move) => ({ ...move, replicas: move.to })));
      await this.untilMoved(batch);
      partitions += batch.length;
      const batchBytes = batch.reduce((sum, move) => sum + move.bytes, 0);
      bytes += batchBytes;
      const elapsed = durationText((this.ports.monotonicMs() - startMs) / 1000);
      this.ports.print(`${partitions} of ${moves.length} partitions, ${bytesText(bytes)} of ${bytesText(totalBytes)}, after ${elapsed}`);
      if (partitions < moves.length) await this.ports.sleep(pauseMs(batchBytes, this.ports.monotonicMs() - batchMs, throttle));
    }
  }

  /** Between two portions nothing is under way: then it is taken back by taking the throttle away. */
  private async assertUndisturbed(moves: readonly Move[]): Promise<void> {
    const others = await this.reader.ongoing();
    if (others.length > 0) throw new RebalanceError(`${keyOf(others[0] ?? NOWHERE)} is being moved by somebody else. The rest is left as it is.`);
    if (!this.isThrottled(moves)) return;
    const { brokers } = await this.reader.placed();
    const left = await this.throttle.left([], brokers.map(({ id }) => id));
    if (left.brokers.length === 0) throw new RebalanceError('The throttle was taken away meanwhile: it was cancelled, or is done by somebody else. The rest is left as it is.');
  }

  private isThrottled(moves: readonly Move[]): boolean {
    return this.options.throttle !== null && moves.some(({ added }) => added.length > 0);
  }

  /** Whoever cancels, or moves something else, ends this: it does not fight. */
  private async untilMoved(batch: readonly Move[]): Promise<void> {
    let printedMs = this.ports.monotonicMs();
    const keys = new Set(batch.map(keyOf));
    for (;;) {
      const left = (await this.reader.ongoing()).filter((each) => keys.has(keyOf(each)));
      if (left.length === 0 && (await this.isPlaced(batch))) return;
      if (left.length === 0) throw new RebalanceError('What was being moved is not where it should be: it was cancelled, or moved elsewhere. The rest is left as it is.');
      if (this.ports.monotonicMs() - printedMs >= PROGRESS_MS) {
        printedMs = this.ports.monotonicMs();
        this.ports.print(`  ${left.length} of ${batch.length} under way: ${left.slice(0, 3).map(keyOf).join(', ')}${left.length > 3 ? ', ...' : ''}`);
      }
      await this.ports.sleep(LOOK_MS);
    }
  }

  /** Brokers learn of the metadata a little later than the controller. A topic that is deleted meanwhile is no matter. */
  private async isPlaced(batch: readonly Move[]): Promise<boolean> {
    const wanted = new Map(batch.map((move) => [keyOf(move), move.to.join()]));
    for (let look = 0; look < 25; look++) {
      const { partitions } = await this.reader.placed();
      if (partitions.every((each) => (wanted.get(keyOf(each)) ?? each.replicas.join()) === each.replicas.join())) return true;
      await this.ports.sleep(LOOK_MS);
    }
    return false;
  }

  private async cancel(): Promise<void> {
    const ongoing = await this.reader.ongoing();
    if (ongoing.length > 0) await this.alter(ongoing.map((each) => ({ ...each, replicas: null })));
    this.ports.print(ongoing.length === 0 ? 'Nothing is being moved.' : `Taken back: ${ongoing.map(keyOf).join(', ')}.`);
    await this.clearLeftThrottles(await this.reader.placed());
  }

  private async alter(partitions: readonly (OngoingPartition & { readonly replicas: readonly number[] | null })[]): Promise<void> {
    const names = [...new Set(partitions.map(({ topic }) => topic))];
    const topics = names.map((name) => ({
      name,
      partitions: partitions.filter(({ topic }) => topic === name).map(({ partition, replicas }) => ({ partitionIndex: partition, replicas })),
    }));
    await this.reader.tried(async () => {
      const response = await this.ports.client.ask('any', 'AlterPartitionReassignments', { timeoutMs: TIMEOUT_MS, topics });
      if (response.errorCode !== ErrorCode.NONE) throw new ServerError(response.errorCode, 'AlterPartitionReassignments');
      for (const { name, partitions: answers } of response.responses) {
        for (const { partitionIndex, errorCode, errorMessage } of answers) {
          if (errorCode === ErrorCode.NONE || errorCode === ErrorCode.NO_REASSIGNMENT_IN_PROGRESS) continue;
          throw new RebalanceError(`${name}-${partitionIndex}: ${errorName(errorCode)}${errorMessage === null ? '' : `: ${errorMessage}`}`);
        }
      }
    });
  }

  private async electPreferred(): Promise<void> {
    const { partitions } = await this.reader.placed();
    const elsewhere = partitions.filter(({ leader, replicas }) => leader !== replicas[0]);
    if (elsewhere.length === 0) return;
    const names = [...new Set(elsewhere.map(({ topic }) => topic))];
    const topicPartitions = names.map((topic) => ({ topic, partitions: elsewhere.filter((each) => each.topic === topic).map(({ partition }) => partition) }));
    const response = await this.reader.tried(() => this.ports.client.ask('any', 'ElectLeaders', { electionType: PREFERRED, topicPartitions, timeoutMs: TIMEOUT_MS }));
    if (response.errorCode !== ErrorCode.NONE) throw new ServerError(response.errorCode, 'ElectLeaders');
    const refused = response.replicaElectionResults.flatMap(({ partitionResult }) => partitionResult.filter(({ errorCode }) => !ELECTED.has(errorCode)));
    this.ports.print(`${elsewhere.length - refused.length} partitions are led by their preferred leader again.`);
    if (refused.length > 0) this.ports.print(`${refused.length} are not, as it is not in sync.`);
  }
}

/** Not more names than a line holds. */
function someOf(what: string, names: readonly (string | number)[]): readonly string[] {
  if (names.length === 0) return [];
  return [`${what} ${names.slice(0, 5).join(', ')}${names.length > 5 ? `, and ${names.length - 5} more` : ''}`];
}

const NOWHERE: OngoingPartition = { topic: '', partition: 0 };
const ELECTED: ReadonlySet<number> = new Set([ErrorCode.NONE, ErrorCode.ELECTION_NOT_NEEDED]);
