import { operationErrorCode } from '../../../src/coordinator/operation-errors';
import { ErrorCode, errorName } from '../../../wire/base/error-codes';

test.each([
  ['UNKNOWN_TOPIC_OR_PARTITION', 'COORDINATOR_NOT_AVAILABLE'],
  ['NOT_ENOUGH_REPLICAS', 'COORDINATOR_NOT_AVAILABLE'],
  ['NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'COORDINATOR_NOT_AVAILABLE'],
  ['REQUEST_TIMED_OUT', 'COORDINATOR_NOT_AVAILABLE'],
  ['NOT_LEADER_OR_FOLLOWER', 'NOT_COORDINATOR'],
  ['KAFKA_STORAGE_ERROR', 'NOT_COORDINATOR'],
  ['MESSAGE_TOO_LARGE', 'UNKNOWN_SERVER_ERROR'],
  ['RECORD_LIST_TOO_LARGE', 'UNKNOWN_SERVER_ERROR'],
  ['INVALID_FETCH_SIZE', 'UNKNOWN_SERVER_ERROR'],
  ['NETWORK_EXCEPTION', 'COORDINATOR_LOAD_IN_PROGRESS'],
  ['ILLEGAL_GENERATION', 'ILLEGAL_GENERATION'],
] as const)('a write that ends with %s is told to clients as %s', (from, to) => {
  expect(errorName(operationErrorCode(ErrorCode[from]))).toBe(to);
});
