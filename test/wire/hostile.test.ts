/**
 * Bytes that no well-meaning peer would send: every version of every message, cut short, changed and filled with nonsense.
 *
 * Whatever they are, decoding ends in a value or in a DecodeError, soon, and holds no more than the bytes can account for.
 */
import { DecodeError } from '../../wire/base/errors';
import { decode, encode } from '../../wire/codec';
import { decodeRequestHeader, decodeResponseHeader } from '../../wire/header';
import type { Input, Message } from '../../wire/schema';
import { eachVersion } from './support/all-messages';
import { makeValue } from './support/message-values';
import { seedOf, seeded } from './support/seeded';
import type { Seeded } from './support/seeded';

const TRUNCATIONS = 24;
const MUTATIONS = 24;

/** Lengths that lie: as 32-bit, 16-bit and variable-length integers. */
const LIES = [
  '7fffffff',
  '80000000',
  'ffffffff',
  '00ffffff',
  '7fff',
  '8000',
  'ffffffff0f',
  'ffffffffff',
  '8080808001',
  '00',
  'ff',
].map((hex) => Buffer.from(hex, 'hex'));

function validBytes(message: Message, version: number, random: Seeded): Uint8Array {
  const shape = version % 2 === 0 ? 'random' : 'tagged';
  return encode(message, version, makeValue(message, version, shape, random) as Input<Message>);
}

/** Decodes; the only error that may come is a DecodeError. */
function attempt(message: Message, version: number, bytes: Uint8Array): 'value' | 'error' {
  try {
    const value = decode(message, version, bytes, { keepUnknownTags: true });
    const elements = countElements(value);
    if (elements > bytes.length) throw new Error(`${elements} elements out of ${bytes.length} bytes`);
    return 'value';
  } catch (error) {
    if (error instanceof DecodeError) return 'error';
    throw new Error(`${message.name} v${version} ${Buffer.from(bytes).toString('hex')}`, { cause: error });
  }
}

/** Elements of all arrays, but for scalars of defaults: each must have cost a byte. */
function countElements(value: unknown): number {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return 0;
  const own = Array.isArray(value) ? value.length : 0;
  return Object.values(value).reduce((sum: number, each) => sum + countElements(each), own);
}

function mutate(bytes: Uint8Array, random: Seeded): Uint8Array {
  const at = random.below(bytes.length + 1);
  const lie = LIES[random.below(LIES.length)] as Buffer;
  switch (random.below(4)) {
    case 0:
      return Uint8Array.from([...bytes.subarray(0, at), ...lie, ...bytes.subarray(at)]);
    case 1:
      return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1 + random.below(4))]);
    case 2:
      return Uint8Array.from([...bytes.subarray(0, at), ...lie, ...bytes.subarray(at + lie.length)]);
    default: {
      const changed = Uint8Array.from(bytes);
      for (let count = 1 + random.below(3); count > 0; count--) changed[random.below(bytes.length)] = random.below(256);
      return changed;
    }
  }
}

describe('hostile bytes', () => {
  test('a frame cut short is an error at every place', () => {
    let cuts = 0;
    eachVersion((message, version) => {
      const bytes = validBytes(message, version, seeded(seedOf(`cut ${message.name} ${version}`)));
      const step = Math.max(1, Math.floor(bytes.length / TRUNCATIONS));
      for (let size = 0; size < bytes.length; size += step, cuts++) {
        expect(attempt(message, version, bytes.subarray(0, size))).toBe('error');
      }
    });
    expect(cuts).toBeGreaterThan(10_000);
  });

  test('a frame that was changed ends in a value or an error of its own kind', () => {
    const outcomes = { value: 0, error: 0 };
    eachVersion((message, version) => {
      const random = seeded(seedOf(`change ${message.name} ${version}`));
      const bytes = validBytes(message, version, random);
      for (let count = 0; count < MUTATIONS; count++) {
        outcomes[attempt(message, version, mutate(count % 3 === 2 ? mutate(bytes, random) : bytes, random))]++;
      }
    });
    expect(outcomes.value).toBeGreaterThan(1000);
    expect(outcomes.error).toBeGreaterThan(5000);
  });

  test('nonsense takes neither time nor memory, whatever lengths it claims', () => {
    const fills = [0x00, 0x01, 0x7f, 0x80, 0xff].map((byte) => new Uint8Array(4096).fill(byte));
    const before = process.memoryUsage();
    let worstMs = 0;
    eachVersion((message, version) => {
      for (const bytes of fills) {
        const startMs = performance.now();
        attempt(message, version, bytes);
        worstMs = Math.max(worstMs, performance.now() - startMs);
      }
    });
    const after = process.memoryUsage();
    expect(worstMs).toBeLessThan(1000);
    expect(after.heapUsed - before.heapUsed).toBeLessThan(256 * 1024 * 1024);
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(16 * 1024 * 1024);
  });
});

describe('hostile headers', () => {
  test('a header cut short or with false lengths is an error', () => {
    const header = Buffer.from('0012000400000007' + '0003616263' + '01' + '05' + '03' + '010203', 'hex');
    expect(decodeRequestHeader(header)).toMatchObject({
      apiKey: 18,
      apiVersion: 4,
      clientId: 'abc',
      bodyOffset: header.length,
    });
    for (let size = 0; size < header.length; size++) {
      expect(() => decodeRequestHeader(header.subarray(0, size))).toThrow(DecodeError);
    }
    expect(() => decodeRequestHeader(Buffer.from('0012000400000007' + '7fff', 'hex'))).toThrow(DecodeError);
    expect(() => decodeRequestHeader(Buffer.from('0012000400000007' + 'ffff' + 'ffffffff0f', 'hex'))).toThrow(
      DecodeError,
    );
    expect(() => decodeResponseHeader(Buffer.from('000000', 'hex'), 0)).toThrow(DecodeError);
    expect(() => decodeResponseHeader(Buffer.from('0000000701ff', 'hex'), 1)).toThrow(DecodeError);
  });
});
