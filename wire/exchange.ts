/**
 * Typed requests and responses over one connection: `await exchange.send('Metadata', 12, {...})`.
 *
 * Requests are sent in the order of the calls, and may overlap; responses come as promises. For tests, tools and clients;
 * a core that must not wait asks with `call`.
 */
import type { ApiName } from './api-keys';
import { apis } from './api-keys';
import { DecodeError } from './base/errors';
import type { ClientConnectionOptions, ClientEnv, OutgoingRequest } from './client-connection';
import { ClientConnection, ExchangeError, inMemory, isOldApiVersions } from './client-connection';
import { decode, encodeChunks } from './codec';
import { encodeRequestHeader } from './header';
import type { Infer, Input, Message } from './schema';

export type RequestInput<N extends ApiName> = Input<(typeof apis)[N]['request']>;
export type ResponseOf<N extends ApiName> = Infer<(typeof apis)[N]['response']>;

export interface ExchangeOptions extends ClientConnectionOptions {
  readonly clientId: string | null;
  /** How long a request may take, unless it says otherwise. */
  readonly requestTimeoutMs: number;
}

export interface SendOptions {
  readonly timeoutMs?: number;
  /**
   * The response's bytes are valid until the next response to such a request of this connection: for large ones that come
   * one after the other, and are dealt with before the next is asked for.
   */
  readonly isTransient?: boolean;
  /**
   * Copies the response's frame to where it may stay, and returns the copy, which is what is decoded. Called once within the
   * call that tells the response, before it is told; not at all when there is none.
   */
  readonly keep?: (frame: Uint8Array) => Uint8Array;
  /** Called once, before or after the response is told: nobody reads the request's bytes any more, or ever will. */
  readonly released?: () => void;
}

export type CallDone<N extends ApiName> = (result: ResponseOf<N> | ExchangeError) => void;

const SIZE_BYTES = 4;
/** Requests of one kind are of about the same size: this much larger ones need not be copied as they grow. */
const ROOM_BYTES = 256;
const MAX_EXPECTED_BYTES = 64 * 1024;
/** Larger responses get memory of their own, which is not kept. */
const MAX_KEPT_BYTES = 4 * 1024 * 1024;

export class Exchange {
  readonly #connection: ClientConnection;
  readonly #options: ExchangeOptions;
  #lastCorrelationId = 0;
  /** Of transient responses. */
  #kept = new Uint8Array(0);
  /** By API: what its last request took, for the next one. */
  readonly #expectedBytes = new Map<number, number>();

  /** Rejects with an ExchangeError. */
  static open(env: ClientEnv, options: ExchangeOptions): Promise<Exchange> {
    return new Promise((resolve, reject) => {
      ClientConnection.connect(env, options, (result) => {
        if (result instanceof ExchangeError) reject(result);
        else resolve(new Exchange(result, options));
      });
    });
  }

  constructor(connection: ClientConnection, options: ExchangeOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  get isClosed(): boolean {
    return this.#connection.isClosed;
  }

  get inFlight(): number {
    return this.#connection.inFlight;
  }

  /** Calls `run` once when the connection has ended. */
  whenClosed(run: () => void): void {
    this.#connection.whenClosed(run);
  }

  /**
   * Sends a request and resolves with its response, whose bytes and records are its own. Rejects with an ExchangeError;
   * throws an EncodeError when the version cannot carry the request.
   */
  send<N extends ApiName>(
    name: N,
    version: number,
    request: RequestInput<N>,
    options: SendOptions = {},
  ): Promise<ResponseOf<N>> {
    return new Promise((resolve, reject) => {
      this.call(name, version, request, options, (result) => {
        if (result instanceof ExchangeError) reject(result);
        else resolve(result);
      });
    });
  }

  /** As `send`, with a callback, told once and never within the call. */
  call<N extends ApiName>(
    name: N,
    version: number,
    request: RequestInput<N>,
    options: SendOptions,
    done: CallDone<N>,
  ): void {
    const outgoing = this.#outgoing(name, version, request, options);
    this.#connection.send(outgoing, (error, frame, bodyOffset) => {
      done(error ?? this.#decoded(name, version, this.#own(frame, options), bodyOffset));
    });
  }

  /** Sends a Produce request with acks=0 and resolves when the system has taken it. */
  sendUnanswered(version: number, request: RequestInput<'Produce'>): Promise<void> {
    const { chunks } = this.#outgoing('Produce', version, request, {});
    return new Promise((resolve, reject) => {
      this.#connection.sendUnanswered(chunks, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  close(): void {
    this.#connection.close();
  }

  #outgoing<N extends ApiName>(
    name: N,
    apiVersion: number,
    request: RequestInput<N>,
    options: SendOptions,
  ): OutgoingRequest {
    const api = apis[name];
    this.#lastCorrelationId = (this.#lastCorrelationId + 1) & 0x7fffffff;
    const correlationId = this.#lastCorrelationId;
    const header = encodeRequestHeader(api, apiVersion, correlationId, this.#options.clientId);
    const prefix = new Uint8Array(SIZE_BYTES + header.length);
    prefix.set(header, SIZE_BYTES);
    // The table's row ties name and request together; the compiler does not follow it through an index.
    const body = request as Input<Message>;
    const expectedBytes = this.#expectedBytes.get(api.key);
    const { chunks, sizeBytes, ownBytes } = encodeChunks(api.request as Message, apiVersion, body, prefix, expectedBytes);
    this.#expectedBytes.set(api.key, Math.min(ownBytes + ROOM_BYTES, MAX_EXPECTED_BYTES));
    const frame = inMemory(chunks);
    putInt32(frame[0]!, sizeBytes - SIZE_BYTES);
    const timeoutMs = options.timeoutMs ?? this.#options.requestTimeoutMs;
    const { released } = options;
    return { api, apiVersion, correlationId, chunks: frame, timeoutMs, ...(released === undefined ? {} : { released }) };
  }

  #own(frame: Uint8Array, { keep, isTransient }: SendOptions): Uint8Array {
    if (keep !== undefined) return keep(frame);
    return isTransient === true ? this.#keep(frame) : frame.slice();
  }

  /** The frame's bytes die with the callback, and what is decoded may hold slices of them. */
  #keep(frame: Uint8Array): Uint8Array {
    const sizeBytes = frame.length;
    if (sizeBytes > MAX_KEPT_BYTES) return frame.slice();
    if (sizeBytes > this.#kept.length) this.#kept = new Uint8Array(Math.min(2 * sizeBytes, MAX_KEPT_BYTES));
    this.#kept.set(frame);
    return this.#kept.subarray(0, sizeBytes);
  }

  /** `own` is the whole frame: what is decoded may hold slices of it. */
  #decoded<N extends ApiName>(
    name: N,
    version: number,
    own: Uint8Array,
    bodyOffset: number,
  ): ResponseOf<N> | ExchangeError {
    const api = apis[name];
    const actual = isOldApiVersions(api, own, bodyOffset) ? 0 : version;
    try {
      return decode(api.response as Message, actual, own, { offset: bodyOffset }) as unknown as ResponseOf<N>;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#connection.close();
      return new ExchangeError('malformed', error.message);
    }
  }
}

function putInt32(bytes: Uint8Array, value: number): void {
  bytes[0] = value >>> 24;
  bytes[1] = value >>> 16;
  bytes[2] = value >>> 8;
  bytes[3] = value;
}
