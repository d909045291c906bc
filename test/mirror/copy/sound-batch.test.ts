/** Damage between a source and the mirror is not given a checksum of its own. */
import { committedBatches } from '../../../mirror/copy/committed-batches-core';
import { OrdinaryWriter, type OrdinaryParts } from '../../../mirror/copy/ordinary-writer';
import { PreservingWriter } from '../../../mirror/preserve/preserving-writer';
import { BatchView } from '../../../wire/record/batch';
import { crc32cPortable } from '../../../wire/record/crc32c';
import { encodeBatch } from '../../../wire/record/records';

const partition = { sourceTopic: 't', sourceTopicId: 'AAAAAAAAAAAAAAAAAAAABQ', targetTopic: 'A.t', partition: 0 };
const env = { crc32c: crc32cPortable };

function fetched(isTransactional: boolean, isDamaged: boolean) {
  const records = [{ key: null, value: Buffer.from('hello'), timestampMs: 1 }];
  const bytes = Uint8Array.from(encodeBatch({ records, isTransactional, ...(isTransactional ? { producerId: 1, producerEpoch: 0, baseSequence: 0 } : {}) }, crc32cPortable));
  const last = bytes.length - 2;
  if (isDamaged) bytes[last] = (bytes[last] ?? 0) ^ 0xff;
  return committedBatches(bytes, 0, null).batches;
}

describe('a batch whose checksum does not match', () => {
  test('is not copied in ordinary mode, and its partition, offset and cause are told', () => {
    const writer = new OrdinaryWriter({ env } as unknown as OrdinaryParts, partition);
    expect(() => writer.pack(fetched(false, true))).toThrow(/t-0 cannot be copied at offset 0: the checksum of the batch does not match/);
    const { data } = writer.pack(fetched(false, false));
    expect(new BatchView(data.records as Uint8Array).isCrcValid(crc32cPortable)).toBe(true);
  });

  test('is not made sound by losing its transactional bit in offset-preserving mode', () => {
    const writer = new PreservingWriter({ env, sourceAlias: 'A' } as unknown as ConstructorParameters<typeof PreservingWriter>[0], partition);
    const source = { logStartOffset: 0, lastStableOffset: 1 };
    expect(() => writer.pack(fetched(true, true), 1_000_000, source)).toThrow(/the checksum of the batch does not match/);
    const { data } = writer.pack(fetched(true, false), 1_000_000, source);
    expect(new BatchView(data.records as Uint8Array).isCrcValid(crc32cPortable)).toBe(true);
  });
});
