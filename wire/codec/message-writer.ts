/**
 * A ByteWriter that checks values against their fields, knows tagged fields (KIP-482), and can hand on bodies of records
 * instead of copying them: what compiled encoders write to.
 *
 * A field that was left out has its default; every other value outside its type is an EncodeError with the field's name.
 */
import { ByteWriter } from '../base/byte-writer';
import { EncodeError } from '../base/errors';
import type { RecordsBody, UnknownTaggedField } from '../schema';

/** Records below this size are cheaper to copy than to send as a chunk of their own. */
const COPY_BELOW_BYTES = 4096;

function refuse(name: string, what: string, value: unknown): never {
  throw new EncodeError(
    `${name}: ${what}, not ${typeof value === 'object' && value !== null ? 'an object' : String(value)}`,
  );
}

export class MessageWriter extends ByteWriter {
  /** Not null: bodies of records become chunks of their own. */
  private readonly chunks: (Uint8Array | RecordsBody)[] | null;
  private chunkStart = 0;

  constructor(initialBytes: number, cutsBodies: boolean) {
    super(initialBytes);
    this.chunks = cutsBodies ? [] : null;
  }

  /** What has been written and handed on, in order; `ownBytes` of it were written. */
  finishChunks(): { chunks: readonly (Uint8Array | RecordsBody)[]; sizeBytes: number; ownBytes: number } {
    const chunks = this.chunks ?? [];
    if (this.position > this.chunkStart || chunks.length === 0) chunks.push(this.written(this.chunkStart));
    this.chunkStart = this.position;
    let sizeBytes = 0;
    for (const chunk of chunks) sizeBytes += ArrayBuffer.isView(chunk) ? chunk.length : chunk.sizeBytes;
    return { chunks, sizeBytes, ownBytes: this.position };
  }

  /** Records, behind their length. */
  recordsBody(value: Uint8Array | RecordsBody, flexible: boolean): void {
    const isBytes = ArrayBuffer.isView(value);
    const size = isBytes ? value.length : value.sizeBytes;
    if (flexible) this.unsignedVarint(size + 1);
    else this.int32(size);
    if (isBytes && (this.chunks === null || size < COPY_BELOW_BYTES)) {
      this.raw(value);
      return;
    }
    if (this.chunks === null)
      throw new EncodeError('records that are not in memory cannot be copied: encode in chunks');
    this.chunks.push(this.written(this.chunkStart), value);
    this.chunkStart = this.position;
  }

  /** The unknown tagged fields below `tag`, from index `from` on; returns the next index. */
  unknownTags(list: readonly UnknownTaggedField[], from: number, tag: number): number {
    let index = from;
    for (let field = list[index]; field !== undefined && field.tag < tag; field = list[++index]) {
      const previous = list[index - 1];
      if (previous !== undefined && previous.tag >= field.tag)
        refuse('unknownTaggedFields', 'ascending tags', field.tag);
      this.unsignedVarint(field.tag);
      this.compactTag(field.bytes);
    }
    if (list[index]?.tag === tag) refuse('unknownTaggedFields', 'tags that the schema lacks', tag);
    return index;
  }

  private compactTag(bytes: Uint8Array): void {
    this.unsignedVarint(bytes.length);
    this.raw(bytes);
  }
}

/** The checks that compiled encoders call: a value, its field's default (null for elements of arrays) and name. */
export const checks = {
  bool(value: unknown, fallback: boolean | null, name: string): number {
    if (typeof value === 'boolean') return value ? 1 : 0;
    return Number(otherwise(value, fallback, name, 'a boolean'));
  },
  int8(value: unknown, fallback: number | null, name: string): number {
    if (typeof value === 'number' && (value << 24) >> 24 === value) return value;
    return otherwise(value, fallback, name, 'a whole number of 8 bits');
  },
  int16(value: unknown, fallback: number | null, name: string): number {
    if (typeof value === 'number' && (value << 16) >> 16 === value) return value;
    return otherwise(value, fallback, name, 'a whole number of 16 bits');
  },
  uint16: whole(0, 0xffff),
  int32(value: unknown, fallback: number | null, name: string): number {
    if (typeof value === 'number' && (value | 0) === value) return value;
    return otherwise(value, fallback, name, 'a whole number of 32 bits');
  },
  uint32: whole(0, 0xffffffff),
  int64(value: unknown, fallback: number | null, name: string): number {
    if (Number.isSafeInteger(value) || value === -(2 ** 53)) return value as number;
    return otherwise(value, fallback, name, 'a whole number within 2^53');
  },
  bigint64(value: unknown, fallback: bigint | null, name: string): bigint {
    if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return value;
    return otherwise(value, fallback, name, 'a bigint of 64 bits');
  },
  float64(value: unknown, fallback: number | null, name: string): number {
    return typeof value === 'number' ? value : otherwise(value, fallback, name, 'a number');
  },
  uuid(value: unknown, fallback: string | null, name: string): string {
    return typeof value === 'string' ? value : otherwise(value, fallback, name, 'an id');
  },
  string(value: unknown, name: string): string {
    return typeof value === 'string' ? value : refuse(name, 'a string', value);
  },
  bytes(value: unknown, name: string): unknown {
    return ArrayBuffer.isView(value) ? value : refuse(name, 'bytes', value);
  },
  records(value: unknown, name: string): unknown {
    if (ArrayBuffer.isView(value)) return value;
    const body = value as Partial<RecordsBody> | null;
    return Number.isSafeInteger(body?.sizeBytes) ? value : refuse(name, 'records', value);
  },
  array(value: unknown, name: string): unknown {
    return Array.isArray(value) ? value : refuse(name, 'an array', value);
  },
  struct(value: unknown, name: string): unknown {
    return typeof value === 'object' && value !== null ? value : refuse(name, 'a struct', value);
  },
  refuseAbsent(name: string, version: number): never {
    throw new EncodeError(`${name}: set, but version ${version} has no such field`);
  },
};

function otherwise<T>(value: unknown, fallback: T | null, name: string, what: string): T {
  return value === undefined && fallback !== null ? fallback : refuse(name, what, value);
}

function whole(min: number, max: number) {
  return (value: unknown, fallback: number | null, name: string): number => {
    if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
    return otherwise(value, fallback, name, `a whole number in [${min}, ${max}]`);
  };
}
