/** How a server ends by signals: the first one stops it in order, a later one at once. */

/** Ctrl-C under `npm start` arrives twice on some systems, from the terminal and from npm, within milliseconds. */
const SAME_SIGNAL_MS = 300;

export interface Ending {
  /** Stops in order; what it rejects with is the caller's to tell. */
  stop(): void;
  exit(code: number): void;
  say(line: string): void;
  nowMs(): number;
}

/** What to call with each signal's name. */
export function signalHandler(ending: Ending): (signal: string) => void {
  let firstMs: number | null = null;
  return (signal) => {
    const nowMs = ending.nowMs();
    if (firstMs === null) {
      firstMs = nowMs;
      ending.say(`${signal}, stopping in order (once more to end at once)`);
      ending.stop();
    } else if (nowMs - firstMs >= SAME_SIGNAL_MS) {
      ending.say(`${signal} again, ending at once; the next start checks what was being written`);
      ending.exit(1);
    }
  };
}
