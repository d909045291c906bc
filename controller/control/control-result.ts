/** What a control makes of a request: records to append, and the answer for when they are committed. */
import { ErrorCode } from '../../wire/base/error-codes';
import type { MetadataRecord } from '../metadata/records';
import { ApiException } from './api-error';

/** A request of a user may not write more than this at once. */
export const MAX_RECORDS_PER_USER_OPERATION = 10_000;

export interface ControlResult<T> {
  readonly records: readonly MetadataRecord[];
  readonly response: T;
}

/** Throws ApiException POLICY_VIOLATION, so that a request that is too large fails alone and not the controller. */
export function assertBounded(records: readonly MetadataRecord[]): void {
  if (records.length <= MAX_RECORDS_PER_USER_OPERATION) return;
  throw new ApiException(ErrorCode.POLICY_VIOLATION, 'Unable to perform excessively large batch operation.');
}
