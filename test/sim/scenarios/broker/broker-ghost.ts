/**
 * What clients of a simulated broker know, and what follows from it: records that were acknowledged stay at their offsets
 * (I1, I9), what was read once is read again, no record is stored twice (I20), none appears that nobody sent, and what was
 * refused for good never appears. Group offsets never go behind an acknowledged commit (I27).
 */

import { SimViolation } from '../../violation';
import type { ReportViolation } from '../../violation';

/** 'open': it may have happened, and at most once. 'refused': it has not. */
type Fate = 'open' | 'acked' | 'refused';

interface Sent {
  readonly partition: number;
  /** Ascends for each sender and partition. */
  readonly order: number;
  readonly sender: number;
  fate: Fate;
}

/** Offsets that a group has committed for a partition. */
interface Commits {
  acked: number;
  /** Later than `acked`, without answer. */
  open: number[];
  readonly ever: Set<number>;
}

export class BrokerGhost {
  private readonly sent = new Map<string, Sent>();
  private readonly known = new Map<number, Map<number, string>>();
  private readonly committed = new Map<number, Commits>();
  private orders = 0;
  /** How often the power took acknowledged records along: what was read before says nothing of what is there after. */
  losses = 0;

  constructor(private readonly report: ReportViolation) {}

  /** What must not happen has happened; told to the world too, since whoever is called back may catch what is thrown. */
  violate(what: string): never {
    const violation = new SimViolation(what);
    this.report(violation);
    throw violation;
  }

  sending(partition: number, sender: number, values: readonly string[]): void {
    for (const value of values) this.sent.set(value, { partition, sender, order: this.orders++, fate: 'open' });
  }

  acked(partition: number, baseOffset: number, values: readonly string[]): void {
    values.forEach((value, index) => {
      this.sentOf(value).fate = 'acked';
      this.learn(partition, baseOffset + index, value);
    });
  }

  refused(values: readonly string[]): void {
    for (const value of values) this.sentOf(value).fate = 'refused';
  }

  /** A consumer was given this record. */
  read(partition: number, offset: number, value: string): void {
    const sent = this.sent.get(value);
    if (sent === undefined || sent.partition !== partition) this.violate(`partition ${partition} holds '${value}', which nobody sent there`);
    if (sent.fate === 'refused') this.violate(`'${value}' was refused, and is at ${offset} of partition ${partition}`);
    this.learn(partition, offset, value);
  }

  /** Everything of a partition, in order of offsets: nothing acknowledged is missing, nothing is there twice. */
  checkWhole(partition: number, records: readonly { readonly offset: number; readonly value: string }[]): void {
    const present = new Map(records.map(({ offset, value }) => [value, offset]));
    if (present.size !== records.length) this.violate(`partition ${partition} holds a record twice: ${firstTwice(records)}`);
    for (const [value, sent] of this.sent) {
      if (sent.partition === partition && sent.fate === 'acked' && !present.has(value)) this.violate(`'${value}' was acknowledged and is lost`);
    }
    for (const [offset, value] of this.known.get(partition) ?? []) {
      if (present.get(value) !== offset) this.violate(`'${value}' was known at ${offset} of partition ${partition}, and is gone`);
    }
    this.checkOrder(partition, records);
  }

  /** The power went, and acknowledged records may have gone with it: all that counts from here on is what is there. */
  forget(): void {
    this.losses++;
    for (const sent of this.sent.values()) if (sent.fate === 'acked') sent.fate = 'open';
    this.known.clear();
    for (const commits of this.committed.values()) {
      commits.open = [...commits.ever];
      commits.acked = -1;
    }
  }

  committing(partition: number, offset: number): void {
    const commits = this.commitsOf(partition);
    commits.open.push(offset);
    commits.ever.add(offset);
  }

  commitAcked(partition: number, offset: number): void {
    const commits = this.commitsOf(partition);
    commits.acked = offset;
    commits.open = commits.open.slice(commits.open.lastIndexOf(offset) + 1);
  }

  /** A read of the group's offset; -1 when there is none. */
  checkCommitted(partition: number, offset: number): void {
    const { acked, open } = this.commitsOf(partition);
    if (offset !== acked && !open.includes(offset)) this.violate(`the group's offset of partition ${partition} is ${offset}, not ${acked} or one of [${open.join()}]`);
  }

  private checkOrder(partition: number, records: readonly { readonly value: string }[]): void {
    const last = new Map<number, number>();
    for (const { value } of records) {
      const { sender, order } = this.sentOf(value);
      if (order < (last.get(sender) ?? -1)) this.violate(`'${value}' comes after a later record of its sender in partition ${partition}`);
      last.set(sender, order);
    }
  }

  private learn(partition: number, offset: number, value: string): void {
    const records = this.known.get(partition) ?? new Map<number, string>();
    this.known.set(partition, records);
    const before = records.get(offset);
    if (before !== undefined && before !== value) this.violate(`offset ${offset} of partition ${partition} was '${before}' and is '${value}'`);
    records.set(offset, value);
  }

  private sentOf(value: string): Sent {
    const sent = this.sent.get(value);
    if (sent === undefined) this.violate(`nobody sent '${value}'`);
    return sent;
  }

  private commitsOf(partition: number): Commits {
    const known = this.committed.get(partition);
    if (known !== undefined) return known;
    const commits: Commits = { acked: -1, open: [], ever: new Set() };
    this.committed.set(partition, commits);
    return commits;
  }
}

function firstTwice(records: readonly { readonly offset: number; readonly value: string }[]): string {
  const seen = new Map<string, number>();
  for (const { offset, value } of records) {
    if (seen.has(value)) return `'${value}' at ${seen.get(value)} and ${offset}`;
    seen.set(value, offset);
  }
  return 'none';
}
