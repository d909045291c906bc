/**
 * What lies between hosts: delays, cuts. A cut is per direction and silent; what was under way when it
 * began arrives after it has healed, as TCP sends again.
 */

import type { SimRandom } from './random';
import type { NetHost } from './net-host';

/** One direction between two hosts. */
export interface Link {
  readonly from: NetHost;
  readonly to: NetHost;
  /** Since when nothing passes; null while it is open. */
  cutAtMs: number | null;
  /** [least, usual most] of the delay; now and then one takes much longer. */
  delayMs: readonly [number, number];
  bytesPerMs: number;
}

const LONG_DELAY_CHANCE = 0.01;

export class Links {
  private readonly links = new Map<string, Link>();

  constructor(private readonly random: SimRandom) {}

  between(from: NetHost, to: NetHost): Link {
    const key = `${from.name}>${to.name}`;
    const known = this.links.get(key);
    if (known !== undefined) return known;
    const leastMs = from === to ? this.random.spread(0.01, 0.05) : this.random.spread(0.05, 0.5);
    const link: Link = { from, to, cutAtMs: null, delayMs: [leastMs, leastMs * 2], bytesPerMs: Infinity };
    this.links.set(key, link);
    return link;
  }

  drawDelayMs(link: Link): number {
    const [leastMs, mostMs] = link.delayMs;
    const usualMs = this.random.spread(leastMs, mostMs);
    return this.random.chance(LONG_DELAY_CHANCE) ? usualMs * this.random.between(2, 20) : usualMs;
  }

  all(): Iterable<Link> {
    return this.links.values();
  }
}
