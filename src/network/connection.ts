/**
 * One client's connection: bytes to requests, responses to bytes.
 *
 * States: *open*; *ending* (no request is taken any more, what is queued is sent, then the connection ends); *closed*.
 * Invariants: requests are executed in the order in which they came, and answered in that order (`request-order.ts`); a
 * request that may not run yet stays in the parser, and the peer is not read meanwhile; no callback throws, whatever bytes
 * come; every range of a file that a response holds is released, also when the response comes too late.
 */
import type { ApiName } from '../../wire/api-keys';
import { apiByKey, apis, responseHeaderVersion } from '../../wire/api-keys';
import type { BufferPool } from '../../wire/base/buffer-pool';
import type { BaseEnv, CloseReason, Connection, ConnectionEvents, TimerHandle } from '../../wire/base/env';
import { DecodeError } from '../../wire/base/errors';
import { InvariantViolation } from '../../wire/base/invariant';
import { FrameError, FrameParser } from '../../wire/frame';
import type { FrameBudget } from '../../wire/frame-budget';
import { decodeRequestHeader } from '../../wire/header';
import type { NetworkMetrics } from './network-metrics';
import type { RequestMetrics } from './request-metrics';
import { RequestTimes, type TimedRequest } from './request-times';
import { FrameProgress } from './frame-progress';
import type { RequestConnection, RequestHandler, ResponseChunks, ServedApi } from './request-handler';
import type { RequestSlot } from './request-order';
import { RequestOrder } from './request-order';
import { ResponseWriter, releaseAll } from './response-writer';
import { putSize, responseHeader, unsupportedApiVersions } from './response-header';
import { SlicedRequest } from './sliced-request';
import type { TurnClient, TurnQueue } from './turn-queue';

/** What the connections of one broker share. */
export interface ConnectionContext {
  readonly env: BaseEnv;
  readonly handler: RequestHandler;
  readonly pool: BufferPool;
  readonly budget: FrameBudget;
  readonly turns: TurnQueue;
  /** Of requests that take long, one slice in a turn. */
  readonly slices: TurnQueue;
  readonly metrics: NetworkMetrics;
  readonly requests: RequestMetrics;
  /** A broken invariant came to light: the broker must end. */
  readonly invariantBroken: (violation: InvariantViolation) => void;
  readonly maxFrameBytes: number;
  /** How many requests of one connection may be under way together, where their API allows it. */
  readonly maxOverlap: number;
}

export interface ConnectionIdentity {
  readonly id: number;
  readonly listenerName: string;
  /** Told once, when the connection is closed. */
  readonly closed: (connection: ServerConnection) => void;
}

interface Answer {
  readonly header: Uint8Array;
  readonly response: ResponseChunks;
  readonly timed: TimedRequest;
  readonly respondedMs: number;
}

const MIN_HEADER_BYTES = 8;
/** The next request waits while so many bytes of responses are in memory. */
const MAX_QUEUED_BYTES = 256 * 1024;
/** How long an ending connection may take to send what is queued, or its peer to close. */
const ENDING_TIMEOUT_MS = 10_000;
/** How long a peer that has ended its half gets its answers; it may just as well be gone for ever. */
const HALF_CLOSED_TIMEOUT_MS = 30_000;

export class ServerConnection implements RequestConnection, ConnectionEvents, TurnClient {
  readonly id: number;
  readonly listenerName: string;
  readonly remoteHost: string;
  readonly remotePort: number;
  readonly #context: ConnectionContext;
  readonly #identity: ConnectionIdentity;
  readonly #connection: Connection;
  readonly #parser: FrameParser;
  readonly #writer: ResponseWriter;
  readonly #order: RequestOrder<Answer>;
  readonly #progress = new FrameProgress();
  readonly #sliced: SlicedRequest;
  #state: 'open' | 'ending' | 'closed' = 'open';
  #hasPeerEnded = false;
  /** Our own half is closed. */
  #hasEnded = false;
  #isReading = true;
  /** Within a callback that flushes when it is through. */
  #isBatching = false;
  #unmuteTimer: TimerHandle | null = null;
  #lastActiveMs: number;
  readonly #times = new RequestTimes();
  #endingSinceMs = 0;
  #peerEndedMs = 0;
  readonly #goneListeners = new Set<() => void>();

