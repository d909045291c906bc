/** Why a log cannot do what it is asked, with Kafka's code for the client. */
import { ErrorCode } from '../wire/base/error-codes';

export class LogStorageError extends Error {
  override readonly name = 'LogStorageError';
  readonly errorCode = ErrorCode.KAFKA_STORAGE_ERROR;
}
