/** A handler of a few APIs whose answers a test decides, and frames for it. */
import { apis } from '../../../../wire/api-keys';
import type {
  Continuation,
  NetworkRequest,
  RequestHandler,
  Respond,
  ResponseChunks,
  ServedApi,
} from '../../../../src/network/request-handler';

export interface Handled {
  readonly request: NetworkRequest;
  readonly body: Buffer;
  readonly respond: Respond;
}

export const FETCH = apis.Fetch.key;
export const PRODUCE = apis.Produce.key;
export const METADATA = apis.Metadata.key;
export const API_VERSIONS = apis.ApiVersions.key;

/** Versions whose headers have no tagged fields, which keeps the frames of the tests simple. */
const SERVED: ReadonlyMap<number, ServedApi> = new Map([
  [PRODUCE, { minVersion: 3, maxVersion: 8, mayOverlap: true }],
  [FETCH, { minVersion: 4, maxVersion: 11, mayOverlap: false }],
  [METADATA, { minVersion: 0, maxVersion: 8, mayOverlap: false }],
  [API_VERSIONS, { minVersion: 0, maxVersion: 2, mayOverlap: false }],
]);

export class TestHandler implements RequestHandler {
  readonly handled: Handled[] = [];
  /** What to do with each request; without it they wait in `handled`. */
  onRequest: ((handled: Handled) => Continuation | void) | undefined;

  served(apiKey: number): ServedApi | undefined {
    return SERVED.get(apiKey);
  }

  handle(request: NetworkRequest, body: Uint8Array, respond: Respond): Continuation | void {
    const handled = { request, body: Buffer.from(body), respond };
    this.handled.push(handled);
    return this.onRequest?.(handled);
  }
}

export function chunksOf(...chunks: Uint8Array[]): ResponseChunks {
  return { chunks, sizeBytes: chunks.reduce((sum, chunk) => sum + chunk.length, 0) };
}

export const echo = ({ body, respond }: Handled): void => respond(chunksOf(body));

/** A framed request with header version 1 and client id "test". */
export function requestFrame(apiKey: number, version: number, correlationId: number, body: string | Buffer): Buffer {
  const content = Buffer.from(body);
  const frame = Buffer.alloc(4 + 8 + 2 + 4 + content.length);
  frame.writeInt32BE(frame.length - 4, 0);
  frame.writeInt16BE(apiKey, 4);
  frame.writeInt16BE(version, 6);
  frame.writeInt32BE(correlationId, 8);
  frame.writeInt16BE(4, 12);
  frame.write('test', 14);
  content.copy(frame, 18);
  return frame;
}

export interface ReceivedResponse {
  readonly correlationId: number;
  readonly body: Buffer;
}

/** The responses (header version 0) in `bytes`; a partial one at the end is left out. */
export function responsesIn(bytes: Buffer): ReceivedResponse[] {
  const responses: ReceivedResponse[] = [];
  let at = 0;
  while (bytes.length - at >= 8) {
    const end = at + 4 + bytes.readInt32BE(at);
    if (end > bytes.length) break;
    responses.push({ correlationId: bytes.readInt32BE(at + 4), body: bytes.subarray(at + 8, end) });
    at = end;
  }
  return responses;
}
