/** A small generator of pseudo-random numbers (mulberry32), for tests whose every run must be the same. */
export interface Seeded {
  /** A whole number in [0, exclusive). */
  below(exclusive: number): number;
  bytes(size: number): Uint8Array;
}

export function seeded(seed: number): Seeded {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (exclusive: number): number => next() % exclusive;
  return { below, bytes: (size) => Uint8Array.from({ length: size }, () => below(256)) };
}

/** A seed from a text: the same text gives the same values in every run. */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}
