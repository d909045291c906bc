/**
 * What a failed write looks like to a client: the log's own errors would send it to the wrong place
 * (CoordinatorOperationExceptionHelper of Kafka). Pure.
 */

import { ErrorCode } from '../../wire/base/error-codes';

/** The code that answers a request whose operation ended with `errorCode`. */
export function operationErrorCode(errorCode: number): number {
  switch (errorCode) {
    case ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
    case ErrorCode.NOT_ENOUGH_REPLICAS:
    case ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    case ErrorCode.REQUEST_TIMED_OUT:
      return ErrorCode.COORDINATOR_NOT_AVAILABLE;
    case ErrorCode.NOT_LEADER_OR_FOLLOWER:
    case ErrorCode.KAFKA_STORAGE_ERROR:
      return ErrorCode.NOT_COORDINATOR;
    case ErrorCode.MESSAGE_TOO_LARGE:
    case ErrorCode.RECORD_LIST_TOO_LARGE:
    case ErrorCode.INVALID_FETCH_SIZE:
      return ErrorCode.UNKNOWN_SERVER_ERROR;
    case ErrorCode.NETWORK_EXCEPTION:
      // The client shall try again here rather than look the coordinator up anew.
      return ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;
    default:
      return errorCode;
  }
}