  constructor(connection: Connection, context: ConnectionContext, identity: ConnectionIdentity) {
    const { env, pool, budget, maxFrameBytes, maxOverlap } = context;
    this.#connection = connection;
    this.#context = context;
    this.#identity = identity;
    this.id = identity.id;
    this.listenerName = identity.listenerName;
    this.remoteHost = connection.remoteHost;
    this.remotePort = connection.remotePort;
    this.#lastActiveMs = env.clock.monotonicMs();
    this.#order = new RequestOrder(maxOverlap);
    this.#sliced = new SlicedRequest(context.slices, () => this.turn());
    this.#parser = new FrameParser(
      { maxFrameBytes, pool, budget },
      { frame: (frame) => this.#request(frame), readable: () => context.turns.add(this) },
    );
    this.#writer = new ResponseWriter(connection, pool, env.timers, {
      progressed: (bytes) => this.#sent(bytes),
      broken: (why) => this.#abort(`response broken off: ${why}`),
    });
  }

  get requestsInFlight(): number {
    return this.#order.inFlight;
  }

  /** Bytes of responses that wait for the peer to read: in memory, and in files. */
  get queuedBytes(): { readonly memory: number; readonly file: number } {
    return { memory: this.#writer.queuedMemoryBytes, file: this.#writer.queuedFileBytes };
  }

  // What the network tells.

  bytes(slice: Uint8Array): void {
    this.#context.metrics.receivedBytes += slice.length;
    this.#lastActiveMs = this.#context.env.clock.monotonicMs();
    this.#times.read(this.#lastActiveMs);
    if (this.#state !== 'open') return;
    this.#batch(() => this.#parser.feed(slice));
  }

  drain(): void {
    // The writer learns from the release of its buffers.
  }

  ended(): void {
    this.#hasPeerEnded = true;
    this.#peerEndedMs = this.#context.env.clock.monotonicMs();
    this.#context.turns.add(this);
  }

  closed(_reason: CloseReason): void {
    this.#close();
  }

  // What handlers ask for.

  close(why: string): void {
    if (this.#state !== 'open') return;
    this.#context.env.logger.debug('closing connection', { connectionId: this.id, remoteHost: this.remoteHost, why });
    this.#beginEnding();
  }

  throttle(throttleTimeMs: number): void {
    if (throttleTimeMs <= 0 || this.#state !== 'open') return;
    this.#context.metrics.throttles += 1;
    this.#unmuteTimer?.cancel();
    this.#unmuteTimer = this.#context.env.timers.set(throttleTimeMs, () => {
      this.#unmuteTimer = null;
      this.turn();
    });
  }

  whenGone(run: () => void): () => void {
    if (this.#state !== 'open') {
      this.#context.env.timers.soon(run);
      return () => undefined;
    }
    const listener = (): void => run();
    this.#goneListeners.add(listener);
    return () => this.#goneListeners.delete(listener);
  }

  failed(error: unknown): void {
    const { metrics, invariantBroken } = this.#context;
    if (error instanceof FrameError || error instanceof DecodeError) {
      metrics.connectionsMalformed += 1;
      this.#abort(error.message);
    } else if (error instanceof InvariantViolation) {
      this.#abort(error.message);
      invariantBroken(error);
    } else {
      // Of whatever realm: only its text is used.
      const { message, stack } = error as { readonly message?: unknown; readonly stack?: unknown };
      const fields = { connectionId: this.id, error: String(message ?? error), stack: String(stack ?? '') };
      this.#context.env.logger.error('a request failed unexpectedly; its connection is closed', fields);
      this.destroy();
    }
  }

  // What the listener asks for.

  /** Looks after time: an idle peer, a frame that does not come on, an end that takes too long. */
  sweep(nowMs: number, maxIdleMs: number): void {
    if (this.#state === 'ending') {
      if (nowMs - this.#endingSinceMs >= ENDING_TIMEOUT_MS) this.#connection.destroy();
      return;
    }
    if (this.#state === 'closed') return;
    if (this.#hasPeerEnded && nowMs - this.#peerEndedMs >= HALF_CLOSED_TIMEOUT_MS) {
      this.#abort('its peer has ended, and what it asked for has not come');
      return;
    }
    const carried = this.#isReading ? this.#parser.carriedBytes : 0;
    if (this.#progress.isStalled(nowMs, this.#parser.framesCount, carried)) {
      this.#context.metrics.connectionsStalled += 1;
      this.#abort('an unfinished request did not come on');
    } else if (maxIdleMs >= 0 && nowMs - this.#lastActiveMs >= maxIdleMs && this.#order.inFlight === 0) {
      this.#context.metrics.connectionsIdleClosed += 1;
      this.#abort('idle');
    }
  }

  /** Takes no more requests, and ends when those under way are answered. */
  drainAndEnd(): void {
    this.#parser.close();
    this.ended();
  }

  destroy(): void {
    this.#close();
    this.#connection.destroy();
  }

  /** In a turn of its own: requests that had to wait, responses that came meanwhile. */
  turn(): void {
    if (this.#state === 'closed') return;
    this.#batch(() => {
      if (this.#state === 'open' && this.#parser.isHeld) this.#parser.resume();
    });
  }

  /** Runs `work`, maps what it throws, then sends what it has completed and decides whether to read on. */
  #batch(work: () => void): void {
    if (this.#isBatching) return;
    this.#isBatching = true;
    try {
      work();
    } catch (error) {
      this.failed(error);
    }
    this.#isBatching = false;
    this.#times.takeNowMs();
    this.#writer.flush();
    this.#settle();
  }

  #settle(): void {
    if (this.#state === 'open' && this.#hasPeerEnded && this.#isAtRest()) this.#beginEnding();
    if (this.#state === 'ending' && this.#writer.isIdle && !this.#hasEnded) {
      this.#hasEnded = true;
      this.#connection.end();
    }
    const mayRead = this.#state === 'ending' || this.#parser.isReadable;
    if (mayRead === this.#isReading || this.#state === 'closed') return;
    this.#isReading = mayRead;
    if (mayRead) this.#connection.resumeReading();
    else this.#connection.pauseReading();
  }

  /** Nothing is under way, and nothing that has come waits to be. */
  #isAtRest(): boolean {
    return this.#order.inFlight === 0 && !this.#parser.isHeld && this.#writer.isIdle;
  }

  /** A whole request; false when it cannot be executed yet. */
  #request(frame: Uint8Array): boolean {
    if (this.#state !== 'open') return true;
    if (this.#sliced.isUnderWay) return this.#sliced.goOn(frame);
    if (frame.length < MIN_HEADER_BYTES) throw new DecodeError('a request without a header');
    const apiKey = int16(frame, 0);
    const served = this.#context.handler.served(apiKey, this);
    if (!this.#mayExecute(served?.mayOverlap ?? false)) {
      this.#context.metrics.heldRequests += 1;
      this.#times.held();
      return false;
    }
    const version = int16(frame, 2);
    if (served !== undefined && version >= served.minVersion && version <= served.maxVersion) {
      return this.#execute(frame, served);
    }
    this.#refuse(frame, apiKey, version, served);
    return true;
  }

  #mayExecute(mayOverlap: boolean): boolean {
    if (this.#unmuteTimer !== null) return false;
    if (this.#writer.queuedFileBytes > 0 || this.#writer.queuedMemoryBytes > MAX_QUEUED_BYTES) return false;
    return this.#order.mayBegin(mayOverlap);
  }

  #execute(frame: Uint8Array, served: ServedApi): boolean {
    const { handler, metrics, requests, env } = this.#context;
    const { apiKey, apiVersion, correlationId, clientId, bodyOffset } = decodeRequestHeader(frame);
    const api = apiByKey(apiKey);
    if (api === undefined) throw new InvariantViolation(`API ${apiKey} is served and not known`);
    const slot = this.#order.begin(correlationId, served.mayOverlap);
    metrics.requests += 1;
    metrics.requestsInFlight += 1;
    const header = responseHeader(correlationId, responseHeaderVersion(api, apiVersion));
    const timed = this.#times.begun(requests.of(apiKey), this.#times.takeNowMs() ?? env.clock.monotonicMs());
    const { receivedMs } = timed;
    const request = { connection: this, api, apiVersion, correlationId, clientId, receivedMs, metrics: timed.api };
    const respond = (response: ResponseChunks | null): void => this.#respond(slot, header, response, timed);
    const continuation = handler.handle(request, frame.subarray(bodyOffset), respond);
    if (!slot.isDone) timed.handledMs = env.clock.monotonicMs();
    else this.#times.noteNowMs();
    return this.#sliced.begin(continuation, bodyOffset);
  }

  /** A version of ApiVersions that is too new is answered (KIP-511); anything else that is not served ends the connection. */
  #refuse(frame: Uint8Array, apiKey: number, version: number, served: ServedApi | undefined): void {
    this.#context.metrics.unsupportedRequests += 1;
    if (apiKey === apis.ApiVersions.key && served !== undefined) {
      const correlationId = int32(frame, 4);
      const slot = this.#order.begin(correlationId, served.mayOverlap);
      this.#context.metrics.requestsInFlight += 1;
      const timed = this.#times.begun(this.#context.requests.of(apiKey), this.#lastActiveMs);
      this.#respond(slot, responseHeader(correlationId, 0), unsupportedApiVersions(served), timed);
      return;
    }
    const name: ApiName | number = (apiByKey(apiKey)?.name as ApiName | undefined) ?? apiKey;
    throw new DecodeError(`version ${version} of API ${name} is not served here`);
  }

  #respond(slot: RequestSlot<Answer>, header: Uint8Array, response: ResponseChunks | null, timed: TimedRequest): void {
    if (this.#state !== 'open') {
      if (response !== null) releaseAll(response);
      return;
    }
    const { metrics, env } = this.#context;
    metrics.requestsInFlight -= 1;
    const respondedMs = env.clock.monotonicMs();
    this.#times.responded(timed, respondedMs, response !== null);
    const answer = response === null ? null : { header: putSize(header, response.sizeBytes), response, timed, respondedMs };
    this.#order.complete(slot, answer, (_slot, ready) => this.#enqueue(ready));
    if (!this.#isBatching) this.#context.turns.add(this);
  }

  #enqueue({ header, response, timed, respondedMs }: Answer): void {
    this.#times.enqueued(timed, respondedMs, header.length + response.sizeBytes);
    this.#writer.enqueue(header, response);
  }

  #sent(bytes: number): void {
    this.#context.metrics.sentBytes += bytes;
    this.#lastActiveMs = this.#context.env.clock.monotonicMs();
    this.#times.sent(bytes, this.#lastActiveMs);
    if (this.#writer.isIdle || this.#parser.isHeld) this.#context.turns.add(this);
  }

  #abort(why: string): void {
    if (this.#state === 'closed') return;
    const { id, remoteHost, listenerName } = this;
    this.#context.env.logger.info('closed connection', { connectionId: id, remoteHost, listenerName, why });
    this.destroy();
  }

  #beginEnding(): void {
    this.#state = 'ending';
    this.#endingSinceMs = this.#context.env.clock.monotonicMs();
    this.#forget();
    if (!this.#isBatching) this.#context.turns.add(this);
  }

  /** No request will be executed any more, and no response of one under way will be sent. */
  #forget(): void {
    this.#sliced.drop();
    this.#parser.close();
    this.#context.metrics.requestsInFlight -= this.#order.unanswered;
    this.#order.abandon((answer) => releaseAll(answer.response));
    this.#unmuteTimer?.cancel();
    this.#unmuteTimer = null;
    for (const run of this.#goneListeners) this.#context.env.timers.soon(run);
    this.#goneListeners.clear();
  }

  #close(): void {
    if (this.#state === 'closed') return;
    const wasOpen = this.#state === 'open';
    this.#state = 'closed';
    if (wasOpen) this.#forget();
    this.#writer.close();
    this.#identity.closed(this);
  }
}

function int16(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) >> 16) | bytes[at + 1]!;
}

function int32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
