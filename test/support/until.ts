/** Conditions that a test waits for: with a bound, and with a sentence about what did not come. */
import { setTimeout as delay } from 'node:timers/promises';

export interface Patience {
  /** How long in all; 30 s by default. */
  readonly timeoutMs?: number;
  /** The pause between two looks, 20 ms by default. */
  readonly everyMs?: number;
  /** What else the failure says, such as what was seen instead. */
  readonly instead?: () => string | Promise<string>;
}

/** Looks again until `holds` is true; throws with `what`, the thing awaited, when it does not become so. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, patience: Patience = {}): Promise<void> {
  await untilFound(what, async () => ((await holds()) ? true : null), patience);
}

/** Looks again until there is something, and gives it; null is nothing. */
export async function untilFound<T>(what: string, look: () => Promise<T | null>, patience: Patience = {}): Promise<T> {
  const { timeoutMs = 30_000, everyMs = 20, instead } = patience;
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() > endMs) {
      const seen = instead === undefined ? '' : `; instead: ${await instead()}`;
      throw new Error(`not within ${timeoutMs / 1000} s: ${what}${seen}`);
    }
    await delay(everyMs);
  }
}
