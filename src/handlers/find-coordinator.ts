/**
 * FindCoordinator: which broker coordinates a group. v1 key types, v4 several keys at once (KIP-699), v6 share groups.
 *
 * The coordinator of a group leads its partition of __consumer_offsets; a missing topic is created, and the client asks
 * again. Transactions and share groups are not served yet: the answer is an error on which no client tries again.
 */
import type { Input } from '../../wire/schema';
import { FindCoordinatorRequest, FindCoordinatorResponse } from '../../wire/schema/group';
import { ErrorCode, errorMessage } from '../../wire/base/error-codes';
import { coordinatorPartition } from '../coordinator/java-hash';
import { OFFSETS_TOPIC } from '../metadata/internal-topics';
import { handler, type Call } from './handler';

type Coordinator = NonNullable<Input<typeof FindCoordinatorResponse>['coordinators']>[number];

const BATCHED_SINCE = 4;
const KeyType = { group: 0, transaction: 1, share: 2 } as const;

export const findCoordinator = handler({
  request: FindCoordinatorRequest,
  response: FindCoordinatorResponse,
  handle(call, request, respond) {
    if (call.apiVersion >= BATCHED_SINCE) {
      respond({ coordinators: request.coordinatorKeys.map((key) => find(call, request.keyType, key)) });
      return;
    }
    const found = find(call, request.keyType, request.key);
    const { errorCode, nodeId, host, port } = found;
    // Kafka's older versions say the code's sentence, and that of no error is its name.
    const sentence = errorCode === ErrorCode.NONE ? 'NONE' : errorMessage(errorCode);
    respond({ errorCode, errorMessage: found.errorMessage || sentence, nodeId, host, port });
  },
});

function find(call: Call, keyType: number, key: string): Coordinator {
  switch (keyType) {
    case KeyType.group:
      return findGroup(call, key);
    case KeyType.transaction:
      return failed(
        key,
        ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        'Transactions are not served by this broker yet.',
      );
    case KeyType.share:
      return failed(key, ErrorCode.INVALID_REQUEST, 'Share groups are not served by this broker yet.');
    default:
      return failed(key, ErrorCode.INVALID_REQUEST, `Unknown coordinator key type ${keyType}.`);
  }
}

function findGroup(call: Call, groupId: string): Coordinator {
  const { metadata, topicCreator } = call.services;
  const topic = metadata.topic(OFFSETS_TOPIC);
  if (topic === undefined) {
    topicCreator.create(OFFSETS_TOPIC);
    return failed(groupId, ErrorCode.COORDINATOR_NOT_AVAILABLE);
  }
  const partition = metadata.partition(OFFSETS_TOPIC, coordinatorPartition(groupId, topic.partitionCount));
  const broker = metadata.aliveBrokers(call.connection.listenerName).find(({ id }) => id === partition?.leader);
  if (broker === undefined) return failed(groupId, ErrorCode.COORDINATOR_NOT_AVAILABLE);
  return {
    key: groupId,
    nodeId: broker.id,
    host: broker.host,
    port: broker.port,
    errorCode: ErrorCode.NONE,
    errorMessage: '',
  };
}

function failed(key: string, errorCode: number, message = ''): Coordinator {
  return { key, nodeId: -1, host: '', port: -1, errorCode, errorMessage: message };
}
