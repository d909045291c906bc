/**
 * The vocabulary in which Kafka's messages are written down (`schema/*.ts`), as values.
 *
 * One value describes all versions of a message; the TypeScript types of what is decoded (`Infer`) and of what may be
 * encoded (`Input`) follow from it. Names are Kafka's in camel case. `codec.ts` compiles a message and a version to code.
 *
 * After decoding every field is there, in every version: where the version lacks it, it has its default. Without a
 * `default` of its own that is 0, '', false, the zero id, or empty.
 */
import type { ByteReader } from './base/byte-reader';
import type { ByteWriter } from './base/byte-writer';
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

interface ScalarTypes {
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

/** What an array holds, or what a field is: a scalar, or a struct's fields. */
export type ElementType = ScalarKind | Fields;

declare const types: unique symbol;

export interface Field<Out = unknown, In = unknown, Omittable extends boolean = boolean> {
  readonly kind: FieldKind;
  readonly versions: VersionRange;
  readonly nullableVersions: VersionRange;
  /** Set: the field is a tagged one, in all its versions. */
  readonly tag: number | null;
  /** Whether a value may be dropped silently where the version lacks the field. */
  readonly ignorable: boolean;
  /** Whether Kafka's collections find elements by this field. */
  readonly key: boolean;
  readonly defaultValue: unknown;
  /** Of an array: what it holds. Of a struct: its fields. */
  readonly element: ElementType | null;
  /** False for the one field that keeps the old encoding in flexible versions (the client id of a request's header). */
  readonly mayBeFlexible: boolean;
  /** Only in types. */
  readonly [types]?: { out: Out; in: In; omittable: Omittable };
}

export type Fields = { readonly [name: string]: Field };

export type MessageType = 'request' | 'response' | 'header' | 'data' | 'metadata' | 'coordinator-key' | 'coordinator-value';

type Decoder = (reader: ByteReader, keepUnknownTags: boolean) => unknown;
type Encoder = (writer: ByteWriter, value: unknown, sink: unknown) => void;

export interface Message<F extends Fields = Fields> {
  readonly name: string;
  readonly type: MessageType;
  /** Of a request or response its API; of a stored record its type; -1 for the rest. */
  readonly apiKey: number;
  readonly validVersions: VersionRange;
  readonly flexibleVersions: VersionRange;
  readonly fields: F;
  /** Compiled code by version, filled in at first use. Owned by `codec.ts`. */
  readonly compiled: { readonly decoders: (Decoder | undefined)[]; readonly encoders: (Encoder | undefined)[] };
}

/** What decoding gives. */
export type Infer<M> = M extends Message<infer F> ? InferFields<F> : never;
/** What encoding takes: fields with a default, tagged ones and ones that not all versions have may be left out. */
export type Input<M> = M extends Message<infer F> ? InputFields<F> : never;

type OutOf<T> = T extends Field<infer Out> ? Out : never;
type InOf<T> = T extends Field<unknown, infer In> ? In : never;
type OmittableKeys<F> = { [K in keyof F]: F[K] extends Field<unknown, unknown, true> ? K : never }[keyof F];

export type InferFields<F> = { -readonly [K in keyof F]: OutOf<F[K]> } & {
  unknownTaggedFields?: readonly UnknownTaggedField[];
};
export type InputFields<F> = { readonly [K in Exclude<keyof F, OmittableKeys<F>>]: InOf<F[K]> } & {
  readonly [K in OmittableKeys<F>]?: InOf<F[K]> | undefined;
} & { readonly unknownTaggedFields?: readonly UnknownTaggedField[] | undefined };

interface FieldOptions<T> {
  readonly default?: T;
  readonly tag?: number;
  readonly ignorable?: true;
  readonly key?: true;
}

interface NullableOptions<T> extends FieldOptions<T | null> {
  readonly nullable?: VersionText;
}

interface StringOptions extends NullableOptions<string> {
  readonly mayBeFlexible?: false;
}

type NoOptions = Record<never, never>;
type Omittable<V, O> = O extends { default: unknown } | { tag: number } ? true : V extends '0+' ? false : true;
type OrNull<T, O> = O extends { nullable: string } ? T | null : T;

interface AnyOptions extends FieldOptions<unknown> {
  readonly nullable?: VersionText;
  readonly mayBeFlexible?: false;
}

function field(
  kind: FieldKind,
  versions: VersionText,
  options: AnyOptions,
  implicitDefault: unknown,
  element: ElementType | null = null,
): Field<never, never, never> {
  return {
    kind,
    versions: parseVersions(versions),
    nullableVersions: options.nullable === undefined ? NO_VERSIONS : parseVersions(options.nullable),
    tag: options.tag ?? null,
    ignorable: options.ignorable ?? false,
    key: options.key ?? false,
    defaultValue: options.default === undefined ? implicitDefault : options.default,
    element,
    mayBeFlexible: options.mayBeFlexible ?? true,
  };
}

type ScalarBuilder<T> = <const V extends VersionText, const O extends FieldOptions<T> = NoOptions>(
  versions: V,
  options?: O,
) => Field<T, T, Omittable<V, O>>;

function scalar<T>(kind: ScalarKind, implicitDefault: T): ScalarBuilder<T> {
  return (versions, options) => field(kind, versions, options ?? {}, implicitDefault);
}

export const bool = scalar<boolean>('bool', false);
export const int8 = scalar<number>('int8', 0);
export const int16 = scalar<number>('int16', 0);
export const uint16 = scalar<number>('uint16', 0);
export const int32 = scalar<number>('int32', 0);
export const uint32 = scalar<number>('uint32', 0);
/** A 64-bit integer as a number: beyond 2^53 it does not decode. */
export const int64 = scalar<number>('int64', 0);
/** A 64-bit integer that peers choose freely and that is only compared: beyond 2^53 it decodes to the nearest exact number. */
export const clampedInt64 = scalar<number>('clampedInt64', 0);
/** A 64-bit integer that legally exceeds 2^53. */
export const bigint64 = scalar<bigint>('bigint64', 0n);
export const float64 = scalar<number>('float64', 0);
/** Sixteen bytes, as 22 characters of URL-safe base64. */
export const uuid = scalar<string>('uuid', ZERO_UUID);

export function string<const V extends VersionText, const O extends StringOptions = NoOptions>(
  versions: V,
  options?: O,
): Field<OrNull<string, O>, OrNull<string, O>, Omittable<V, O>> {
  return field('string', versions, options ?? {}, '');
}

const NO_BYTES = new Uint8Array(0);

/** Decodes to a slice of the input. */
export function bytes<const V extends VersionText, const O extends NullableOptions<Uint8Array> = NoOptions>(
  versions: V,
  options?: O,
): Field<OrNull<Uint8Array, O>, OrNull<Uint8Array, O>, Omittable<V, O>> {
  return field('bytes', versions, options ?? {}, NO_BYTES);
}

/** Batches of records, opaque. Decodes to a slice of the input; encodes from bytes or from a body that is not in memory. */
export function records<const V extends VersionText, const O extends NullableOptions<Uint8Array> = NoOptions>(
  versions: V,
  options?: O,
): Field<OrNull<Uint8Array, O>, OrNull<Uint8Array | RecordsBody, O>, Omittable<V, O>> {
  return field('records', versions, options ?? {}, options?.nullable === undefined ? NO_BYTES : null);
}

type ElementOut<E> = E extends ScalarKind ? ScalarTypes[E] : InferFields<E>;
type ElementIn<E> = E extends ScalarKind ? ScalarTypes[E] : InputFields<E>;

/** An array of scalars (`array('0+', 'int32')`) or of structs (`array('0+', { ... })`). */
export function array<const V extends VersionText, const E extends ElementType, const O extends NullableOptions<readonly never[]> = NoOptions>(
  versions: V,
  element: E,
  options?: O,
): Field<OrNull<ElementOut<E>[], O>, OrNull<readonly ElementIn<E>[], O>, Omittable<V, O>> {
  return field('array', versions, options ?? {}, [], element);
}

/** A struct in place. Its default is a struct of defaults, unless it is null. */
export function struct<const V extends VersionText, const F extends Fields, const O extends NullableOptions<never> = NoOptions>(
  versions: V,
  fields: F,
  options?: O,
): Field<OrNull<InferFields<F>, O>, OrNull<InputFields<F>, O>, Omittable<V, O>> {
  return field('struct', versions, options ?? {}, undefined, fields);
}

interface MessageOptions {
  readonly type: MessageType;
  readonly apiKey?: number;
  readonly validVersions: VersionText;
  readonly flexibleVersions: VersionText;
}

/** A message of all its versions. */
export function message<const F extends Fields>(name: string, options: MessageOptions, fields: F): Message<F> {
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
