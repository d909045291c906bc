/**
 * Headers of requests and responses.
 *
 * A request's header begins the same in all its versions; whether tagged fields follow is known from the API and its
 * version. A frame here is what follows the four bytes of its size.
 */
import { ByteReader } from './base/byte-reader';
import { ByteWriter } from './base/byte-writer';
import type { Api } from './api-keys';
import { apiByKey, requestHeaderVersion } from './api-keys';

export interface RequestHeader {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
  /** Where the body begins. */
  readonly bodyOffset: number;
}

export interface ResponseHeader {
  readonly correlationId: number;
  readonly bodyOffset: number;
}

/**
 * Reads the header of a request. An API that is not known is no error here: its header is taken for version 1, and the caller
 * looks at the key before anything else. Throws a DecodeError when the bytes end too early.
 */
export function decodeRequestHeader(frame: Uint8Array): RequestHeader {
  const reader = new ByteReader(frame);
  const apiKey = reader.int16();
  const apiVersion = reader.int16();
  const correlationId = reader.int32();
  const clientId = reader.nullableString();
  const api = apiByKey(apiKey);
  if (api !== undefined && requestHeaderVersion(api, apiVersion) === 2) skipTaggedFields(reader);
  return { apiKey, apiVersion, correlationId, clientId, bodyOffset: reader.position };
}

/** Kafka has no tagged fields in headers so far; ones of a newer client are skipped. */
function skipTaggedFields(reader: ByteReader): void {
  for (let left = reader.unsignedVarint(); left > 0; left--) {
    reader.unsignedVarint();
    reader.take(reader.unsignedVarint());
  }
}

/** The header in front of a request's body. */
export function encodeRequestHeader(
  api: Api,
  apiVersion: number,
  correlationId: number,
  clientId: string | null,
): Uint8Array {
  const writer = new ByteWriter(64);
  writer.int16(api.key);
  writer.int16(apiVersion);
  writer.int32(correlationId);
  writer.nullableString(clientId);
  if (requestHeaderVersion(api, apiVersion) === 2) writer.unsignedVarint(0);
  return writer.finish();
}

/** Reads the header of a response; `headerVersion` is that of `responseHeaderVersion`. */
export function decodeResponseHeader(frame: Uint8Array, headerVersion: 0 | 1): ResponseHeader {
  const reader = new ByteReader(frame);
  const correlationId = reader.int32();
  if (headerVersion === 1) skipTaggedFields(reader);
  return { correlationId, bodyOffset: reader.position };
}

/** The header in front of a response's body. */
export function encodeResponseHeader(correlationId: number, headerVersion: 0 | 1): Uint8Array {
  const writer = new ByteWriter(8);
  writer.int32(correlationId);
  if (headerVersion === 1) writer.unsignedVarint(0);
  return writer.finish();
}
