/** What stands in front of a response, and the one response that the network floor makes by itself. */
import { apis } from '../../wire/api-keys';
import { ErrorCode } from '../../wire/base/error-codes';
import { encode } from '../../wire/codec';
import { ApiVersionsResponse } from '../../wire/schema/metadata';
import type { ResponseChunks, ServedApi } from './request-handler';

/** Four bytes for the frame's size, correlation id, and in version 1 the end of the tagged fields. */
export function responseHeader(correlationId: number, headerVersion: 0 | 1): Uint8Array {
  const header = new Uint8Array(8 + headerVersion);
  header[4] = correlationId >>> 24;
  header[5] = correlationId >>> 16;
  header[6] = correlationId >>> 8;
  header[7] = correlationId;
  return header;
}

/** Writes the size of the whole frame's rest into a header of `responseHeader`. */
export function putSize(header: Uint8Array, bodyBytes: number): Uint8Array {
  const sizeBytes = header.length - 4 + bodyBytes;
  header[0] = sizeBytes >>> 24;
  header[1] = sizeBytes >>> 16;
  header[2] = sizeBytes >>> 8;
  header[3] = sizeBytes;
  return header;
}

/** To a version of ApiVersions that is too new: version 0, with what would be served, so that the client asks again. */
export function unsupportedApiVersions(served: ServedApi): ResponseChunks {
  const { minVersion, maxVersion } = served;
  const body = encode(ApiVersionsResponse, 0, {
    errorCode: ErrorCode.UNSUPPORTED_VERSION,
    apiKeys: [{ apiKey: apis.ApiVersions.key, minVersion, maxVersion }],
  });
  return { chunks: [body], sizeBytes: body.length };
}
