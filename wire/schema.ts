/**
 * The vocabulary in which Kafka's messages are written down (`schema/*.ts`), as values.
 *
 * One value describes all versions of a message; the TypeScript types of what is decoded (`Infer`) and of what may be
 * encoded (`Input`) follow from it. Names are Kafka's in camel case. `codec.ts` compiles a message and a version to code.
 *
 * After decoding every field is there, in every version: where the version lacks it, it has its default. Without a
 * `default` of its own that is 0, '', false, the zero id, or empty.
 */
import { ZERO_UUID } from './base/uuid';
import { NO_VERSIONS, parseVersions } from './version-range';
import type { VersionRange, VersionText } from './version-range';

/** Records that are not in memory as one piece, such as ranges of a file: handed on as they are, never looked into. */
export interface RecordsBody {
  readonly sizeBytes: number;
}

/** A tagged field that this version of the schema does not know (KIP-482). */
export interface UnknownTaggedField {
  readonly tag: number;
  readonly bytes: Uint8Array;
}

export interface ScalarTypes {
  bool: boolean;
  int8: number;
  int16: number;
  uint16: number;
  int32: number;
  uint32: number;
  int64: number;
  /** An int64 whose values beyond 2^53 decode to the nearest number that is exact. */
  clampedInt64: number;
  /** An int64 that legally exceeds 2^53. */
  bigint64: bigint;
  float64: number;
  uuid: string;
  string: string;
  bytes: Uint8Array;
}

export type ScalarKind = keyof ScalarTypes;
export type FieldKind = ScalarKind | 'records' | 'struct' | 'array';

export type Fields = { readonly [name: string]: Field };
/** What an array holds, or what a field is: a scalar, or a struct's fields. */
export type ElementType = ScalarKind | Fields;

export interface FieldOptions<T> {
  readonly default?: T;
  /** Makes it a tagged field, in all its versions (KIP-482). */
  readonly tag?: number;
  /** A value may be dropped silently where the version lacks the field. */
  readonly ignorable?: true;
  /** Kafka's collections find elements by this field. */
  readonly key?: true;
}

export interface NullableOptions<T> extends FieldOptions<T | null> {
  readonly nullable?: VersionText;
}

export interface StringOptions extends NullableOptions<string> {
  /** The one string that keeps the old encoding in flexible versions is the client id of a request's header. */
  readonly mayBeFlexible?: false;
}

interface AnyOptions extends FieldOptions<unknown> {
  readonly nullable?: VersionText;
  readonly mayBeFlexible?: false;
}

type NoOptions = Record<never, never>;

declare const texts: unique symbol;

/** `V` and `O`, the versions and options as they were written, are there for the sake of `Infer` and `Input`. */
export interface Field<
  K extends FieldKind = FieldKind,
  E = ElementType | null,
  V extends string = string,
  O = unknown,
> {
  readonly kind: K;
  /** Of an array: what it holds. Of a struct: its fields. Else null. */
  readonly element: E;
  readonly versions: VersionRange;
  readonly nullableVersions: VersionRange;
  readonly tag: number | null;
  readonly ignorable: boolean;
  readonly key: boolean;
  readonly defaultValue: unknown;
  readonly mayBeFlexible: boolean;
  readonly [texts]?: { versions: V; options: O };
}

export type MessageType =
  | 'request'
  | 'response'
  | 'header'
  | 'data'
  | 'metadata'
  | 'coordinator-key'
  | 'coordinator-value';

export interface Message<F = Fields, V extends string = string> {
  readonly name: string;
  readonly type: MessageType;
  /** Of a request or response its API; of a stored record its type; -1 for the rest. */
  readonly apiKey: number;
  readonly validVersions: VersionRange;
  readonly flexibleVersions: VersionRange;
  readonly fields: F;
  /** Compiled code by version, filled in at first use. Owned by `codec.ts`. */
  readonly compiled: { readonly decoders: unknown[]; readonly encoders: unknown[] };
  readonly [texts]?: { versions: V };
}

/** What decoding gives. */
export type Infer<M> = M extends Message<infer F> ? InferFields<F> : never;

export type InferFields<F> = { -readonly [K in keyof F]: OutOf<F[K]> } & Unknown;

/**
 * What encoding takes. A field may be left out when it has a default of its own, is tagged, or is missing in some of the
 * versions of the struct or message that it stands in.
 */
export type Input<M> = M extends Message<infer F, infer V> ? InputFields<F, Always<V>> : never;

export type InputFields<F, A> = { readonly [K in RequiredKeys<F, A>]: InOf<F[K], A> } & {
  readonly [K in Exclude<keyof F, RequiredKeys<F, A>>]?: InOf<F[K], A> | undefined;
} & Readonly<Unknown>;

interface Unknown {
  unknownTaggedFields?: readonly UnknownTaggedField[] | undefined;
}

type OrNull<T, O> = O extends { nullable: string } ? T | null : T;

type OutOf<T> = T extends Field<infer K, infer E, string, infer O> ? OrNull<ValueOut<K, E>, O> : never;
type ValueOut<K, E> = K extends ScalarKind
  ? ScalarTypes[K]
  : K extends 'records'
    ? Uint8Array
    : K extends 'array'
      ? ElementOut<E>[]
      : InferFields<E>;
type ElementOut<E> = E extends ScalarKind ? ScalarTypes[E] : InferFields<E>;

