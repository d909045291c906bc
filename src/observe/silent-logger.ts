/** A logger that says nothing: the library's default, so that a test run's output stays the test's. */
import type { Logger } from '../../wire/base/env';

export const silentLogger: Logger = {
  child: () => silentLogger,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
