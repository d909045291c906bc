/**
 * Values of messages, made from their schemas: what a version can carry, in shapes that reach the encodings' corners.
 *
 * A value made here has every field of every version, with the default where the version lacks it, so that decoding what
 * was encoded must give exactly the same.
 */
import type { ElementType, Field, FieldKind, Fields, Message } from '../../../wire/schema';
import { isIn } from '../../../wire/version-range';
import type { Seeded } from './seeded';

export const shapes = ['default', 'null', 'empty', 'minimal', 'maximal', 'random', 'tagged'] as const;
export type Shape = (typeof shapes)[number];

type Value = Record<string, unknown>;

interface Making {
  readonly version: number;
  readonly shape: Shape;
  readonly flexible: boolean;
  readonly random: Seeded;
}

const ZERO_ID = 'AAAAAAAAAAAAAAAAAAAAAA';
/** Unknown tags begin behind every tag that Kafka has used. */
const FIRST_UNKNOWN_TAG = 1000;
/** Long enough for a length of two bytes, in characters of one, two and three bytes. */
const LONG_TEXT = 'topic-é-€-'.repeat(20);

const LARGEST: Partial<Record<FieldKind, unknown>> = {
  bool: true,
  int8: 0x7f,
  int16: 0x7fff,
  uint16: 0xffff,
  int32: 0x7fffffff,
  uint32: 0xffffffff,
  int64: Number.MAX_SAFE_INTEGER,
  clampedInt64: Number.MAX_SAFE_INTEGER,
  bigint64: 2n ** 63n - 1n,
  float64: Number.MAX_VALUE,
  uuid: '_____________________w',
};

const SMALLEST: Partial<Record<FieldKind, unknown>> = {
  bool: false,
  int8: -0x80,
  int16: -0x8000,
  uint16: 0,
  int32: -0x80000000,
  uint32: 0,
  int64: Number.MIN_SAFE_INTEGER,
  clampedInt64: Number.MIN_SAFE_INTEGER,
  bigint64: -(2n ** 63n),
  float64: -Number.MAX_VALUE,
  uuid: ZERO_ID,
  string: '',
};

/** A value that `version` of the message can carry. */
export function makeValue(message: Message, version: number, shape: Shape, random: Seeded): Value {
  return makeStruct(message.fields, { version, shape, flexible: isIn(version, message.flexibleVersions), random });
}

function makeStruct(fields: Fields, making: Making): Value {
  const value: Value = {};
  for (const [name, field] of Object.entries(fields)) {
    const present = isIn(making.version, field.versions) && making.shape !== 'default';
    value[name] = present ? makeField(field, making) : defaultOf(field);
  }
  if (making.flexible && making.shape === 'tagged') value['unknownTaggedFields'] = makeUnknown(making.random);
  return value;
}

function makeUnknown(random: Seeded): unknown[] {
  return [
    { tag: FIRST_UNKNOWN_TAG, bytes: random.bytes(random.below(200)) },
    { tag: FIRST_UNKNOWN_TAG + 1 + random.below(1e6), bytes: random.bytes(3) },
  ];
}

/** What a field is where nobody set it. */
export function defaultOf(field: Field): unknown {
  if (field.defaultValue === null) return null;
  if (field.kind === 'array') return [];
  if (field.kind === 'struct') {
    const entries = Object.entries(field.element as Fields).map(([name, inner]) => [name, defaultOf(inner)]);
    return Object.fromEntries(entries) as Value;
  }
  return field.defaultValue;
}

function makeField(field: Field, making: Making): unknown {
  const nullable = isIn(making.version, field.nullableVersions);
  if (nullable && (making.shape === 'null' || (making.shape === 'random' && making.random.below(4) === 0))) return null;
  if (field.kind === 'array') {
    return Array.from({ length: arrayLength(making) }, () => makeElement(field.element, making));
  }
  if (field.kind === 'struct') return makeStruct(field.element as Fields, making);
  return makeScalar(field.kind, making);
}

function makeElement(element: ElementType | null, making: Making): unknown {
  return typeof element === 'string' ? makeScalar(element, making) : makeStruct(element as Fields, making);
}

function arrayLength(making: Making): number {
  if (making.shape === 'empty') return 0;
  if (making.shape === 'maximal') return 2;
  return making.shape === 'random' ? making.random.below(4) : 1;
}

function makeScalar(kind: FieldKind, making: Making): unknown {
  const { random, shape } = making;
  if (kind === 'bytes' || kind === 'records') return random.bytes(shape === 'maximal' ? 200 : random.below(20));
  if (shape === 'maximal') return kind === 'string' ? LONG_TEXT : LARGEST[kind];
  if (shape !== 'random' && shape !== 'tagged') return SMALLEST[kind];
  switch (kind) {
    case 'bool':
      return random.below(2) === 1;
    case 'string':
      return 'x'.repeat(random.below(30)) + '€'.repeat(random.below(2));
    case 'uuid':
      return Buffer.from(random.bytes(16)).toString('base64url');
    case 'float64':
      return random.below(1e6) / 7;
    case 'bigint64':
      return BigInt(random.below(2 ** 32)) << BigInt(random.below(30));
    default:
      return wholeNumber(kind, random);
  }
}

/** Over the whole range of the kind, small ones as often as large ones. */
function wholeNumber(kind: FieldKind, random: Seeded): number {
  const largest = LARGEST[kind] as number;
  const smallest = SMALLEST[kind] as number;
  const bits = random.below(Math.log2(largest + 1) + 1);
  const size = Math.min(Math.floor((random.below(2 ** 32) / 2 ** 32) * 2 ** bits), largest);
  return smallest < 0 && random.below(2) === 1 ? -size - 1 : size;
}
