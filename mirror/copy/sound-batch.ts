/**
 * Whoever writes into a batch gives it another checksum, which would make damage of the way pass for sound records: so the
 * source's own is checked first.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import type { Crc32c } from '../../wire/base/env';
import { BatchView } from '../../wire/record/batch';
import type { FlowPartition } from '../flow/flow-partition';
import type { CommittedBatch } from './committed-batches-core';
import { CopyStopped } from './partition-writer';

/** Throws CopyStopped when the bytes are not those that the source's checksum was made of. */
export function assertSound({ bytes, baseOffset }: CommittedBatch, { sourceTopic, partition }: FlowPartition, crc32c: Crc32c): void {
  if (new BatchView(bytes).isCrcValid(crc32c)) return;
  const message = `${sourceTopic}-${partition} cannot be copied at offset ${baseOffset}: the checksum of the batch does not match; its bytes were damaged at the source or on their way`;
  throw new CopyStopped({ kind: 'refused', errorCode: ErrorCode.CORRUPT_MESSAGE, message });
}
