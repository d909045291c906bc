/**
 * Regular expressions as java.util.regex reads them, for the names of topics and groups.
 *
 * What means the same in JavaScript passes; `\Q...\E`, `\A`, `\z`, `\p{Alpha}` and a leading `(?i)` are translated; what
 * JavaScript has no form for (possessive quantifiers, atomic groups, intersections) is refused rather than read otherwise.
 */

/** A pattern that cannot be used; the message says why. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

/** Escapes with a letter that both languages read alike. */
const SAME_ESCAPES = /[dDwWsSbBtnrf]/;
const POSIX: Readonly<Record<string, string>> = {
  Lower: 'a-z',
  Upper: 'A-Z',
  Alpha: 'a-zA-Z',
  Digit: '0-9',
  Alnum: 'a-zA-Z0-9',
  Punct: '!-\\/:-@\\[-`{-~',
  XDigit: '0-9a-fA-F',
  Space: '\\s',
  Blank: ' \\t',
};
const META = /[\\^$.*+?()[\]{}|/-]/g;

/** Matches only whole names. Throws PatternError. */
export function javaPattern(text: string): RegExp {
  const isCaseBlind = text.startsWith('(?i)');
  const source = new Translation(text, isCaseBlind ? 4 : 0).run();
  try {
    return new RegExp(`^(?:${source})$`, isCaseBlind ? 'is' : 's');
  } catch {
    throw new PatternError(`"${text}" is not a regular expression`);
  }
}

class Translation {
  #out = '';
  #at: number;
  #isInClass = false;

  constructor(
    private readonly text: string,
    from: number,
  ) {
    this.#at = from;
  }

  run(): string {
    while (this.#at < this.text.length) this.#next();
    if (this.#isInClass) throw this.#failure('has a "[" without its "]"');
    return this.#out;
  }

  #next(): void {
    const char = this.text[this.#at]!;
    if (char === '\\') this.#escape();
    else if (this.#isInClass) this.#inClass(char);
    else this.#outside(char);
  }

  #take(translated: string, length: number): void {
    this.#out += translated;
    this.#at += length;
  }

  #inClass(char: string): void {
    if (char === '[') throw this.#failure('has a class within a class');
    if (this.text.startsWith('&&', this.#at)) throw this.#failure('intersects classes');
    this.#take(char, 1);
    if (char === ']') this.#isInClass = false;
  }

  #outside(char: string): void {
    if (char === '[') return this.#openClass();
    if (char === '(') return this.#openGroup();
    if (char === '.') return this.#take('[^\\n\\r\\u0085\\u2028\\u2029]', 1);
    const quantifier = /^(?:[*+?]|\{\d+(?:,\d*)?\})/.exec(this.text.slice(this.#at))?.[0];
    if (quantifier === undefined) return this.#take(char, 1);
    if (this.text[this.#at + quantifier.length] === '+') throw this.#failure('has a possessive quantifier');
    this.#take(quantifier, quantifier.length);
    if (this.text[this.#at] === '?') this.#take('?', 1);
  }

  /** A "]" right after the opening is one of the class's characters in Java. */
  #openClass(): void {
    const open = this.text[this.#at + 1] === '^' ? '[^' : '[';
    this.#take(open, open.length);
    this.#isInClass = true;
    if (this.text[this.#at] === ']') this.#take('\\]', 1);
  }

  #openGroup(): void {
    const open = /^\((?:\?(?:[:=!]|<[=!]|<[a-zA-Z][a-zA-Z0-9]*>))?/.exec(this.text.slice(this.#at))![0];
    if (open === '(' && this.text[this.#at + 1] === '?') throw this.#failure('has flags or an atomic group inside');
    this.#take(open, open.length);
  }

  #escape(): void {
    const rest = this.text.slice(this.#at + 1);
    const next = rest[0];
    if (next === undefined) throw this.#failure('ends in a backslash');
    if (next === 'Q') return this.#quoted(rest.slice(1));
    if (next === 'p' || next === 'P') return this.#property(rest, next === 'P');
    if (SAME_ESCAPES.test(next) || !/[a-zA-Z]/.test(next)) return this.#take(`\\${next}`, 2);
    const hex = /^(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|k<[a-zA-Z][a-zA-Z0-9]*>)/.exec(rest)?.[0];
    if (hex !== undefined) return this.#take(`\\${hex}`, hex.length + 1);
    if (!this.#isInClass && next === 'A') return this.#take('^', 2);
    if (!this.#isInClass && (next === 'z' || next === 'Z')) return this.#take('$', 2);
    throw this.#failure(`has \\${next}`);
  }

  #quoted(rest: string): void {
    const end = rest.indexOf('\\E');
    const quoted = end < 0 ? rest : rest.slice(0, end);
    this.#take(quoted.replace(META, '\\$&'), quoted.length + 2 + (end < 0 ? 0 : 2));
  }

  #property(rest: string, isNegated: boolean): void {
    const [whole, name = ''] = /^[pP]\{(\w+)\}/.exec(rest) ?? [];
    const members = POSIX[name];
    if (whole === undefined || members === undefined) throw this.#failure(`has a property that is not known here`);
    if (this.#isInClass && isNegated) throw this.#failure('has a negated property within a class');
    this.#take(this.#isInClass ? members : `[${isNegated ? '^' : ''}${members}]`, whole.length + 1);
  }

  #failure(why: string): PatternError {
    return new PatternError(`"${this.text}" ${why}, which Moldau's mirror does not read`);
  }
}
