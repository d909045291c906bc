/**
 * Decoding and encoding of messages.
 *
 * Each version of each message is compiled to code at first use (about 0.15 ms) and kept with the message. `bytes` and
 * `records` decode to slices of the input: whoever keeps them longer than the input lives copies them. Bytes that do not
 * hold the message end in a DecodeError, never in another error, and memory stays within a small factor of their size.
 */
import { DecodeError, EncodeError } from './base/errors';
import { compileDecoder } from './codec/compile-decoder';
import type { Decoder } from './codec/compile-decoder';
import { compileEncoder } from './codec/compile-encoder';
import type { Encoder } from './codec/compile-encoder';
import { MessageReader } from './codec/message-reader';
import { MessageWriter } from './codec/message-writer';
import type { Infer, Input, Message, RecordsBody } from './schema';
import { isIn } from './version-range';

export interface DecodeOptions {
  /** Where the message begins. */
  readonly offset?: number;
  /** Where it ends; the end of the bytes when left out. */
  readonly end?: number;
  /** Tagged fields that the schema lacks are kept, so that encoding gives the same bytes again. */
  readonly keepUnknownTags?: boolean;
  /** Bytes behind the message are ignored: for formats whose readers must bear newer versions. */
  readonly allowTrailing?: boolean;
  /** How many elements all arrays of the message may have together: what bounds memory beyond the size of the bytes. */
  readonly maxElements?: number;
}

const INITIAL_BYTES = 256;

/**
 * Decodes a message that fills `bytes` from `offset` to `end`. Every field of every version is there afterwards.
 * Throws a DecodeError when the bytes do not hold it, or when the message has no such version.
 */
export function decode<M extends Message>(
  message: M,
  version: number,
  bytes: Uint8Array,
  options: DecodeOptions = {},
): Infer<M> {
  const decoder = decoderOf(message, version);
  const { offset = 0, end = bytes.length } = options;
  const reader = new MessageReader(
    bytes,
    offset,
    end,
    options.keepUnknownTags ?? false,
    options.maxElements ?? Infinity,
  );
  try {
    const value = decoder(reader);
    if (reader.position !== end && options.allowTrailing !== true)
      throw reader.failure(`${reader.remaining} bytes too many`);
    return value as Infer<M>;
  } catch (error) {
    throw error instanceof DecodeError ? error.within(`${message.name} v${version}`) : error;
  }
}

/** Encodes a message. Throws an EncodeError when the version cannot carry the value. */
export function encode<M extends Message>(message: M, version: number, value: Input<M>): Uint8Array {
  const writer = new MessageWriter(INITIAL_BYTES, false);
  write(message, version, value, writer);
  return writer.finish();
}

/**
 * Encodes a message without copying the records in it: they come back as chunks of their own, in place. `prefix` is put in
 * front of the first chunk, which is always bytes, so that the caller can fill in a frame's size. `expectedBytes`: about how
 * many bytes it will have beside the records that are not copied, which spares growing.
 */
export function encodeChunks<M extends Message>(
  message: M,
  version: number,
  value: Input<M>,
  prefix?: Uint8Array,
  expectedBytes = INITIAL_BYTES,
): { chunks: readonly (Uint8Array | RecordsBody)[]; sizeBytes: number; ownBytes: number } {
  const writer = new MessageWriter(Math.max(INITIAL_BYTES, expectedBytes), true);
  if (prefix !== undefined) writer.raw(prefix);
  write(message, version, value, writer);
  return writer.finishChunks();
}

function write(message: Message, version: number, value: unknown, writer: MessageWriter): void {
  const encoder = encoderOf(message, version);
  try {
    encoder(writer, value);
  } catch (error) {
    throw error instanceof EncodeError ? new EncodeError(`${message.name} v${version}: ${error.message}`) : error;
  }
}

function decoderOf(message: Message, version: number): Decoder {
  const known = message.compiled.decoders[version];
  if (known !== undefined) return known as Decoder;
  if (!isVersion(message, version)) throw new DecodeError(`${message.name} has no version ${version}`);
  const decoder = compileDecoder(message, version);
  message.compiled.decoders[version] = decoder;
  return decoder;
}

function encoderOf(message: Message, version: number): Encoder {
  const known = message.compiled.encoders[version];
  if (known !== undefined) return known as Encoder;
  if (!isVersion(message, version)) throw new EncodeError(`${message.name} has no version ${version}`);
  const encoder = compileEncoder(message, version);
  message.compiled.encoders[version] = encoder;
  return encoder;
}

function isVersion(message: Message, version: number): boolean {
  return Number.isInteger(version) && isIn(version, message.validVersions);
}
