/** The checks that configuration definitions use, each with the sentence that says what it lets through. */
import type { Validator } from './config-definition';

export function atLeast(min: number): Validator<number> {
  return { allowed: `at least ${min}`, accepts: (value) => value >= min };
}

export function between(min: number, max: number): Validator<number> {
  return { allowed: `at least ${min} and at most ${max}`, accepts: (value) => value >= min && value <= max };
}

/** Any of the validators lets it through. */
export function anyOf<T>(...validators: readonly Validator<T>[]): Validator<T> {
  return {
    allowed: validators.map((each) => each.allowed).join(', or '),
    accepts: (value) => validators.some((each) => each.accepts(value)),
  };
}

export function equalTo(only: number): Validator<number> {
  return { allowed: `equal to ${only}`, accepts: (value) => value === only };
}

export function oneOf(...names: readonly string[]): Validator<string> {
  return { allowed: `one of ${names.join(', ')}`, accepts: (value) => names.includes(value) };
}

export function oneOfIgnoringCase(...names: readonly string[]): Validator<string> {
  const lower = names.map((name) => name.toLowerCase());
  return {
    allowed: `one of ${names.join(', ')} (in any case)`,
    accepts: (value) => lower.includes(value.toLowerCase()),
  };
}

/** Entries may be empty nowhere; the list itself only when `emptyAllowed`. */
export function entries(emptyAllowed: boolean): Validator<readonly string[]> {
  return {
    allowed: emptyAllowed ? 'without empty entries' : 'with at least one entry and no empty ones',
    accepts: (value) => (emptyAllowed || value.length > 0) && !value.includes(''),
  };
}

export function entriesOf(emptyAllowed: boolean, ...names: readonly string[]): Validator<readonly string[]> {
  return {
    allowed: `${emptyAllowed ? 'any' : 'one or more'} of ${names.join(', ')}`,
    accepts: (value) => (emptyAllowed || value.length > 0) && value.every((entry) => names.includes(entry)),
  };
}

/** Every entry has the form of `pattern`, which `shape` describes for people. */
export function entriesLike(pattern: RegExp, shape: string): Validator<readonly string[]> {
  return { allowed: `each entry like ${shape}`, accepts: (value) => value.every((entry) => pattern.test(entry)) };
}