type InOf<T, A> = T extends Field<infer K, infer E, infer V, infer O> ? OrNull<ValueIn<K, E, A | V>, O> : never;
type ValueIn<K, E, A> = K extends ScalarKind
  ? ScalarTypes[K]
  : K extends 'records'
    ? Uint8Array | RecordsBody
    : K extends 'array'
      ? readonly ElementIn<E, A>[]
      : InputFields<E, A>;
type ElementIn<E, A> = E extends ScalarKind ? ScalarTypes[E] : InputFields<E, A>;

/** `A` are the texts of version ranges that cover every version in question. */
type RequiredKeys<F, A> = { [K in keyof F]: IsRequired<F[K], A> extends true ? K : never }[keyof F];
type IsRequired<T, A> =
  T extends Field<FieldKind, unknown, infer V, infer O>
    ? O extends { default: unknown } | { tag: number }
      ? false
      : V extends A
        ? true
        : false
    : never;

/** The texts of version ranges that cover all of a message's versions. */
type Always<V extends string> = V | (V extends `${infer Min}-${string}` ? From<Min> : From<V>);
type From<Min> = Min extends '0'
  ? '0+'
  : Min extends '1'
    ? '0+' | '1+'
    : Min extends '2'
      ? '0+' | '1+' | '2+'
      : Min extends '3'
        ? '0+' | '1+' | '2+' | '3+'
        : '0+' | '1+' | '2+' | '3+' | '4+';

function field<K extends FieldKind, E>(
  kind: K,
  element: E,
  versions: VersionText,
  options: AnyOptions,
  implicitDefault: unknown,
): Field<K, E, never, never> {
  return {
    kind,
    element,
    versions: parseVersions(versions),
    nullableVersions: options.nullable === undefined ? NO_VERSIONS : parseVersions(options.nullable),
    tag: options.tag ?? null,
    ignorable: options.ignorable ?? false,
    key: options.key ?? false,
    defaultValue: options.default === undefined ? implicitDefault : options.default,
    mayBeFlexible: options.mayBeFlexible ?? true,
  };
}

type ScalarBuilder<K extends ScalarKind> = <
  const V extends VersionText,
  const O extends FieldOptions<ScalarTypes[K]> = NoOptions,
>(
  versions: V,
  options?: O,
) => Field<K, null, V, O>;

function scalar<K extends ScalarKind>(kind: K, implicitDefault: ScalarTypes[K]): ScalarBuilder<K> {
  return (versions, options) => field(kind, null, versions, options ?? {}, implicitDefault);
}

export const bool = scalar('bool', false);
export const int8 = scalar('int8', 0);
export const int16 = scalar('int16', 0);
export const uint16 = scalar('uint16', 0);
export const int32 = scalar('int32', 0);
export const uint32 = scalar('uint32', 0);
/** A 64-bit integer as a number: beyond 2^53 it does not decode. */
export const int64 = scalar('int64', 0);
/** A 64-bit integer that peers choose freely and that is only compared: beyond 2^53 it decodes to the nearest exact number. */
export const clampedInt64 = scalar('clampedInt64', 0);
/** A 64-bit integer that legally exceeds 2^53. */
export const bigint64 = scalar('bigint64', 0n);
export const float64 = scalar('float64', 0);
/** Sixteen bytes, as 22 characters of URL-safe base64. */
export const uuid = scalar('uuid', ZERO_UUID);

export function string<const V extends VersionText, const O extends StringOptions = NoOptions>(
  versions: V,
  options?: O,
): Field<'string', null, V, O> {
  return field('string', null, versions, options ?? {}, '');
}

const NO_BYTES = new Uint8Array(0);

/** Decodes to a slice of the input. */
export function bytes<const V extends VersionText, const O extends NullableOptions<Uint8Array> = NoOptions>(
  versions: V,
  options?: O,
): Field<'bytes', null, V, O> {
  return field('bytes', null, versions, options ?? {}, NO_BYTES);
}

/** Batches of records, opaque. Decodes to a slice of the input; encodes from bytes or from a body that is not in memory. */
export function records<const V extends VersionText, const O extends NullableOptions<Uint8Array> = NoOptions>(
  versions: V,
  options?: O,
): Field<'records', null, V, O> {
  return field('records', null, versions, options ?? {}, options?.nullable === undefined ? NO_BYTES : null);
}

/** An array of scalars (`array('0+', 'int32')`) or of structs (`array('0+', { ... })`). */
export function array<
  const V extends VersionText,
  const E extends ElementType,
  const O extends NullableOptions<never> = NoOptions,
>(versions: V, element: E, options?: O): Field<'array', E, V, O> {
  return field('array', element, versions, options ?? {}, NO_ELEMENTS);
}

const NO_ELEMENTS: readonly never[] = [];

/** A struct in place. Its default is a struct of defaults, unless it is null. */
export function struct<
  const V extends VersionText,
  const F extends Fields,
  const O extends NullableOptions<never> = NoOptions,
>(versions: V, fields: F, options?: O): Field<'struct', F, V, O> {
  return field('struct', fields, versions, options ?? {}, undefined);
}

interface MessageOptions<V extends VersionText> {
  readonly type: MessageType;
  readonly apiKey?: number;
  readonly validVersions: V;
  readonly flexibleVersions: VersionText;
}

/** A message, in all its versions. */
export function message<const F extends Fields, const V extends VersionText>(
  name: string,
  options: MessageOptions<V>,
  fields: F,
): Message<F, V> {
  return {
    name,
    type: options.type,
    apiKey: options.apiKey ?? -1,
    validVersions: parseVersions(options.validVersions),
    flexibleVersions: parseVersions(options.flexibleVersions),
    fields,
    compiled: { decoders: [], encoders: [] },
  };
}
