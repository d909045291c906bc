/**
 * Fetches from one source broker all partitions that it leads and that have room, in one request after the other.
 *
 * Invariants: one request is on its way at a time; an answer's bytes are its own, so batches may be kept and changed in place
 * for as long as the answer is held. They are used again then: leaving them to garbage
 * collection would be a large part of what copying costs.
 */
import type { BaseEnv, Logger, TimerHandle } from '../../wire/base/env';
import { errorName } from '../../wire/base/error-codes';
import { invariant } from '../../wire/base/invariant';
import type { RequestInput } from '../../wire/exchange';
import { isPeerFailure, type PeerFailure, type PeerLink } from '../../wire/peer-link';
import type { FetchResponse } from '../../wire/schema/fetch';
import type { Answer } from './answer-core';
import { backoffOf, type CopySettings } from './copy-settings';
import { FetchSession, type FetchPlan, type FetchWanted } from './fetch-session-core';

export type FetchedPartition = FetchResponse['responses'][number]['partitions'][number];

/** What is to be fetched from a broker now. */
export interface Wanted {
  readonly partitions: ReadonlyMap<string, FetchWanted>;
  /** Some partitions wait for room: an answer without records must come soon, so that they can be asked for. */
  readonly hasOthers: boolean;
  readonly maxBytes: number;
}

export interface KeptAnswer {
  readonly bytes: Uint8Array;
  readonly answer: Answer;
}

export interface SourceFetcherParts {
  readonly env: BaseEnv;
  readonly logger: Logger;
  readonly settings: CopySettings;
  readonly link: PeerLink;
  wanted(): Wanted;
  /** A copy of an answer's frame, held once. */
  keep(frame: Uint8Array): KeptAnswer;
  /** Whoever keeps something of the data holds the answer. */
  fetched(want: FetchWanted, data: FetchedPartition, answer: Answer): void;
  /** There was no answer: the leaders may be others by now. */
  failed(): void;
}

/** First version that names topics by id alone. */
const BY_ID = 13;
const SHORT_WAIT_MS = 5;
const FAILURES_TOLD = 5;

export class SourceFetcher {
  private readonly session = new FetchSession();
  private isBusy = false;
  private isPlanned = false;
  private isClosed = false;
  private failures = 0;
  private notBeforeMs = -Infinity;
  private timer: TimerHandle | null = null;
  /** Held by this fetcher from the bytes' arrival until all partitions have seen what is theirs. */
  private answer: Answer | null = null;

  constructor(private readonly parts: SourceFetcherParts) {}

  /** Something may be wanted that was not before. */
  stepSoon(): void {
    if (this.isBusy || this.isPlanned || this.isClosed) return;
    this.isPlanned = true;
    this.parts.env.timers.soon(() => {
      this.isPlanned = false;
      this.step();
    });
  }

  close(): void {
    this.isClosed = true;
    this.timer?.cancel();
    this.parts.link.close();
  }

  private step(): void {
    if (this.isBusy || this.isClosed) return;
    const waitMs = this.notBeforeMs - this.parts.env.clock.monotonicMs();
    if (waitMs > 0) return this.stepIn(waitMs);
    const wanted = this.parts.wanted();
    if (wanted.partitions.size === 0 || wanted.maxBytes <= 0) return;
    this.ask(wanted);
  }

  private stepIn(ms: number): void {
    this.timer?.cancel();
    this.timer = this.parts.env.timers.set(ms, () => this.step());
  }

  private ask(wanted: Wanted): void {
    this.isBusy = true;
    const { settings, link } = this.parts;
    const plan = this.session.plan(wanted.partitions);
    const maxWaitMs = wanted.hasOthers ? Math.min(SHORT_WAIT_MS, settings.fetchMaxWaitMs) : settings.fetchMaxWaitMs;
    const timeoutMs = settings.requestTimeoutMs + maxWaitMs;
    link.call(
      'Fetch',
      (version) => fetchRequest(plan, version, settings, maxWaitMs, wanted.maxBytes),
      { timeoutMs, keep: (frame) => this.keep(frame) },
      (result) => this.answered(result, wanted.partitions),
    );
  }

  private keep(frame: Uint8Array): Uint8Array {
    const { bytes, answer } = this.parts.keep(frame);
    this.answer = answer;
    return bytes;
  }

