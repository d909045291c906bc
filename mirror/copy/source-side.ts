/**
 * The engine's side towards the source: who leads what there, what is fetched from whom, and what the answers mean.
 *
 * A source that lacks an offset, has another history, or has another topic under the name, is not argued with: what it cannot
 * give is a gap, and anything else stops the partition.
 */
import { BufferPool, heapMemory } from '../../wire/base/buffer-pool';
import { ErrorCode, errorName, isRetriable } from '../../wire/base/error-codes';
import { ServerError } from '../../wire/broker-link';
import { ExchangeError } from '../../wire/client-connection';
import { Answer } from './answer-core';
import { committedBatches } from './committed-batches-core';
import { backoffOf } from './copy-settings';
import { linkTo, type EngineParts } from './engine-parts';
import type { FetchWanted } from './fetch-session-core';
import { nameOf, refused, TOLD_FAILURES, type Lane, type Lanes } from './lane';
import { Leaders } from './leaders';
import { fetchKey, SourceFetcher, type FetchedPartition, type KeptAnswer, type Wanted } from './source-fetcher';

/** Answers that are kept, as a multiple of what is buffered: one is kept whole for the last batch in it. */
const MAX_KEPT = 2;

export class SourceSide {
  private readonly leaders: Leaders;
  private readonly fetchers = new Map<number, { readonly address: string; readonly fetcher: SourceFetcher }>();
  private readonly pool: BufferPool;
  /** A broker was not asked for want of room. */
  private isOutOfRoom = false;
  private isClosed = false;

  constructor(
    private readonly parts: EngineParts,
    private readonly lanes: Lanes,
  ) {
    const { clock, timers, memory } = parts.env;
    this.pool = new BufferPool(memory ?? heapMemory);
    const logger = parts.logger.child('source');
    const { maxBackoffMs } = parts.settings;
    this.leaders = new Leaders({
      clock,
      timers,
      logger,
      client: parts.source,
      maxBackoffMs,
      changed: () => this.changed(),
    });
  }

  watch(topic: string): void {
    this.leaders.watch(topic);
  }

  unwatch(topic: string): void {
    this.leaders.unwatch(topic);
  }

  close(): void {
    this.isClosed = true;
    for (const { fetcher } of this.fetchers.values()) fetcher.close();
    this.leaders.close();
  }

  private now(): number {
    return this.parts.env.clock.monotonicMs();
  }

  private changed(): void {
    for (const lane of [...this.lanes.all()]) this.checkSource(lane);
    for (const lane of this.lanes.all()) this.fetchSoon(lane);
  }

  /** A topic under the same name with another id is another topic; one that stays away was deleted. */
  private checkSource(lane: Lane): void {
    const { copy } = lane;
    const { sourceTopic, sourceTopicId } = copy.partition;
    const view = this.leaders.viewOf(sourceTopic);
    if (view === undefined || copy.status === 'stopped') return;
    if (view.errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) {
      const nowMs = this.now();
      if (lane.missingSinceMs < 0) lane.missingSinceMs = nowMs;
      if (nowMs - lane.missingSinceMs >= this.parts.settings.missingTopicMs)
        this.lanes.stop(lane, { kind: 'source-deleted' });
      return;
    }
    lane.missingSinceMs = -1;
    if (view.errorCode !== ErrorCode.NONE || view.topicId === sourceTopicId) return;
    this.lanes.stop(lane, { kind: 'source-recreated', oldTopicId: sourceTopicId, newTopicId: view.topicId });
  }

  fetchSoon(lane: Lane): void {
    if (this.isClosed) return;
    const { sourceTopic, partition } = lane.copy.partition;
    const leader = this.leaders.leaderOf(sourceTopic, partition);
    if (leader >= 0) this.fetcherOf(leader)?.stepSoon();
  }

  private fetcherOf(brokerId: number): SourceFetcher | null {
    const address = this.leaders.addressOf(brokerId);
    if (address === null) return null;
    const text = `${address.host}:${address.port}`;
    const known = this.fetchers.get(brokerId);
    if (known?.address === text) return known.fetcher;
    known?.fetcher.close();
    const fetcher = new SourceFetcher({
      env: this.parts.env,
      logger: this.parts.logger.child(`source ${brokerId}`),
      settings: this.parts.settings,
      keep: (frame) => this.keep(frame),
      link: linkTo(this.parts, address),
      wanted: () => this.wantedOf(brokerId),
      fetched: (want, data, answer) => this.fetched(want, data, answer),
      failed: () => this.leaders.refresh(),
    });
    this.fetchers.set(brokerId, { address: text, fetcher });
    return fetcher;
  }

  private wantedOf(brokerId: number): Wanted {
    const partitions = new Map<string, FetchWanted>();
    const nowMs = this.now();
    let hasOthers = false;
    let bufferedBytes = 0;
    for (const lane of this.lanes.all()) {
      const { copy } = lane;
      bufferedBytes += copy.bufferedBytes;
      const { sourceTopic: topic, sourceTopicId: topicId, partition } = copy.partition;
      if (copy.status === 'stopped' || this.leaders.leaderOf(topic, partition) !== brokerId) continue;
      if (!copy.wantsFetch() || lane.isSettling || lane.fetchNotBeforeMs > nowMs) {
        // Who waits for the target is fetched after its back-off.
        if (copy.status === 'copying') hasOthers = true;
        continue;
      }
      lane.askedGeneration = copy.generation;
      const { fetchOffset, fetchedEpoch: lastFetchedEpoch } = copy;
      const key = fetchKey(topicId, partition);
      partitions.set(key, { key, topic, topicId, partition, fetchOffset, lastFetchedEpoch });
    }
    const { maxBufferedBytes, fetchMaxBytes } = this.parts.settings;
    const room = Math.min(maxBufferedBytes - bufferedBytes, MAX_KEPT * maxBufferedBytes - this.pool.takenBytes);
    if (room <= 0) this.isOutOfRoom = true;
    return { partitions, hasOthers, maxBytes: Math.min(fetchMaxBytes, room) };
  }

