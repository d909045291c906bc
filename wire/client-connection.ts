/**
 * The client's end of one connection: requests out, responses matched to them.
 *
 * A broker answers in the order of the requests, so the first request that waits is the one that a response belongs to; any
 * other correlation id ends the connection, as does a request whose time is over: the responses behind it could not be
 * told apart from the late one.
 * Invariants: every request ends exactly once, in a response or an ExchangeError, never within the call that sent it; a
 * response's bytes are valid only during the call.
 */
import type { Api } from './api-keys';
import { apis, responseHeaderVersion } from './api-keys';
import { BufferPool, heapMemory } from './base/buffer-pool';
import type { PoolMemory } from './base/buffer-pool';
import type { CloseReason, ConnectFailure, Connection, Network, TimerHandle, Timers } from './base/env';
import { ErrorCode } from './base/error-codes';
import { DecodeError } from './base/errors';
import type { RecordsBody } from './schema';
import { FrameError, FrameParser } from './frame';
import { FrameBudget } from './frame-budget';
import { decodeResponseHeader } from './header';

export type ExchangeFailure =
  | ConnectFailure
  /** The connection ended before the response came. */
  | 'closed'
  /** The peer sent what is no response to what was asked. */
  | 'malformed'
  /** Too many requests wait for their responses already. */
  | 'overloaded';

/** A request has no response, and never will. What it asked for may have happened all the same. */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';
  constructor(
    readonly kind: ExchangeFailure,
    message: string,
  ) {
    super(message);
  }
}

/** What a client needs of the world. */
export interface ClientEnv {
  readonly network: Network;
  readonly timers: Timers;
}

export interface ClientConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly connectTimeoutMs: number;
  /** Default: 2^31 - 1. */
  readonly maxResponseBytes?: number;
  /** Requests that may wait for their responses. Default: 1000. */
  readonly maxInFlight?: number;
  /** Where unfinished responses are kept; the heap without it. */
  readonly memory?: PoolMemory;
}

/** Told once. `frame` is a response without its size, `bodyOffset` where its body begins; valid only during the call. */
export type ResponseDone = (error: ExchangeError | null, frame: Uint8Array, bodyOffset: number) => void;

export interface OutgoingRequest {
  readonly api: Api;
  readonly apiVersion: number;
  readonly correlationId: number;
  /** The whole frame. Must stay untouched until `released`, without which nothing tells that nobody reads it any more. */
  readonly chunks: readonly Uint8Array[];
  /** Called once, also when the request is refused or the connection ends. */
  readonly released?: () => void;
  readonly timeoutMs: number;
}

interface Waiting {
  readonly request: OutgoingRequest;
  readonly done: ResponseDone;
  timer: TimerHandle;
}

const NO_BYTES = new Uint8Array(0);

export class ClientConnection {
  readonly #env: ClientEnv;
  readonly #options: ClientConnectionOptions;
  readonly #parser: FrameParser;
  #connection: Connection | null = null;
  #waiting: Waiting[] = [];
  #failure: ExchangeError | null = null;
  #closedListeners: (() => void)[] = [];

  /** Told once, never within the call: a connection that is open, or why there is none. */
  static connect(
    env: ClientEnv,
    options: ClientConnectionOptions,
    done: (result: ClientConnection | ExchangeError) => void,
  ): void {
    const client = new ClientConnection(env, options);
    const events = {
      bytes: (slice: Uint8Array): void => client.#received(slice),
      drain: (): void => undefined,
      closed: (reason: CloseReason): void => client.#fail('closed', `connection closed (${reason})`),
    };
    const { host, port, connectTimeoutMs } = options;
    env.network.connect(host, port, connectTimeoutMs, events, (result) => {
      if (typeof result === 'string') {
        done(new ExchangeError(result, `cannot connect to ${host}:${port}: ${result}`));
        return;
      }
      client.#connection = result;
      done(client);
    });
  }

