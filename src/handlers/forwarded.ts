/**
 * What only the active controller decides: a client's request goes to it whole, in an Envelope, wherever it is (KIP-590), and
 * the client gets its answer. The channel knows whether that is this process or another.
 */
import { apis, latestStableVersion, responseHeaderVersion } from '../../wire/api-keys';
import { ErrorCode } from '../../wire/base/error-codes';
import { DecodeError } from '../../wire/base/errors';
import { ServerError } from '../../wire/broker-link';
import { decode, encode } from '../../wire/codec';
import type { ResponseOf } from '../../wire/exchange';
import { decodeResponseHeader, encodeRequestHeader } from '../../wire/header';
import { isPeerFailure, type PeerFailure } from '../../wire/peer-link';
import type { Message } from '../../wire/schema';
import { ipAddressBytes } from '../network/ip-address';
import { errorCounterOf } from './answer-errors';
import { ANONYMOUS, concatenated, encodePrincipal } from './envelope-body';
import type { ForwardableApi } from './forwardable';
import type { ApiHandler, Call } from './handler';
import { refusal } from './refusals';

/** How long a request may wait for an active controller, as in Kafka. */
const TIMEOUT_MS = 60_000;
/** Of a client whose address is not known as bytes. */
const NO_ADDRESS = new Uint8Array(4);

/** The handler of an API that is forwarded just as it comes. */
export function forwarded(name: ForwardableApi): ApiHandler {
  const countErrors = errorCounterOf(apis[name].response as Message);
  return {
    minVersion: apis[name].request.validVersions.min,
    maxVersion: latestStableVersion(apis[name]),
    mayOverlap: false,
    handle(call, body, respond) {
      forward(call, name, body, (answer) => {
        // The controller has encoded it; what is forwarded is rare enough to be read once more.
        if (call.metrics !== undefined) countErrors(decode(apis[name].response as Message, call.apiVersion, answer), call.metrics);
        respond({ chunks: [answer], sizeBytes: answer.length });
      });
      return undefined;
    },
  };
}

/**
 * Forwards a request's body, which is copied, and hands over the body of the answer, in a later turn; it is an answer that
 * says why when there is no controller. A request that cannot be read ends the client's connection, and there is no answer.
 */
export function forward(call: Call, name: ForwardableApi, body: Uint8Array, done: (answer: Uint8Array) => void): void {
  const header = encodeRequestHeader(apis[name], call.apiVersion, 0, call.clientId);
  const requestData = concatenated([header, body]);
  const request = {
    requestData,
    requestPrincipal: encodePrincipal(ANONYMOUS),
    clientHostAddress: ipAddressBytes(call.connection.remoteHost) ?? NO_ADDRESS,
  };
  call.services.forwarding.call('Envelope', request, TIMEOUT_MS, (result) => {
    try {
      done(answerOf(call, name, requestData.subarray(header.length), result));
    } catch (error) {
      call.connection.failed(error);
    }
  });
}

/** Throws DecodeError: the request, or what the controller made of it, cannot be read, and the connection ends. */
function answerOf(
  call: Call,
  name: ForwardableApi,
  body: Uint8Array,
  result: ResponseOf<'Envelope'> | PeerFailure,
): Uint8Array {
  if (isUnsupported(result)) throw new DecodeError(`the controller cannot read the request ${name} v${call.apiVersion}`);
  if (!isPeerFailure(result) && result.errorCode === ErrorCode.NONE && result.responseData !== null) {
    const headerVersion = responseHeaderVersion(apis[name], call.apiVersion);
    return result.responseData.subarray(decodeResponseHeader(result.responseData, headerVersion).bodyOffset);
  }
  const request = decode(apis[name].request as Message, call.apiVersion, body);
  // An error of the envelope itself is none of the client's; without a controller the client may try again.
  const errorCode = isPeerFailure(result) ? ErrorCode.REQUEST_TIMED_OUT : ErrorCode.UNKNOWN_SERVER_ERROR;
  return encode(apis[name].response as Message, call.apiVersion, refusal(name, request, errorCode));
}

function isUnsupported(result: ResponseOf<'Envelope'> | PeerFailure): boolean {
  if (isPeerFailure(result)) return result instanceof ServerError;
  return result.errorCode === ErrorCode.UNSUPPORTED_VERSION;
}
