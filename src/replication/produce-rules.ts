/** How a topic's settings and a request's version become the rules by which its batches are validated. */
import { isCompacted, type LogConfig } from '../../log/log-config';
import type { Crc32c } from '../../wire/base/env';
import { TimestampType } from '../../wire/record/batch';
import { CompressionType, type CompressionName } from '../../wire/record/compression-type';
import type { ValidationMode, ValidationRules } from '../../wire/record/validation-rules';

/** A compressed batch may not become larger than this: Kafka's clients send at most max.message.bytes, compressed. */
const MAX_DECOMPRESSED_BYTES = 256 * 1024 * 1024;

export class ProduceRules {
  /** Rules by version, for as long as a topic's settings stay the same object. */
  private readonly known = new WeakMap<LogConfig, Map<number, ValidationRules>>();

  constructor(
    private readonly mode: ValidationMode,
    private readonly crc32c: Crc32c,
  ) {}

  for(config: LogConfig, produceVersion: number): ValidationRules {
    let versions = this.known.get(config);
    if (versions === undefined) this.known.set(config, (versions = new Map()));
    const known = versions.get(produceVersion);
    if (known !== undefined) return known;
    const rules = this.build(config, produceVersion);
    versions.set(produceVersion, rules);
    return rules;
  }

  private build(config: LogConfig, produceVersion: number): ValidationRules {
    const { compressionType } = config;
    return {
      produceVersion,
      mode: this.mode,
      isCompacted: isCompacted(config),
      timestampType:
        config.messageTimestampType === 'LogAppendTime' ? TimestampType.logAppendTime : TimestampType.createTime,
      beforeMaxMs: config.messageTimestampBeforeMaxMs,
      afterMaxMs: config.messageTimestampAfterMaxMs,
      maxMessageBytes: config.maxMessageBytes,
      compressionType: compressionType === 'producer' ? 'producer' : codecOf(compressionType),
      ...levelOf(config),
      maxDecompressedBytes: MAX_DECOMPRESSED_BYTES,
      crc32c: this.crc32c,
    };
  }
}

function codecOf(name: string): CompressionType {
  return name === 'uncompressed' ? CompressionType.none : CompressionType[name as CompressionName];
}

function levelOf(config: LogConfig): { compressionLevel?: number } {
  switch (config.compressionType) {
    case 'gzip':
      return { compressionLevel: config.compressionGzipLevel };
    case 'lz4':
      return { compressionLevel: config.compressionLz4Level };
    case 'zstd':
      return { compressionLevel: config.compressionZstdLevel };
    default:
      return {};
  }
}
