/**
 * I16: what administrators do is linearizable. A config of a topic is a register that unique values are written to; the order
 * of the committed metadata is the order of the writes, and everything that anybody was told must fit it:
 * - an acknowledged write is committed by then, before every write that began later; until then it may be written again, by
 *   whoever passes it on and gets no answer
 * - a write that was refused for good never appears, nor does a value that nobody wrote
 * - what one life of a broker says never goes back, over all registers together: its metadata only grows
 */

interface Write {
  readonly register: string;
  readonly value: string;
  readonly begunAtMs: number;
  ackedAtMs: number;
  isRefused: boolean;
  isCommitted: boolean;
}

/** A committed write. */
interface Entry {
  readonly write: Write;
  /** Among all committed writes. */
  readonly place: number;
}

interface Said {
  readonly register: string;
  readonly value: string | null;
}

/** One life of one broker. */
interface Reader {
  /** It has everything up to this place. */
  seen: number;
  /** In order: what cannot be judged yet, since its value is not known to be committed. */
  readonly open: Said[];
}

export class RegisterChecker {
  private readonly writes = new Map<string, Write>();
  private readonly histories = new Map<string, Entry[]>();
  private readonly readers = new Map<string, Reader>();
  private places = 0;

  /**
   * A sentence about what is wrong is given to `violate`. `isAllKnown` looks at what is committed, tells `committed`, and
   * says whether there can be nothing beyond it.
   */
  constructor(
    private readonly violate: (what: string) => void,
    readonly isAllKnown: () => boolean,
  ) {}

  writing(register: string, value: string, nowMs: number): void {
    this.writes.set(keyOf(register, value), { register, value, begunAtMs: nowMs, ackedAtMs: Infinity, isRefused: false, isCommitted: false });
  }

  acked(register: string, value: string, nowMs: number): void {
    const write = this.writeOf(register, value);
    write.ackedAtMs = nowMs;
    if (this.isAllKnown() && !write.isCommitted) this.violate(`I16 '${value}' was acknowledged as the config of ${register}, and is not committed`);
    this.checkOrder(register);
  }

  /** For good: it must never appear. */
  refused(register: string, value: string): void {
    const write = this.writeOf(register, value);
    write.isRefused = true;
    if (write.isCommitted) this.violate(`I16 '${value}' was refused as the config of ${register}, and is committed`);
  }

  /** The next write of the committed metadata. */
  committed(register: string, value: string): void {
    const write = this.writeOf(register, value);
    if (write.isRefused) this.violate(`I16 '${value}' was refused as the config of ${register}, and is committed`);
    write.isCommitted = true;
    const history = this.histories.get(register) ?? [];
    this.histories.set(register, history);
    history.push({ write, place: this.places++ });
    this.checkOrder(register);
    for (const [name, reader] of this.readers) this.judge(name, reader);
  }

  /** A broker said what it holds; null: nothing is set. The same life of a broker is asked one thing after another. */
  said(reader: string, register: string, value: string | null): void {
    const known = this.readers.get(reader) ?? { seen: -1, open: [] };
    this.readers.set(reader, known);
    known.open.push({ register, value });
    this.judge(reader, known);
  }

  /** The value that was committed last; null when there is none. */
  latest(register: string): string | null {
    return this.histories.get(register)?.at(-1)?.write.value ?? null;
  }

  /** Nothing is under way any more, and all that is committed is known. */
  finish(): void {
    for (const { register, value, ackedAtMs, isCommitted } of this.writes.values()) {
      if (ackedAtMs < Infinity && !isCommitted) this.violate(`I16 '${value}' was acknowledged as the config of ${register}, and is lost`);
    }
    for (const [reader, { open }] of this.readers) {
      const [odd] = open;
      if (odd !== undefined) this.violate(`I16 ${reader} said that the config of ${odd.register} is '${odd.value}', which was never committed`);
    }
  }

  private judge(name: string, reader: Reader): void {
    for (let said = reader.open[0]; said !== undefined; said = reader.open[0]) {
      const { register, value } = said;
      const history = this.histories.get(register) ?? [];
      const places = value === null ? [-1] : history.flatMap(({ write }, index) => (write.value === value ? [index] : []));
      if (places.length === 0) return;
      reader.open.shift();
      const at = places.find((index) => (history[index + 1]?.place ?? Infinity) > reader.seen);
      if (at === undefined) this.violate(`I16 ${name} says that the config of ${register} is '${value}', and has said what came after that`);
      else reader.seen = Math.max(reader.seen, history[at]?.place ?? -1);
    }
  }

  /** Whoever began after another had been acknowledged comes after it. */
  private checkOrder(register: string): void {
    let latestBegun: Write | null = null;
    for (const { write } of this.histories.get(register) ?? []) {
      if (latestBegun !== null && write.ackedAtMs < latestBegun.begunAtMs) {
        this.violate(`I16 '${latestBegun.value}' was written to the config of ${register} after '${write.value}' was acknowledged, and comes before it`);
      }
      if (latestBegun === null || write.begunAtMs > latestBegun.begunAtMs) latestBegun = write;
    }
  }

  private writeOf(register: string, value: string): Write {
    const key = keyOf(register, value);
    const known = this.writes.get(key);
    if (known !== undefined) return known;
    this.violate(`I16 the config of ${register} is '${value}', which nobody wrote`);
    const write = { register, value, begunAtMs: -Infinity, ackedAtMs: Infinity, isRefused: false, isCommitted: false };
    this.writes.set(key, write);
    return write;
  }
}

const keyOf = (register: string, value: string): string => `${register}=${value}`;
