/**
 * Seeded chance: one stream per concern and owner, so that an extra draw in one place moves no other.
 *
 * sfc32, seeded by hashing the stream's name; not for secrets.
 */

import { invariant } from '../../wire/base/invariant';
import type { Random } from '../../wire/base/env';

function hashText(text: string, start: number): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

export class SimRandom implements Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  constructor(stream: string) {
    this.a = hashText(stream, 0x811c9dc5);
    this.b = hashText(stream, 0x9e3779b9);
    this.c = hashText(stream, 0xdeadbeef);
    for (let i = 0; i < 12; i++) this.word();
  }

  /** 32 random bits, unsigned. */
  word(): number {
    const sum = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  below(exclusive: number): number {
    invariant(exclusive >= 1 && exclusive <= Number.MAX_SAFE_INTEGER, `below(${exclusive})`);
    return Math.min(Math.floor(this.fraction() * exclusive), exclusive - 1);
  }

  bytes(into: Uint8Array): void {
    for (let i = 0; i < into.length; i++) into[i] = this.word() >>> 24;
  }

  /** In [0, 1), of 53 bits. */
  fraction(): number {
    return ((this.word() >>> 5) * 67108864 + (this.word() >>> 6)) / 9007199254740992;
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** A whole number in [low, high]. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** A time in [low, high), not whole. */
  spread(low: number, high: number): number {
    return low + this.fraction() * (high - low);
  }

  pick<T>(from: readonly T[]): T {
    invariant(from.length > 0, 'pick from nothing');
    return from[this.below(from.length)] as T;
  }

  /** Index into `weights`, drawn in proportion to them. */
  weighted(weights: readonly number[]): number {
    let total = 0;
    for (const weight of weights) total += weight;
    let rest = this.fraction() * total;
    for (let i = 0; i < weights.length; i++) {
      rest -= weights[i]!;
      if (rest < 0) return i;
    }
    return weights.length - 1;
  }
}