  /** An answer's bytes are kept until nobody needs any of them. */
  private keep(frame: Uint8Array): KeptAnswer {
    const bytes = this.pool.take(frame.length);
    bytes.set(frame);
    const answer = new Answer(() => {
      this.pool.give(bytes);
      this.roomMade();
    });
    return { bytes, answer };
  }

  private roomMade(): void {
    if (!this.isOutOfRoom || this.isClosed) return;
    this.isOutOfRoom = false;
    for (const { fetcher } of this.fetchers.values()) fetcher.stepSoon();
  }

  private fetched(want: FetchWanted, data: FetchedPartition, answer: Answer): void {
    const lane = this.lanes.get(want.key);
    if (lane === undefined) return;
    const { copy } = lane;
    // What was asked for before the copy was resumed or stopped is of no use.
    if (copy.generation !== lane.askedGeneration || copy.fetchOffset !== want.fetchOffset || lane.isSettling) return;
    if (data.errorCode !== ErrorCode.NONE) return this.fetchFailed(lane, data.errorCode);
    if (data.divergingEpoch.endOffset >= 0) {
      const { endOffset: sourceEndOffset } = data.divergingEpoch;
      return this.lanes.stop(lane, { kind: 'source-truncated', position: copy.fetchOffset, sourceEndOffset });
    }
    lane.fetchFailures = 0;
    copy.source = { logStartOffset: data.logStartOffset, lastStableOffset: data.lastStableOffset };
    if (data.records !== null && data.records.length > 0) {
      const found = committedBatches(data.records, want.fetchOffset, data.abortedTransactions, answer);
      if (copy.fetched(found)) this.lanes.sendSoon(lane);
      if (found.problem !== null && found.batches.length === 0 && copy.unacknowledged === 0 && copy.queued === 0)
        return this.lanes.stop(lane, refused(ErrorCode.CORRUPT_MESSAGE, `${nameOf(copy.partition)}: ${found.problem}`));
    }
    const isCaughtUp = copy.position >= data.lastStableOffset;
    if (copy.status === 'copying' && (copy.trouble?.kind !== 'refused' || isCaughtUp)) this.lanes.recovered(lane);
    this.lanes.tellLag(lane);
  }

  private fetchFailed(lane: Lane, errorCode: number): void {
    if (errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) return void this.settle(lane);
    if (!isRetriable(errorCode)) {
      const message = `${nameOf(lane.copy.partition)} cannot be fetched: ${errorName(errorCode)}`;
      return this.lanes.stop(lane, refused(errorCode, message));
    }
    this.leaders.refresh();
    this.fetchLater(lane);
    if (lane.fetchFailures === TOLD_FAILURES) {
      this.parts.logger.warn(`${nameOf(lane.copy.partition)} is not to be had: ${errorName(errorCode)}`);
    }
  }

  /** The source does not have the offset: its records have expired, or it has been cut. */
  private async settle(lane: Lane): Promise<void> {
    lane.isSettling = true;
    const { copy } = lane;
    const { generation, fetchOffset } = copy;
    const { sourceTopic, partition } = copy.partition;
    try {
      const startOffset = await this.parts.source.listOffset(sourceTopic, partition, -2);
      const endOffset = await this.parts.source.listOffset(sourceTopic, partition, -1);
      if (!this.lanes.isCurrent(lane, generation) || copy.fetchOffset !== fetchOffset) return;
      if (fetchOffset < startOffset) {
        this.parts.events.trouble(copy.partition, { kind: 'gap', fromOffset: fetchOffset, toOffset: startOffset });
        copy.skipTo(startOffset);
      } else if (fetchOffset > endOffset || lane.fetchFailures >= TOLD_FAILURES) {
        this.lanes.stop(lane, { kind: 'source-truncated', position: fetchOffset, sourceEndOffset: endOffset });
      } else {
        // A leader may have moved meanwhile; one that keeps to it does not know the epoch of what was copied.
        this.fetchLater(lane);
      }
    } catch (error) {
      if (!(error instanceof ServerError) && !(error instanceof ExchangeError)) throw error;
      if (!this.lanes.isCurrent(lane, generation)) return;
      this.fetchLater(lane);
    } finally {
      lane.isSettling = false;
      this.fetchSoon(lane);
    }
  }

  private fetchLater(lane: Lane): void {
    const waitMs = backoffOf(lane.fetchFailures++, this.parts.settings);
    lane.fetchNotBeforeMs = this.now() + waitMs;
    this.parts.env.timers.set(waitMs, () => {
      // A timer may be a little early by the clock; nobody else would come back.
      lane.fetchNotBeforeMs = -Infinity;
      if (this.lanes.get(lane.key) === lane) this.fetchSoon(lane);
    });
  }
}
