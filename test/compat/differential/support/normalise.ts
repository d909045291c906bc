/**
 * What may differ between two brokers that do the same is replaced: ids by what they name or by numbers in the order in
 * which they are first seen, ports, the time of day, offsets in the metadata log. Record batches are opened, so that a
 * difference in them is seen where it is.
 */
import { BatchView, TimestampType, batchSizeAt } from '../../../../wire/record/batch';
import { CompressionType } from '../../../../wire/record/compression-type';
import { DEFAULT_DECODE_LIMITS, decodeRecords } from '../../../../wire/record/records';
import { ZERO_UUID } from '../../../../wire/base/uuid';

type Json = Readonly<Record<string, unknown>>;

const JAVA_UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const NUMBERED_FIELDS = new Set(['sessionId', 'producerId']);
const MESSAGE_FIELDS = new Set(['errorMessage', 'batchIndexErrorMessage']);
/** The time of day is what lies so close to now; scenarios use times further away. */
const NOW_MS = 60_000;
/** What names an element of an array, in the order of preference. */
const SORT_FIELDS = [
  'name',
  'topic',
  'resourceName',
  'topicId',
  'groupId',
  'memberId',
  'key',
  'apiKey',
  'partitionIndex',
  'partition',
  'index',
];

export interface NormaliseOptions {
  readonly isOrdered: boolean;
  /** Texts of error messages are compared too, not only whether there is one. */
  readonly withMessages: boolean;
}

/** One broker's ids during one scenario. */
export class Normaliser {
  private readonly topicNames = new Map<string, string>();
  private readonly numbers = new Map<string, Map<unknown, number>>();

  normalise(response: unknown, options: NormaliseOptions): unknown {
    this.learn(response);
    return this.value('', response, options);
  }

  private learn(value: unknown): void {
    if (Array.isArray(value)) value.forEach((element) => this.learn(element));
    if (!isStruct(value)) return;
    const { topicId, name, errorCode } = value;
    const isKnown = typeof topicId === 'string' && topicId !== ZERO_UUID && errorCode === 0;
    if (isKnown && typeof name === 'string') this.topicNames.set(topicId, name);
    Object.values(value).forEach((inner) => this.learn(inner));
  }

  private value(field: string, value: unknown, options: NormaliseOptions): unknown {
    if (value instanceof Uint8Array)
      return field === 'records' ? this.batches(value, options) : Buffer.from(value).toString('latin1');
    if (Array.isArray(value)) return this.array(field, value, options);
    if (isStruct(value)) return this.struct(value, options);
    if (typeof value === 'string') return this.text(field, value, options);
    return typeof value === 'number' ? this.number(field, value) : value;
  }

  private struct(value: Json, options: NormaliseOptions): Json {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, this.value(name, inner, options)]));
  }

  private array(field: string, elements: readonly unknown[], options: NormaliseOptions): unknown[] {
    if (options.isOrdered || !elements.every(isStruct))
      return elements.map((element) => this.value(field, element, options));
    // Sorted before ids are numbered as they are first seen, and by what has taken their place.
    const values = [...elements].sort(byName).map((element) => this.struct(element, options));
    return values.sort(byName);
  }

  private text(field: string, value: string, options: NormaliseOptions): string {
    if (field === 'topicId' && value !== ZERO_UUID)
      return this.topicNames.has(value) ? `<id of ${this.topicNames.get(value)}>` : this.numbered('topic', value);
    if (field === 'clusterId' && value !== '') return '<cluster>';
    if (MESSAGE_FIELDS.has(field) && !options.withMessages && value !== '') return '<text>';
    return value.replaceAll(JAVA_UUID, (id) => this.numbered('uuid', id));
  }

  private number(field: string, value: number): unknown {
    if (field === 'port' && value > 0) return '<port>';
    if (field === 'finalizedFeaturesEpoch') return '<offset>';
    if (NUMBERED_FIELDS.has(field) && value > 0) return this.numbered(field, value);
    return Math.abs(value - Date.now()) < NOW_MS ? '<now>' : value;
  }

  private numbered(kind: string, value: unknown): string {
    const known = this.numbers.get(kind) ?? new Map<unknown, number>();
    this.numbers.set(kind, known);
    if (!known.has(value)) known.set(value, known.size + 1);
    return `<${kind} ${known.get(value)}>`;
  }

  private batches(bytes: Uint8Array, options: NormaliseOptions): unknown[] {
    const batches: unknown[] = [];
    let at = 0;
    for (let size = batchSizeAt(bytes, at); size > 0 && at + size <= bytes.length; size = batchSizeAt(bytes, at)) {
      batches.push(this.struct(openBatch(new BatchView(bytes.slice(at, at + size))), options));
      at += size;
    }
    if (at < bytes.length) batches.push({ cutAfterBytes: bytes.length - at });
    return batches;
  }
}

function openBatch(batch: BatchView): Json {
  return {
    baseOffset: batch.baseOffset,
    lastOffset: batch.lastOffset,
    sizeBytes: batch.sizeBytes,
    leaderEpoch: batch.partitionLeaderEpoch,
    compression: Object.entries(CompressionType).find(([, codec]) => codec === batch.compression)?.[0],
    timestampType: batch.timestampType === TimestampType.logAppendTime ? 'LogAppendTime' : 'CreateTime',
    maxTimestamp: batch.maxTimestamp,
    producerId: batch.producerId,
    producerEpoch: batch.producerEpoch,
    baseSequence: batch.baseSequence,
    isTransactional: batch.isTransactional,
    isControl: batch.isControl,
    records: decodeRecords(batch, DEFAULT_DECODE_LIMITS).map(({ offset, timestampMs, key, value }) => ({
      offset,
      timestampMs,
      key: key === null ? null : Buffer.from(key).toString('latin1'),
      value: value === null ? null : shortened(Buffer.from(value).toString('latin1')),
    })),
  };
}

function shortened(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 20)}... ${text.length} characters`;
}

function isStruct(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function byName(a: Json, b: Json): number {
  for (const field of SORT_FIELDS) {
    const [left, right] = [a[field] ?? null, b[field] ?? null];
    if (typeof left === 'number' && typeof right === 'number' && left !== right) return left - right;
    if (String(left) !== String(right)) return String(left) < String(right) ? -1 : 1;
  }
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
