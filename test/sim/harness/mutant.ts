/** A known bug as data; see mutants.ts. */
export interface Mutant {
  readonly name: string;
  /** The scenario that finds it. */
  readonly scenario: string;
  /** What it breaks, for people. */
  readonly breaks: string;
  /** From the package's root. */
  readonly file: string;
  /** JavaScript as the loader emits it. */
  readonly find: string;
  readonly replace: string;
  /** Arguments with which it is found. */
  readonly args?: readonly string[];
}
