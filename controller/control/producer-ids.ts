/** Blocks of producer ids, a thousand at a time. (KIP-730) An id of the block may be used once the record is committed. */
import { ErrorCode } from '../../wire/base/error-codes';
import type { AllocateProducerIdsRequest, AllocateProducerIdsResponse } from '../../wire/schema/replica';
import { ownProducerIds } from '../metadata/own-producer-ids';
import { metadataRecord, type MetadataRecord } from '../metadata/records';
import { ApiException } from './api-error';
import { checkBrokerEpoch } from './broker-events';
import type { ControlResult } from './control-result';
import type { Controls } from './controls';

export const PRODUCER_ID_BLOCK_SIZE = 1000;
const MIRROR_SOURCE = 'mirror.source';
/** Of Kafka's broker: it writes what no broker has asked for. */
const NOBODY = -1;

/**
 * Ours. A topic in mirror mode holds batches with producer ids of another cluster, which has counted them up from 0 as this
 * one has: once it is promoted, a new producer here with the id of an old one there would be taken for it, and a batch of its
 * own for a batch that came already. So a cluster that makes such a topic goes on in a range of ids of its own.
 */
export function withOwnProducerIds(controls: Controls, records: readonly MetadataRecord[]): readonly MetadataRecord[] {
  const mirrors = records.some(({ type, value }) => type === 'ConfigRecord' && value.name === MIRROR_SOURCE && value.value !== '' && value.value !== null);
  const first = ownProducerIds(controls.config.clusterId);
  if (!mirrors || controls.state.image.nextProducerId >= first) return records;
  const record = { brokerId: NOBODY, brokerEpoch: NOBODY, nextProducerId: first };
  return [...records, metadataRecord('ProducerIdsRecord', 0, record)];
}

/** Throws ApiException STALE_BROKER_EPOCH. */
export function allocateProducerIds(
  controls: Controls,
  request: AllocateProducerIdsRequest,
): ControlResult<AllocateProducerIdsResponse> {
  checkBrokerEpoch(controls, request.brokerId, request.brokerEpoch);
  const first = Math.max(0, controls.state.image.nextProducerId);
  // Ids are numbers in here: the block must lie where numbers are exact.
  if (first > Number.MAX_SAFE_INTEGER - PRODUCER_ID_BLOCK_SIZE) {
    throw new ApiException(
      ErrorCode.UNKNOWN_SERVER_ERROR,
      "Exhausted all producerIds as the next block's end producerId has exceeded the int64 type limit",
    );
  }
  const { brokerId, brokerEpoch } = request;
  const record = metadataRecord('ProducerIdsRecord', 0, {
    brokerId,
    brokerEpoch,
    nextProducerId: first + PRODUCER_ID_BLOCK_SIZE,
  });
  return {
    records: [record],
    response: {
      throttleTimeMs: 0,
      errorCode: ErrorCode.NONE,
      producerIdStart: first,
      producerIdLen: PRODUCER_ID_BLOCK_SIZE,
    },
  };
}
