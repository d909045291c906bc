/**
 * What the clients of a cluster know, and what follows from it: what was acknowledged with acks=all, or read by a consumer,
 * stays at its offset (I1, I9); no idempotent record is stored twice or out of order (I20); nothing appears that nobody
 * sent, or that was refused for good; group offsets never go behind an acknowledged commit (I27).
 *
 * Nobody of the cluster can see it.
 */

import { SimViolation } from '../../violation';
import type { ReportViolation } from '../../violation';

/** 'open': it may have happened. 'told': acks=1 said so, which the next leader need not know. 'acked': it is there for ever. */
type Fate = 'open' | 'told' | 'acked' | 'refused';

export interface Sender {
  readonly name: string;
  /** Its records are stored once and in order, however often it has to try. */
  readonly isIdempotent: boolean;
}

interface Sent {
  readonly key: string;
  readonly order: number;
  readonly sender: Sender;
  fate: Fate;
}

interface Commits {
  acked: number;
  /** Without an answer: such a commit may happen at any time later. */
  readonly open: Set<number>;
}

export interface ReadRecord {
  readonly offset: number;
  readonly value: string;
}

export const partitionKey = (topic: string, partition: number): string => `${topic}-${partition}`;

export class ClusterGhost {
  private readonly sent = new Map<string, Sent>();
  private readonly known = new Map<string, Map<number, string>>();
  private readonly ends = new Map<string, number>();
  private readonly highWatermarks = new Map<string, number>();
  private readonly commits = new Map<string, Commits>();
  private orders = 0;
  /** Records acknowledged with acks=all. */
  ackedCount = 0;

  constructor(private readonly report: ReportViolation) {}

  /** What must not happen has happened; told to the world too, since whoever is called back may catch what is thrown. */
  violate(what: string): never {
    const violation = new SimViolation(what);
    this.report(violation);
    throw violation;
  }

  sending(key: string, sender: Sender, values: readonly string[]): void {
    for (const value of values) this.sent.set(value, { key, sender, order: this.orders++, fate: 'open' });
  }

  /** Acknowledged with acks=all. */
  acked(key: string, baseOffset: number, values: readonly string[]): void {
    this.ackedCount += values.length;
    values.forEach((value, index) => {
      this.sentOf(value).fate = 'acked';
      this.learn(key, baseOffset + index, value);
    });
  }

  /** Acknowledged with acks=1. */
  told(values: readonly string[]): void {
    for (const value of values) this.sentOf(value).fate = 'told';
  }

  refused(values: readonly string[]): void {
    for (const value of values) this.sentOf(value).fate = 'refused';
  }

  /** A consumer was given this record. */
  read(key: string, offset: number, value: string): void {
    const sent = this.sent.get(value);
    if (sent === undefined || sent.key !== key) this.violate(`I9 ${key} holds '${short(value)}' at ${offset}, which nobody sent there`);
    if (sent.fate === 'refused') this.violate(`I9 '${short(value)}' was refused, and is at ${offset} of ${key}`);
    this.learn(key, offset, value);
  }

  /** Everything below is acknowledged, or was read: no leader may lack it. */
  committedEnd(key: string): number {
    return this.ends.get(key) ?? 0;
  }

  /** A leader calls everything below committed. */
  advanced(key: string, highWatermark: number): void {
    this.highWatermarks.set(key, Math.max(this.highWatermarks.get(key) ?? 0, highWatermark));
  }

  /** Everything below is committed: by the word of a leader, or because a client knows it. */
  trueEnd(key: string): number {
    return Math.max(this.committedEnd(key), this.highWatermarks.get(key) ?? 0);
  }

  get keys(): readonly string[] {
    return [...this.ends.keys()];
  }

  /** Everything of a partition, in order of offsets: nothing that counts is missing, nothing idempotent is there twice. */
  checkWhole(key: string, records: readonly ReadRecord[]): void {
    const present = new Map(records.map(({ offset, value }) => [offset, value]));
    const values = new Set(present.values());
    for (const [offset, value] of this.known.get(key) ?? []) {
      const there = present.get(offset);
      if (there !== value) this.violate(`I1 '${short(value)}' was known at ${offset} of ${key}, where now is ${there === undefined ? 'nothing' : `'${short(there)}'`}`);
    }
    for (const [value, sent] of this.sent) {
      if (sent.key === key && sent.fate === 'acked' && !values.has(value)) this.violate(`I1 '${short(value)}' was acknowledged by ${key} and is lost`);
    }
    this.checkOrder(key, records);
  }

  committing(group: string, offset: number): void {
    this.commitsOf(group).open.add(offset);
  }

  commitAcked(group: string, offset: number): void {
    const commits = this.commitsOf(group);
    commits.acked = offset;
    commits.open.delete(offset);
  }

  /** A read of the group's offset when nothing is under way any more; -1 when there is none. */
  checkCommitted(group: string, offset: number): void {
    const { acked, open } = this.commitsOf(group);
    if (offset !== acked && !open.has(offset)) this.violate(`I27 ${group} is at ${offset}, not at ${acked} or one of [${[...open].join()}]`);
  }

  private checkOrder(key: string, records: readonly ReadRecord[]): void {
    const last = new Map<Sender, number>();
    const seen = new Map<string, number>();
    for (const { offset, value } of records) {
      const { sender, order } = this.sentOf(value);
      if (!sender.isIdempotent) continue;
      const before = seen.get(value);
      if (before !== undefined) this.violate(`I20 ${key} holds '${short(value)}' twice, at ${before} and ${offset}`);
      if (order < (last.get(sender) ?? -1)) this.violate(`I20 '${short(value)}' at ${offset} of ${key} comes after a later record of ${sender.name}`);
      seen.set(value, offset);
      last.set(sender, order);
    }
  }

  private learn(key: string, offset: number, value: string): void {
    const records = this.known.get(key) ?? new Map<number, string>();
    this.known.set(key, records);
    const before = records.get(offset);
    if (before !== undefined && before !== value) this.violate(`I9 offset ${offset} of ${key} was '${short(before)}' and is '${short(value)}'`);
    records.set(offset, value);
    this.ends.set(key, Math.max(this.committedEnd(key), offset + 1));
  }

  private sentOf(value: string): Sent {
    const sent = this.sent.get(value);
    if (sent === undefined) this.violate(`I9 nobody sent '${short(value)}'`);
    return sent;
  }

  private commitsOf(group: string): Commits {
    const known = this.commits.get(group);
    if (known !== undefined) return known;
    const commits: Commits = { acked: -1, open: new Set() };
    this.commits.set(group, commits);
    return commits;
  }
}

/** Values are padded: what matters is in front. */
const short = (value: string): string => value.split(':', 1)[0]!;
