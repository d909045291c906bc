/**
 * Something that must never happen did: a bug in the code under simulation (or in the simulator). It is kept by whoever
 * found it as well as thrown, since code under test may catch what is thrown.
 */
export class SimViolation extends Error {
  override readonly name = 'SimViolation';
}

/** What a found violation is told to. */
export type ReportViolation = (violation: SimViolation) => void;
