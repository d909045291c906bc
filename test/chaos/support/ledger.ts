/**
 * What a broker has promised, held against what it has: the outside view of a log while its broker is being ill-treated.
 *
 * Each record's value is made from its producer and its number, so that a log can be judged by itself: each record was sent
 * by somebody, is whole, comes once, and each producer's records ascend. What was acked has to be at the acked offset.
 */
import type { DecodedRecord } from '../../../wire/record/records';

/** The most that is said about one log: the first few problems tell the cause. */
const MAX_PROBLEMS = 10;
const decoder = new TextDecoder();

export type Guarantee = 'everything acked' | 'a prefix';

export function valueOf(producer: string, number: number): string {
  const paddingBytes = 20 + (((number * 2654435761) >>> 0) % 2000);
  return `${producer}/${number}/${'.'.repeat(paddingBytes)}`;
}

/** `producer/number`, which says everything of a value; a string of its own, since a slice would keep the whole value. */
export function nameOf(value: string): string {
  const [producer = '', number = ''] = value.split('/', 2);
  return `${producer}/${Number(number)}`;
}

export class Ledger {
  ackedCount = 0;
  /** Of each partition, offset to the name of what was acked there. */
  private readonly acked = new Map<number, Map<number, string>>();
  /** Of each partition, the names of what was acked without saying where. */
  private readonly ackedSomewhere = new Map<number, Set<string>>();
  private readonly sent = new Map<number, Map<string, number>>();
  private readonly waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  /** From now on the record may be found in the partition. */
  noteSent(partition: number, producer: string, number: number): void {
    const numbers = mapAt(this.sent, partition);
    numbers.set(producer, Math.max(numbers.get(producer) ?? -1, number));
  }

  /** `baseOffset` is -1 when the broker knew the batch already, and its client does not know where it is. */
  noteAcked(partition: number, baseOffset: number, values: readonly string[]): void {
    const offsets = mapAt(this.acked, partition);
    const somewhere = this.ackedSomewhere.get(partition) ?? new Set<string>();
    this.ackedSomewhere.set(partition, somewhere);
    values.forEach((value, i) => {
      if (baseOffset < 0) somewhere.add(nameOf(value));
      else offsets.set(baseOffset + i, nameOf(value));
    });
    this.ackedCount += values.length;
    for (const waiter of this.waiting.filter(({ count }) => count <= this.ackedCount)) {
      this.waiting.splice(this.waiting.indexOf(waiter), 1);
      waiter.resolve();
    }
  }

  /** A sentence for each producer of which nothing was acked: then nothing was shown about it. */
  unwritten(producers: readonly string[]): string[] {
    const acked = new Set<string>();
    for (const name of this.ackedNames()) acked.add(name.split('/', 1)[0] ?? '');
    return producers.filter((producer) => !acked.has(producer)).map((producer) => `nothing of ${producer} was acked`);
  }

  private *ackedNames(): Generator<string> {
    for (const offsets of this.acked.values()) yield* offsets.values();
    for (const names of this.ackedSomewhere.values()) yield* names;
  }

  /** Resolves once so many records more have been acked. */
  ackedMore(records: number): Promise<void> {
    const count = this.ackedCount + records;
    return new Promise((resolve) => this.waiting.push({ count, resolve }));
  }

  /**
   * What is wrong with a partition that was read from `firstOffset` to its end; empty when nothing is. 'a prefix': the tail
   * may have been lost, acked or not.
   */
  problems(partition: number, records: readonly DecodedRecord[], promise: Guarantee, firstOffset = 0): string[] {
    const problems = [
      ...this.problemsOfRecords(partition, records, firstOffset),
      ...this.problemsOfAcks(partition, records, promise, firstOffset),
    ];
    return problems.slice(0, MAX_PROBLEMS).map((problem) => `partition ${partition}: ${problem}`);
  }

  private problemsOfRecords(partition: number, records: readonly DecodedRecord[], firstOffset: number): string[] {
    const problems: string[] = [];
    const lastNumbers = new Map<string, number>();
    records.forEach(({ offset, value }, i) => {
      if (offset !== firstOffset + i) problems.push(`offset ${offset} where ${firstOffset + i} was to come`);
      const text = decoder.decode(value ?? undefined);
      const [producer = '', number = ''] = text.split('/');
      if (text !== valueOf(producer, Number(number))) problems.push(`offset ${offset} holds ${text.slice(0, 80)}`);
      const last = lastNumbers.get(producer) ?? -1;
      if (Number(number) <= last) problems.push(`${producer}/${number} at ${offset}, after ${producer}/${last}`);
      lastNumbers.set(producer, Number(number));
      const sentTo = this.sent.get(partition)?.get(producer) ?? -1;
      if (Number(number) > sentTo) problems.push(`${producer}/${number} at ${offset}, which nobody has sent`);
    });
    return problems;
  }

  private problemsOfAcks(
    partition: number,
    records: readonly DecodedRecord[],
    promise: Guarantee,
    firstOffset: number,
  ): string[] {
    const problems: string[] = [];
    const found = new Map(records.map(({ offset, value }) => [offset, nameOf(decoder.decode(value ?? undefined))]));
    for (const [offset, value] of this.acked.get(partition) ?? []) {
      if (offset < firstOffset) continue;
      const there = found.get(offset);
      if (there === undefined && promise === 'a prefix') continue;
      if (there !== value) problems.push(`acked at ${offset}: ${head(value)}; there is ${head(there)}`);
    }
    if (promise === 'a prefix' || firstOffset > 0) return problems;
    const names = new Set(found.values());
    for (const name of this.ackedSomewhere.get(partition) ?? []) if (!names.has(name)) problems.push(`acked, and not there: ${name}`);
    return problems;
  }
}

function head(value: string | undefined): string {
  return value === undefined ? 'nothing' : value.slice(0, 40);
}

function mapAt<K, L, V>(maps: Map<K, Map<L, V>>, key: K): Map<L, V> {
  let map = maps.get(key);
  if (map === undefined) maps.set(key, (map = new Map<L, V>()));
  return map;
}