  private answered(result: FetchResponse | PeerFailure, wanted: ReadonlyMap<string, FetchWanted>): void {
    const { answer } = this;
    this.answer = null;
    this.isBusy = false;
    try {
      this.judge(result, wanted, answer);
    } finally {
      answer?.release();
    }
  }

  private judge(
    result: FetchResponse | PeerFailure,
    wanted: ReadonlyMap<string, FetchWanted>,
    answer: Answer | null,
  ): void {
    if (this.isClosed) return;
    if (isPeerFailure(result)) {
      this.session.failed();
      return this.later(result.message);
    }
    const verdict = this.session.answered(result.errorCode, result.sessionId);
    if (verdict === 'later') return this.later(errorName(result.errorCode));
    if (verdict === 'ok') {
      if (this.failures >= FAILURES_TOLD) this.parts.logger.info('fetches are answered again');
      this.failures = 0;
      invariant(answer !== null, 'an answer that was not kept');
      this.take(result, wanted, answer);
    }
    this.stepSoon();
  }

  /** At first it may pass by itself; after that nobody wants to read it each few seconds. */
  private tellFailure(why: string): void {
    const { logger } = this.parts;
    const count = this.failures + 1;
    if (count < FAILURES_TOLD) logger.info(`no answer to a fetch: ${why}`);
    else if (count > FAILURES_TOLD) logger.debug(`no answer to a fetch: ${why}`);
    else logger.warn(`no answer to ${count} fetches in a row, nothing is copied from this broker meanwhile: ${why}; trying on`);
  }

  private later(why: string): void {
    this.tellFailure(why);
    this.notBeforeMs = this.parts.env.clock.monotonicMs() + backoffOf(this.failures++, this.parts.settings);
    this.parts.failed();
    this.step();
  }

  private take(response: FetchResponse, wanted: ReadonlyMap<string, FetchWanted>, answer: Answer): void {
    for (const { topic, topicId, partitions } of response.responses) {
      for (const data of partitions) {
        const want = wanted.get(fetchKey(topicId, data.partitionIndex)) ?? byName(wanted, topic, data.partitionIndex);
        if (want !== undefined) this.parts.fetched(want, data, answer);
      }
    }
  }
}

/** Answers before version 13 name topics, not ids. */
function byName(wanted: ReadonlyMap<string, FetchWanted>, topic: string, partition: number): FetchWanted | undefined {
  if (topic === '') return undefined;
  for (const want of wanted.values()) if (want.topic === topic && want.partition === partition) return want;
  return undefined;
}

export function fetchKey(topicId: string, partition: number): string {
  return `${topicId}:${partition}`;
}

function fetchRequest(
  plan: FetchPlan,
  version: number,
  settings: CopySettings,
  maxWaitMs: number,
  maxBytes: number,
): RequestInput<'Fetch'> {
  const nameOf = ({ topic, topicId }: FetchWanted): { topic: string } | { topicId: string } =>
    version >= BY_ID ? { topicId } : { topic };
  const topics = grouped(plan.named).map((wants) => ({
    ...nameOf(wants[0]!),
    partitions: wants.map(({ partition, fetchOffset, lastFetchedEpoch }) => ({
      partition,
      fetchOffset,
      ...(version >= 12 ? { lastFetchedEpoch } : {}),
      partitionMaxBytes: settings.partitionFetchMaxBytes,
    })),
  }));
  const forgottenTopicsData = grouped(plan.forgotten).map((wants) => ({
    ...nameOf(wants[0]!),
    partitions: wants.map(({ partition }) => partition),
  }));
  const { sessionId, sessionEpoch } = plan;
  const minBytes = settings.fetchMinBytes;
  return { maxWaitMs, minBytes, maxBytes, isolationLevel: 1, sessionId, sessionEpoch, topics, forgottenTopicsData };
}

function grouped(wants: readonly FetchWanted[]): FetchWanted[][] {
  const byTopic = new Map<string, FetchWanted[]>();
  for (const want of wants) {
    const group = byTopic.get(want.topicId);
    if (group === undefined) byTopic.set(want.topicId, [want]);
    else group.push(want);
  }
  return [...byTopic.values()];
}
