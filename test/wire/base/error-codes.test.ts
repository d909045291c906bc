import { ErrorCode, errorMessage, errorName, isRetriable } from '../../../wire/base/error-codes';

describe('error codes', () => {
  test('run from -1 to 133 without a gap', () => {
    const codes = Object.values(ErrorCode);
    expect(codes).toEqual(Array.from({ length: 135 }, (_, index) => index - 1));
  });

  test('every code has its name back and a sentence', () => {
    for (const [name, code] of Object.entries(ErrorCode)) {
      expect(errorName(code)).toBe(name);
      expect(errorMessage(code)).toMatch(/^[A-Za-z].*\.$/);
    }
  });

  test('a code that is not known is an unknown server error', () => {
    expect(errorName(9999)).toBe('UNKNOWN_SERVER_ERROR');
    expect(isRetriable(9999)).toBe(false);
  });

  test('passing conditions are retriable, verdicts are not', () => {
    expect(isRetriable(ErrorCode.NOT_LEADER_OR_FOLLOWER)).toBe(true);
    expect(isRetriable(ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR)).toBe(true);
    expect(isRetriable(ErrorCode.NONE)).toBe(false);
    expect(isRetriable(ErrorCode.PRODUCER_FENCED)).toBe(false);
    expect(Object.values(ErrorCode).filter((code) => isRetriable(code))).toHaveLength(32);
  });
});
