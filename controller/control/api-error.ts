/** Kafka's answer when something is refused: a code, and a sentence that tools print as it is. */
import { ErrorCode, errorMessage } from '../../wire/base/error-codes';

export interface ApiError {
  readonly code: number;
  /** Null: clients have a sentence of their own for the code, and Java's is Kafka's. */
  readonly message: string | null;
}

export const NO_ERROR: ApiError = { code: ErrorCode.NONE, message: null };

export function apiError(code: number, message: string | null = null): ApiError {
  return { code, message };
}

/** Refuses a request, or the part of it that is being looked at. Never leaves the controller's core. */
export class ApiException extends Error {
  override readonly name = 'ApiException';
  readonly error: ApiError;

  constructor(code: number, message: string | null = null) {
    super(message ?? errorMessage(code));
    this.error = { code, message };
  }
}

/** Runs `attempt`; what it refuses comes back as a value. */
export function refusalOf(attempt: () => void): ApiError {
  try {
    attempt();
    return NO_ERROR;
  } catch (error) {
    if (error instanceof ApiException) return error.error;
    throw error;
  }
}
