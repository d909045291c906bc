/**
 * Records of `mm2-offsets.<source>.internal`, in which Kafka Connect keeps how far MirrorMaker's source connector has
 * copied: JSON, `["MirrorSourceConnector",{"cluster":"A","partition":0,"topic":"t"}]` and `{"offset":41}`. Pure.
 *
 * The offset is that of the last record delivered. The same topic holds entries of the other connectors.
 */
import type { KeyAndValue } from './key-and-value';

export interface ConnectOffset {
  readonly cluster: string;
  readonly topic: string;
  readonly partition: number;
  /** The last record delivered; null when the entry was taken back. */
  readonly offset: number | null;
}

const CONNECTOR = 'MirrorSourceConnector';

export function encodeConnectOffset({ cluster, topic, partition, offset }: ConnectOffset): KeyAndValue {
  const key = JSON.stringify([CONNECTOR, { cluster, partition, topic }]);
  return { key: Buffer.from(key), value: Buffer.from(JSON.stringify(offset === null ? null : { offset })) };
}

/** null for other connectors' entries, and for what is not an entry at all. A tombstone is an entry without an offset. */
export function decodeConnectOffset(key: Uint8Array, value: Uint8Array | null): ConnectOffset | null {
  const [connector, where] = asArray(parsed(key));
  if (connector !== CONNECTOR) return null;
  const { cluster, partition, topic } = asObject(where);
  if (typeof cluster !== 'string' || typeof topic !== 'string' || !isWhole(partition)) return null;
  const { offset } = asObject(value === null ? null : parsed(value));
  return { cluster, topic, partition, offset: isWhole(offset) ? offset : null };
}

/** undefined when it is no JSON. */
function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch {
    return undefined;
  }
}

function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' ? (value as Readonly<Record<string, unknown>>) : {};
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
