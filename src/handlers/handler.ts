/**
 * The shape of an API's handler: versions, what it costs, and a function from a decoded request to a response.
 *
 * `handler()` ties a handler's types to its two schemas and gives back a form in which all handlers are alike: bytes in,
 * chunks out. The request's bytes die with the callback that brought them, so a handler that keeps slices of them asks for
 * a copy (`keepsBytes`); strings and numbers are its own anyway.
 */
import type { Infer, Input, Message, RecordsBody } from '../../wire/schema';
import { decode, encodeChunks } from '../../wire/codec';
import type { Continuation } from '../network/request-handler';
import type { ApiMetrics } from '../network/request-metrics';
import { releaseRangesIn } from '../network/response-body';
import type { Services } from '../services';
import { errorCounterOf } from './answer-errors';

/** One request, beside its body. Handlers of the controller's listeners have other services than those of the broker's. */
export interface Call<S = Services> {
  readonly services: S;
  readonly apiVersion: number;
  readonly clientId: string;
  readonly connection: CallConnection;
  /** Takes the errors that it is answered with; a call that came over no connection has none. */
  readonly metrics?: ApiMetrics;
}

export interface CallConnection {
  readonly id: number;
  /** The listener that the client came in on: it is told addresses of the same one. */
  readonly listenerName: string;
  readonly remoteHost: string;
  /** Ends the connection once what is queued has been sent; `why` is for the logger. */
  close(why: string): void;
  /** Calls `run` once when the client is gone, unless the function that is given back has been called before. */
  whenGone(run: () => void): () => void;
  /** The request failed unexpectedly in a later turn than its own. */
  failed(error: unknown): void;
}

export interface ResponseChunks {
  readonly chunks: readonly (Uint8Array | RecordsBody)[];
  readonly sizeBytes: number;
}

/** Called exactly once, in this turn or later; null ends the request without a response. */
export type Respond<R> = (response: R | null) => void;

export interface ApiHandler<S = Services> {
  readonly minVersion: number;
  readonly maxVersion: number;
  /** Several requests of one connection may be under way; their responses still leave in order. */
  readonly mayOverlap: boolean;
  /** Decodes `body` and handles it. Throws DecodeError when the body does not hold the request. */
  handle(call: Call<S>, body: Uint8Array, respond: Respond<ResponseChunks>): Continuation | undefined;
}

/** Handles some more of the same request; gives back what goes on after that, until it is handled whole. */
export type GoOn<Req extends Message> = (request: Infer<Req>) => GoOn<Req> | void;

export interface HandlerSpec<Req extends Message, Res extends Message, S = Services> {
  readonly request: Req;
  readonly response: Res;
  /** Default: all versions of the schema. */
  readonly minVersion?: number;
  readonly maxVersion?: number;
  readonly keepsBytes?: true;
  readonly mayOverlap?: true;
  /** A request that would hold the loop for too long is begun, and what comes back goes on with it in later turns. */
  handle(call: Call<S>, request: Infer<Req>, respond: Respond<Input<Res>>): GoOn<Req> | void;
}

/**
 * How many elements the arrays of one request may have in all. An element may take two bytes on the wire and fifty in memory:
 * without a bound one frame of 100 MB would fill gigabytes of heap and hold the loop for seconds.
 */
const MAX_REQUEST_ELEMENTS = 500_000;

export function handler<Req extends Message, Res extends Message, S = Services>(
  spec: HandlerSpec<Req, Res, S>,
): ApiHandler<S> {
  const countErrors = errorCounterOf(spec.response);
  return {
    minVersion: spec.minVersion ?? spec.request.validVersions.min,
    maxVersion: spec.maxVersion ?? spec.request.validVersions.max,
    mayOverlap: spec.mayOverlap ?? false,
    handle(call, body, respond) {
      const bytes = spec.keepsBytes === true ? body.slice() : body;
      const request = decoded(spec, call, bytes);
      const next = spec.handle(call, request, (response) => {
        if (response === null) return respond(null);
        if (call.metrics !== undefined) countErrors(response, call.metrics);
        encodeThen(call, spec.response, response, respond);
      });
      return continued(next, request, body, (moved) => decoded(spec, call, moved));
    },
  };
}

function decoded<Req extends Message>(spec: { request: Req }, { apiVersion }: { apiVersion: number }, body: Uint8Array): Infer<Req> {
  return decode(spec.request, apiVersion, body, { maxElements: MAX_REQUEST_ELEMENTS });
}

/** The request's slices are valid as long as its body lies where it lay; else it is decoded anew. */
function continued<Req extends Message>(
  goOn: GoOn<Req> | void,
  request: Infer<Req>,
  body: Uint8Array,
  decodeAgain: (body: Uint8Array) => Infer<Req>,
): Continuation | undefined {
  if (goOn === undefined) return undefined;
  return (again) => {
    const hasMoved = again.buffer !== body.buffer || again.byteOffset !== body.byteOffset;
    const valid = hasMoved ? decodeAgain(again) : request;
    return continued(goOn(valid), valid, again, decodeAgain);
  };
}

/** Whoever brought the response about, perhaps another connection's request, is not to blame when it cannot be encoded. */
function encodeThen<Res extends Message>(
  call: Call<unknown>,
  schema: Res,
  response: Input<Res>,
  respond: Respond<ResponseChunks>,
): void {
  let chunks: ResponseChunks;
  try {
    chunks = encodeChunks(schema, call.apiVersion, response);
  } catch (error) {
    releaseRangesIn(response);
    call.connection.failed(error);
    return;
  }
  respond(chunks);
}
