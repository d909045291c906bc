/** Numbers for strings that many rows name, counted so that a number can be given again. Pure. */
export class StringPool {
  private readonly numbers = new Map<string, number>();
  private readonly texts: string[] = [];
  private readonly references: number[] = [];
  private readonly free: number[] = [];
  /** The text asked for last: offsets of one group and topic come in a row, and comparing is cheaper than hashing. */
  private lastText: string | null = null;
  private lastNumber = -1;

  get size(): number {
    return this.numbers.size;
  }

  /** The number of `text` without a claim on it; -1 when it has none. */
  find(text: string): number {
    if (text === this.lastText) return this.lastNumber;
    const number = this.numbers.get(text);
    if (number === undefined) return -1;
    this.lastText = text;
    this.lastNumber = number;
    return number;
  }

  /** The number of `text`, given one if need be; every `acquire` needs a `release`. */
  acquire(text: string): number {
    const known = this.find(text);
    if (known >= 0) {
      this.references[known] = (this.references[known] ?? 0) + 1;
      return known;
    }
    const number = this.free.pop() ?? this.texts.length;
    this.numbers.set(text, number);
    this.texts[number] = text;
    this.references[number] = 1;
    return number;
  }

  release(number: number): void {
    const left = (this.references[number] ?? 0) - 1;
    this.references[number] = left;
    if (left > 0) return;
    if (this.lastNumber === number) this.lastText = null;
    this.numbers.delete(this.text(number));
    this.texts[number] = '';
    this.free.push(number);
  }

  text(number: number): string {
    return this.texts[number] ?? '';
  }
}
