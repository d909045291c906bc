/**
 * Envelope: a client's request that a broker hands on (KIP-590). The request inside is handled as if the client had sent it
 * here; its answer goes back whole, with its header. A controller that is not active, or ceases to be while the request
 * waits, says NOT_CONTROLLER for the envelope, and the broker looks for another.
 */
import { apiByKey, apis, responseHeaderVersion, type Api, type RequestOf } from '../../../wire/api-keys';
import { ErrorCode } from '../../../wire/base/error-codes';
import { DecodeError } from '../../../wire/base/errors';
import { decode } from '../../../wire/codec';
import { decodeRequestHeader, encodeResponseHeader, type RequestHeader } from '../../../wire/header';
import type { ControllerServices } from '../../controller-services';
import { isBytes } from '../../network/response-body';
import { ipAddressText } from '../../network/ip-address';
import { concatenated, decodePrincipal } from '../envelope-body';
import { isForwardable } from '../forwardable';
import { handler, type ApiHandler, type Call, type ResponseChunks } from '../handler';
import { saysNotController } from '../not-controller';

type FindHandler = (name: string) => ApiHandler<ControllerServices> | undefined;

interface Inner {
  readonly api: Api;
  readonly header: RequestHeader;
  readonly handler: ApiHandler<ControllerServices>;
  readonly remoteHost: string;
}

export function envelope(find: FindHandler): ApiHandler<ControllerServices> {
  return handler({
    request: apis.Envelope.request,
    response: apis.Envelope.response,
    // The request inside may be gone on with after this call.
    keepsBytes: true,
    handle(call: Call<ControllerServices>, request, respond) {
      const inner = open(request, find);
      if (typeof inner === 'number') return respond({ errorCode: inner });
      const { controller } = call.services;
      if (!controller.isActive) return respond({ errorCode: ErrorCode.NOT_CONTROLLER });
      const answered = (response: ResponseChunks | null): void => {
        const body = concatenated((response?.chunks ?? []).filter(isBytes));
        if (!controller.isActive && isNotController(inner, body)) return respond({ errorCode: ErrorCode.NOT_CONTROLLER });
        respond({ errorCode: ErrorCode.NONE, responseData: withHeader(inner, body) });
      };
      try {
        handleInner(call, inner, request.requestData.subarray(inner.header.bodyOffset), answered);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        respond({ errorCode: ErrorCode.UNSUPPORTED_VERSION });
      }
    },
  });
}

/** What the envelope holds, or the error that it comes to. */
function open(request: RequestOf<'Envelope'>, find: FindHandler): Inner | number {
  const remoteHost = ipAddressText(request.clientHostAddress);
  if (remoteHost === null) return ErrorCode.INVALID_REQUEST;
  if (!isPrincipal(request.requestPrincipal)) return ErrorCode.PRINCIPAL_DESERIALIZATION_FAILURE;
  const header = readHeader(request.requestData);
  const api = header === null ? undefined : apiByKey(header.apiKey);
  if (header === null || api === undefined) return ErrorCode.UNSUPPORTED_VERSION;
  if (!isForwardable(api.name)) return ErrorCode.INVALID_REQUEST;
  const found = find(api.name);
  if (found === undefined || header.apiVersion < found.minVersion || header.apiVersion > found.maxVersion) {
    return ErrorCode.UNSUPPORTED_VERSION;
  }
  return { api, header, handler: found, remoteHost };
}

function isPrincipal(bytes: Uint8Array | null): boolean {
  try {
    return bytes !== null && decodePrincipal(bytes) !== null;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return false;
  }
}

function readHeader(frame: Uint8Array): RequestHeader | null {
  try {
    return decodeRequestHeader(frame);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return null;
  }
}

/** None of the forwarded requests is handled in slices: what would come after is none of theirs. */
function handleInner(
  call: Call<ControllerServices>,
  { header, handler: inner, remoteHost }: Inner,
  body: Uint8Array,
  respond: (response: ResponseChunks | null) => void,
): void {
  const { id, listenerName } = call.connection;
  const connection = {
    id,
    listenerName,
    remoteHost,
    close: (why: string): void => call.connection.close(why),
    whenGone: (run: () => void): (() => void) => call.connection.whenGone(run),
    failed: (error: unknown): void => call.connection.failed(error),
  };
  const { services } = call;
  inner.handle({ services, apiVersion: header.apiVersion, clientId: header.clientId ?? '', connection }, body, respond);
}

function isNotController({ api, header }: Inner, body: Uint8Array): boolean {
  return saysNotController(decode(api.response, header.apiVersion, body));
}

function withHeader({ api, header }: Inner, body: Uint8Array): Uint8Array {
  const { correlationId, apiVersion } = header;
  return concatenated([encodeResponseHeader(correlationId, responseHeaderVersion(api, apiVersion)), body]);
}
