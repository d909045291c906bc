/** The codecs of a record batch: bits 0 to 2 of its attributes. Names are those of `compression.type`. */

export const CompressionType = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;

export type CompressionType = (typeof CompressionType)[keyof typeof CompressionType];

export type CompressionName = keyof typeof CompressionType;

const NAMES: readonly CompressionName[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/** Kafka's name of a codec's id, or null for ids 5 to 7, which no version uses. */
export function compressionName(id: number): CompressionName | null {
  return NAMES[id] ?? null;
}

/** Whether `id` is a codec that a batch of magic 2 may name. */
export function isCompressionType(id: number): id is CompressionType {
  return Number.isInteger(id) && id >= 0 && id <= 4;
}
