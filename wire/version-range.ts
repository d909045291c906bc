/** Ranges of message versions as Kafka's definitions write them: '3', '0-4', '2+' and 'none'. */

/** Inclusive; `max` is Infinity for '2+'. The empty range has `min` above `max`. */
export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

export type VersionText = `${number}` | `${number}-${number}` | `${number}+` | 'none';

export const NO_VERSIONS: VersionRange = { min: 0, max: -1 };

const PATTERN = /^(\d+)(?:-(\d+)|(\+))?$/;

export function parseVersions(text: VersionText): VersionRange {
  if (text === 'none') return NO_VERSIONS;
  const match = PATTERN.exec(text);
  if (match === null) throw new TypeError(`not a range of versions: ${text}`);
  const min = Number(match[1]);
  if (match[3] !== undefined) return { min, max: Infinity };
  return { min, max: match[2] === undefined ? min : Number(match[2]) };
}

export function isIn(version: number, range: VersionRange): boolean {
  return version >= range.min && version <= range.max;
}
