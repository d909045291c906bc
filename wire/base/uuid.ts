/**
 * Kafka's ids (KIP-516): 16 bytes on the wire, 22 characters of unpadded URL-safe base64 in text and in memory.
 *
 * Text is what people see in tools and files and what maps take as a key, so the text form is the only one we keep.
 */
import { EncodeError } from './errors';
import type { Random } from './env';

export const UUID_BYTES = 16;
export const UUID_CHARS = 22;

/** "No id": what a version that lacks ids, or a topic that never got one, carries. */
export const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA';
/** The id of `__cluster_metadata` (KIP-595). */
export const METADATA_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** Six bits to a character code. */
const CODES = Uint8Array.from(ALPHABET, (character) => character.charCodeAt(0));
/** Character code to six bits, 255 for what is not in the alphabet. */
const SIXES = new Uint8Array(128).fill(255);
for (let six = 0; six < 64; six++) SIXES[ALPHABET.charCodeAt(six)] = six;

function code(bits: number): number {
  return CODES[bits & 63] as number;
}

/** The text of the 16 bytes that four big-endian 32-bit words hold. */
export function uuidFromWords(a: number, b: number, c: number, d: number): string {
  if ((a | b | c | d) === 0) return ZERO_UUID;
  return String.fromCharCode(
    code(a >>> 26), code(a >>> 20), code(a >>> 14), code(a >>> 8), code(a >>> 2), code((a << 4) | (b >>> 28)),
    code(b >>> 22), code(b >>> 16), code(b >>> 10), code(b >>> 4), code((b << 2) | (c >>> 30)),
    code(c >>> 24), code(c >>> 18), code(c >>> 12), code(c >>> 6), code(c),
    code(d >>> 26), code(d >>> 20), code(d >>> 14), code(d >>> 8), code(d >>> 2), code(d << 4),
  ); // prettier-ignore
}

function word(bytes: Uint8Array, offset: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(offset, offset + 4);
  return (a << 24) | (b << 16) | (c << 8) | d;
}

/** The text of the 16 bytes at `offset`. */
export function uuidToString(bytes: Uint8Array, offset = 0): string {
  if (offset + UUID_BYTES > bytes.length) throw new RangeError(`no 16 bytes of an id at ${offset}`);
  return uuidFromWords(word(bytes, offset), word(bytes, offset + 4), word(bytes, offset + 8), word(bytes, offset + 12));
}

/** Whether `text` is the text of an id: 22 characters of the alphabet, the last of which carries two bits only. */
export function isUuid(text: string): boolean {
  if (text.length !== UUID_CHARS) return false;
  for (let index = 0; index < UUID_CHARS; index++) if (sixAt(text, index) === 255) return false;
  return (sixAt(text, UUID_CHARS - 1) & 15) === 0;
}

function sixAt(text: string, index: number): number {
  const at = text.charCodeAt(index);
  return at < 128 ? (SIXES[at] as number) : 255;
}

/** Writes the 16 bytes of `text` at `offset`. Throws an EncodeError when it is not the text of an id. */
export function writeUuid(text: string, into: Uint8Array, offset: number): void {
  if (typeof text !== 'string' || !isUuid(text))
    throw new EncodeError(`not an id of ${UUID_CHARS} characters: ${String(text)}`);
  let bits = 0;
  let count = 0;
  let at = offset;
  for (let index = 0; index < UUID_CHARS; index++) {
    bits = ((bits << 6) | sixAt(text, index)) & 0xffff;
    count += 6;
    if (count < 8 || at >= offset + UUID_BYTES) continue;
    count -= 8;
    into[at++] = bits >>> count;
  }
}

/** The 16 bytes of `text`. Throws an EncodeError when it is not the text of an id. */
export function uuidToBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(UUID_BYTES);
  writeUuid(text, bytes, 0);
  return bytes;
}

/** A fresh version 4 id. Never begins with '-', which command lines would take for a flag; never a reserved one. */
export function randomUuid(random: Random): string {
  const bytes = new Uint8Array(UUID_BYTES);
  for (;;) {
    random.bytes(bytes);
    bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
    bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
    const text = uuidToString(bytes);
    if (!text.startsWith('-')) return text;
  }
}