  private constructor(env: ClientEnv, options: ClientConnectionOptions) {
    const maxFrameBytes = options.maxResponseBytes ?? 0x7fffffff;
    this.#env = env;
    this.#options = options;
    this.#parser = new FrameParser(
      {
        maxFrameBytes,
        pool: new BufferPool(options.memory ?? heapMemory),
        budget: new FrameBudget(Infinity, maxFrameBytes),
      },
      { frame: (frame) => this.#response(frame), readable: () => undefined },
    );
  }

  get isClosed(): boolean {
    return this.#failure !== null;
  }

  get inFlight(): number {
    return this.#waiting.length;
  }

  /** Calls `run` once when the connection has ended; in a later turn if it has already. */
  whenClosed(run: () => void): void {
    if (this.#failure !== null) this.#env.timers.soon(run);
    else this.#closedListeners.push(run);
  }

  /** Sends a request that will be answered. */
  send(request: OutgoingRequest, done: ResponseDone): void {
    const refusal = this.#refusal();
    if (refusal !== null) {
      this.#env.timers.soon(() => {
        request.released?.();
        done(refusal, NO_BYTES, 0);
      });
      return;
    }
    const timer = this.#env.timers.set(request.timeoutMs, () => {
      this.#fail('timeout', `no response to ${request.api.name} within ${request.timeoutMs} ms`);
    });
    this.#waiting.push({ request, done, timer });
    this.#connection?.write(request.chunks, request.released);
  }

  /** Sends a request to which there is no response (Produce with acks=0); `sent` when the system has taken it. */
  sendUnanswered(chunks: readonly Uint8Array[], sent: (error: ExchangeError | null) => void): void {
    const refusal = this.#refusal();
    if (refusal !== null) this.#env.timers.soon(() => sent(refusal));
    else this.#connection?.write(chunks, () => sent(this.#failure));
  }

  close(): void {
    this.#fail('closed', 'closed by this side');
  }

  #refusal(): ExchangeError | null {
    if (this.#failure !== null) return this.#failure;
    if (this.#waiting.length < (this.#options.maxInFlight ?? 1000)) return null;
    return new ExchangeError('overloaded', `${this.#waiting.length} requests wait for their responses`);
  }

  #received(slice: Uint8Array): void {
    try {
      this.#parser.feed(slice);
    } catch (error) {
      if (!(error instanceof FrameError) && !(error instanceof DecodeError)) throw error;
      this.#fail('malformed', error.message);
    }
  }

  #response(frame: Uint8Array): boolean {
    const first = this.#waiting[0];
    if (first === undefined) throw new DecodeError('a response that nobody asked for');
    const { api, apiVersion, correlationId } = first.request;
    const header = decodeResponseHeader(frame, responseHeaderVersion(api, apiVersion));
    if (header.correlationId !== correlationId) {
      throw new DecodeError(`response ${header.correlationId} instead of ${correlationId} (${api.name})`);
    }
    this.#waiting.shift();
    first.timer.cancel();
    first.done(null, frame, header.bodyOffset);
    return true;
  }

  #fail(kind: ExchangeFailure, why: string): void {
    if (this.#failure !== null) return;
    const failure = new ExchangeError(kind, `${this.#options.host}:${this.#options.port}: ${why}`);
    this.#failure = failure;
    this.#connection?.destroy();
    this.#parser.close();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { timer } of waiting) timer.cancel();
    this.#env.timers.soon(() => {
      for (const { done } of waiting) done(failure, NO_BYTES, 0);
      for (const run of this.#closedListeners.splice(0)) run();
    });
  }
}

/** Records in requests lie in memory: a client has no ranges of files. */
export function inMemory(chunks: readonly (Uint8Array | RecordsBody)[]): readonly Uint8Array[] {
  return chunks.map((chunk) => {
    if (!ArrayBuffer.isView(chunk))
      throw new ExchangeError('malformed', 'a request with records that are not in memory');
    return chunk;
  });
}

/** Whether a response must be read as ApiVersions version 0, whatever was asked: so does a broker answer that is older. */
export function isOldApiVersions(api: Api, frame: Uint8Array, bodyOffset: number): boolean {
  const errorCode = (frame[bodyOffset]! << 8) | frame[bodyOffset + 1]!;
  return api.key === apis.ApiVersions.key && errorCode === ErrorCode.UNSUPPORTED_VERSION;
}
