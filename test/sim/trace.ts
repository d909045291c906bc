/**
 * What happened, as a running hash: two runs of one seed are the same run exactly when their hashes are equal.
 *
 * Keeping the lines as text costs a hundred times more and is for finding where two runs part.
 */

const PRIME = 0x01000193;
const scratch = new Float64Array(1);
const scratchWords = new Uint32Array(scratch.buffer);

/** A cheap digest of bytes: all of a short array, samples of a long one. */
export function digest(bytes: Uint8Array): number {
  let hash = 0x811c9dc5 ^ bytes.length;
  const step = bytes.length <= 2048 ? 1 : Math.ceil(bytes.length / 1024);
  for (let i = 0; i < bytes.length; i += step) hash = Math.imul(hash ^ bytes[i]!, PRIME);
  if (bytes.length > 0) hash = Math.imul(hash ^ bytes[bytes.length - 1]!, PRIME);
  return hash >>> 0;
}

export class Trace {
  private low = 0x811c9dc5;
  private high = 0x9e3779b9;
  private lines: string[] | null = null;
  private maxLines = 0;
  /** Number of notes taken. */
  count = 0;

  /** Sixteen hex digits over everything noted so far. */
  get hash(): string {
    return (this.high >>> 0).toString(16).padStart(8, '0') + (this.low >>> 0).toString(16).padStart(8, '0');
  }

  /** From now on the last `maxLines` notes are kept as text. */
  keepLines(maxLines: number): void {
    this.lines = [];
    this.maxLines = maxLines;
  }

  /** The kept text, oldest first. */
  get text(): readonly string[] {
    return this.lines ?? [];
  }

  /** `what` is a constant word; the numbers say which and how much. */
  note(what: string, atMs: number, a: number, b: number, c: number): void {
    this.count++;
    scratch[0] = atMs;
    this.mix(scratchWords[0]!);
    this.mix(scratchWords[1]!);
    this.mix(what.length * 0x10001 + what.charCodeAt(0) * 0x101 + what.charCodeAt(what.length - 1));
    this.mix(a);
    this.mix(b);
    this.mix(c);
    if (this.lines !== null) this.keep(`${atMs} ${what} ${a} ${b} ${c}`);
  }

  private mix(value: number): void {
    this.low = Math.imul(this.low ^ value, PRIME) + (value >>> 15);
    this.high = Math.imul(this.high ^ this.low, 0x85ebca6b) ^ (this.high >>> 13);
  }

  private keep(line: string): void {
    const lines = this.lines!;
    lines.push(line);
    if (lines.length > this.maxLines * 2) lines.splice(0, lines.length - this.maxLines);
  }
}
