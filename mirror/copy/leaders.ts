/**
 * Who leads the partitions of one cluster, as its brokers said last; asked again when somebody was wrong.
 *
 * Invariant: one question at a time, and two are a moment apart, however many partitions ask.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import type { Clock, Logger, TimerHandle, Timers } from '../../wire/base/env';
import type { BrokerAddress, ClusterClient, TopicView } from '../../wire/cluster-client';

const BETWEEN_MS = 100;
const MAX_AGE_MS = 60_000;

export interface LeadersParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly client: ClusterClient;
  /** Between two tries while not everything is known. */
  readonly maxBackoffMs: number;
  /** Told after each answer. */
  readonly changed: () => void;
}

export class Leaders {
  private readonly topics = new Map<string, number>();
  private views = new Map<string, TopicView>();
  private isAsking = false;
  private askedMs = -Infinity;
  private failures = 0;
  private timer: TimerHandle | null = null;
  private dueMs = Infinity;
  private isClosed = false;

  constructor(private readonly parts: LeadersParts) {}

  /** A partition of the topic is of interest; as often as `unwatch`. */
  watch(topic: string): void {
    this.topics.set(topic, (this.topics.get(topic) ?? 0) + 1);
    if (!this.views.has(topic)) this.refresh();
  }

  unwatch(topic: string): void {
    const count = (this.topics.get(topic) ?? 1) - 1;
    if (count > 0) this.topics.set(topic, count);
    else {
      this.topics.delete(topic);
      this.views.delete(topic);
    }
  }

  /** -1 while nobody leads it, or nobody knows. */
  leaderOf(topic: string, partition: number): number {
    return this.views.get(topic)?.leaders[partition] ?? -1;
  }

  /** What the last answer said; undefined before the first. */
  viewOf(topic: string): TopicView | undefined {
    return this.views.get(topic);
  }

  addressOf(brokerId: number): BrokerAddress | null {
    return this.parts.client.brokers.get(brokerId) ?? null;
  }

  /** Asks soon. */
  refresh(): void {
    this.askAt(Math.max(this.now(), this.askedMs + BETWEEN_MS));
  }

  close(): void {
    this.isClosed = true;
    this.timer?.cancel();
  }

  private now(): number {
    return this.parts.clock.monotonicMs();
  }

  private askAt(dueMs: number): void {
    if (this.isClosed || this.isAsking || this.dueMs <= dueMs) return;
    this.timer?.cancel();
    this.dueMs = dueMs;
    this.timer = this.parts.timers.set(Math.max(0, dueMs - this.now()), () => this.ask());
  }

  private ask(): void {
    this.dueMs = Infinity;
    this.timer = null;
    if (this.topics.size === 0) return;
    this.isAsking = true;
    this.askedMs = this.now();
    this.parts.client.metadata([...this.topics.keys()]).then(
      (views) => this.answered(views),
      (error: unknown) => this.failed(error),
    );
  }

  private answered(views: readonly TopicView[]): void {
    this.isAsking = false;
    if (this.isClosed) return;
    this.failures = 0;
    let isWhole = true;
    for (const view of views) {
      if (!this.topics.has(view.name)) continue;
      this.views.set(view.name, view);
      if (view.errorCode !== ErrorCode.NONE || view.leaders.includes(-1)) isWhole = false;
    }
    for (const topic of this.topics.keys()) if (!this.views.has(topic)) isWhole = false;
    this.askAt(this.now() + (isWhole ? MAX_AGE_MS : this.parts.maxBackoffMs));
    this.parts.changed();
  }

  private failed(error: unknown): void {
    this.isAsking = false;
    if (this.isClosed) return;
    this.parts.logger.warn(`no metadata: ${error instanceof Error ? error.message : String(error)}`);
    this.askAt(this.now() + Math.min(this.parts.maxBackoffMs, BETWEEN_MS * 2 ** Math.min(this.failures++, 10)));
  }
}
