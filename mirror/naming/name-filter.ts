/** Lists of regular expressions in Java's syntax, each of which must match a whole name. */
import type { NameFilter } from '../flow/settings';
import { javaPattern } from './java-pattern';

/** Throws PatternError. */
export function nameFilter(include: readonly string[], exclude: readonly string[]): NameFilter {
  const wanted = include.map(javaPattern);
  const unwanted = exclude.map(javaPattern);
  const matches = (patterns: readonly RegExp[], name: string): boolean => patterns.some((each) => each.test(name));
  return { accepts: (name) => matches(wanted, name) && !matches(unwanted, name) };
}
