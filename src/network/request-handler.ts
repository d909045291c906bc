/**
 * What the network floor asks of the handlers' floor: which APIs there are, and to handle a request.
 *
 * The bytes of a request are valid only during the call of `handle`. The response is given once, in that turn or later.
 */
import type { Api } from '../../wire/api-keys';
import type { RecordsBody } from '../../wire/schema';
import type { ApiMetrics } from './request-metrics';

/** One connection, as handlers see it. */
export interface RequestConnection {
  /** Unique in this broker as long as it runs. */
  readonly id: number;
  readonly listenerName: string;
  readonly remoteHost: string;
  readonly remotePort: number;
  /** Ends the connection once the responses that are queued have been sent; `why` is for the logger. */
  close(why: string): void;
  /** Requests of this connection are not executed for so long (KIP-219); what is under way goes on. */
  throttle(throttleTimeMs: number): void;
  /**
   * Calls `run` once, when the peer is gone and nothing of it is under way, or the connection is closed; unless the
   * function that is given back has been called before.
   */
  whenGone(run: () => void): () => void;
  /** A request failed unexpectedly in a later turn than its own: the connection is closed, and a broken invariant told. */
  failed(error: unknown): void;
}

export interface NetworkRequest {
  readonly connection: RequestConnection;
  readonly api: Api;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
  /** Monotonic time at which the request was handed on. */
  readonly receivedMs: number;
  /** Takes the errors that it is answered with. */
  readonly metrics: ApiMetrics;
}

/** A response's body; the header is put in front of it here. Ranges of files are released here too. */
export interface ResponseChunks {
  readonly chunks: readonly (Uint8Array | RecordsBody)[];
  readonly sizeBytes: number;
}

/** Called exactly once; null ends a request to which there is no response (Produce with acks=0). */
export type Respond = (response: ResponseChunks | null) => void;

export interface ServedApi {
  readonly minVersion: number;
  readonly maxVersion: number;
  /** The next request may be executed before this one is answered; responses leave in order all the same. */
  readonly mayOverlap: boolean;
}

/**
 * Goes on with a request in a later turn, with the same body once more (it may lie elsewhere by then). Whatever the
 * connection asks for next waits. Gives back what comes after it, until the request has been handled.
 */
export type Continuation = (body: Uint8Array) => Continuation | void;

export interface RequestHandler {
  /** Undefined for what this connection may not ask for: asking closes it. */
  served(apiKey: number, connection: RequestConnection): ServedApi | undefined;
  /**
   * May throw a DecodeError when the body does not hold the request. Any other error is a bug. A request that takes long is
   * begun, and what comes back goes on with it.
   */
  handle(request: NetworkRequest, body: Uint8Array, respond: Respond): Continuation | void;
}
