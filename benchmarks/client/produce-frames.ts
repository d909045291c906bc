/**
 * Produce requests made in advance: whole frames of one size, one after the other in page-aligned memory, written again and
 * again. Slot i goes to partition i modulo their number and carries i as its correlation id, so that nothing is patched and
 * what is to be sent next is a slice.
 */
import { apis, responseHeaderVersion } from '../../wire/api-keys';
import { ErrorCode } from '../../wire/base/error-codes';
import type { IoMemory } from '../../wire/base/io-memory';
import { encode } from '../../wire/codec';
import { firstDifference } from './layout';
import type { Topic } from './topics';
import { requestFrame } from './wire-connection';

const TIMEOUT_MS = 30_000;

export interface ProduceFrames {
  readonly bytes: Buffer;
  readonly frameBytes: number;
  readonly slots: number;
  /** Of an answer without an error, without its size. */
  readonly responseBytes: number;
  /** Where the partition's error code lies in it. */
  readonly errorOffset: number;
}

export function produceFrames(
  memory: IoMemory,
  version: number,
  topic: Topic,
  partitions: readonly number[],
  inFlight: number,
  batch: Uint8Array,
  acks: 1 | -1 = 1,
): ProduceFrames {
  const slots = Math.ceil(inFlight / partitions.length) * partitions.length;
  const frame = (slot: number): Buffer =>
    requestFrame(apis.Produce, version, slot, {
      transactionalId: null,
      acks,
      timeoutMs: TIMEOUT_MS,
      topicData: [
        {
          name: topic.name,
          topicId: topic.id,
          partitionData: [{ index: partitions[slot % partitions.length] as number, records: batch }],
        },
      ],
    });
  const frameBytes = frame(0).length;
  const place = memory.allocate(frameBytes * slots);
  if (place === null) throw new Error(`no room for ${slots} frames of ${frameBytes} bytes`);
  const bytes = Buffer.from(place.buffer, place.byteOffset, place.length);
  for (let slot = 0; slot < slots; slot++) bytes.set(frame(slot), slot * frameBytes);
  return { bytes, frameBytes, slots, ...responseLayout(version, topic) };
}

function responseLayout(version: number, topic: Topic): { responseBytes: number; errorOffset: number } {
  const headerBytes = responseHeaderVersion(apis.Produce, version) === 1 ? 5 : 4;
  const answer = (errorCode: number): Uint8Array =>
    encode(apis.Produce.response, version, {
      responses: [
        { name: topic.name, topicId: topic.id, partitionResponses: [{ index: 0, errorCode, baseOffset: 0 }] },
      ],
    });
  const good = answer(ErrorCode.NONE);
  return {
    responseBytes: headerBytes + good.length,
    errorOffset: headerBytes + firstDifference(good, answer(0x0101)),
  };
}
