/**
 * A group of three reads a topic; one member is killed on the way and another comes. Commits that a client does not report
 * itself (kcat's) are read from the broker, all the time: a commit that the broker shows has been acknowledged.
 */
import { Kafka, logLevel } from 'kafkajs';
import type { ClientLine } from './client-lines';
import { Client, type ClientName, type ClientOptions } from './clients';
import type { Expectation } from './plan';
import { ReadingCheck } from './reading-check';

/** A member dies once all three own something and this share of the records has been read; at the latest, the other. */
const KILL_AFTER = 0.1;
const KILL_AT_LATEST = 0.5;
const MEMBERS = ['first', 'second', 'third'];
/** A rebalance takes up to some ten seconds; a group that is silent for longer is stuck. */
const SILENCE_MS = 45_000;

export interface GroupOptions {
  readonly client: ClientName;
  readonly bootstrap: string;
  readonly topic: string;
  readonly group: string;
  readonly expected: Expectation;
  /** The end of each partition. */
  readonly ends: ReadonlyMap<number, number>;
  readonly groupProtocol?: 'classic' | 'consumer';
}

export interface GroupOutcome {
  readonly problems: readonly string[];
  readonly seenAtKill: number;
  /** How many members owned partitions when one of them was killed. */
  readonly ownersAtKill: number;
  readonly duplicates: number;
}

export async function runGroup(options: GroupOptions): Promise<GroupOutcome> {
  const run = new GroupRun(options);
  return run.outcome();
}

class GroupRun {
  private readonly check: ReadingCheck;
  private readonly members = new Map<string, Client>();
  private readonly owners = new Map<number, string>();
  private wake: () => void = () => undefined;
  /** A member that ended by itself. */
  private failure: unknown = null;

  constructor(private readonly options: GroupOptions) {
    this.check = new ReadingCheck(options.expected);
  }

  async outcome(): Promise<GroupOutcome> {
    const sampler = this.sampleCommits();
    try {
      for (const name of MEMBERS) this.join(name);
      await this.until(() => this.isTimeToKill());
      const victim = this.owners.values().next().value ?? 'first';
      const seenAtKill = this.check.recordsSeen;
      const ownersAtKill = new Set(this.owners.values()).size;
      const dying = this.members.get(victim);
      this.members.delete(victim);
      await dying?.kill();
      const committed = await sampler.now();
      this.join('fourth');
      await this.until(() => this.isComplete(committed));
      return { problems: this.check.problems, seenAtKill, ownersAtKill, duplicates: this.check.duplicates };
    } finally {
      await sampler.stop();
      await Promise.all([...this.members.values()].map((member) => member.stop()));
    }
  }

  private isTimeToKill(): boolean {
    const share = this.check.recordsSeen / this.options.expected.size;
    return share > KILL_AT_LATEST || (share > KILL_AFTER && new Set(this.owners.values()).size === MEMBERS.length);
  }

  /**
   * Every record has been read. kcat marks a record as processed just before it prints it: when it is killed in between,
   * what it had committed may cover one record that it never printed, the last one below the committed offset.
   */
  private isComplete(committedAtKill: ReadonlyMap<number, number>): boolean {
    const { expected, client, ends } = this.options;
    if (this.check.recordsSeen >= expected.size) return true;
    if (client !== 'kcat' || this.check.recordsSeen + ends.size < expected.size) return false;
    return this.check.unread(ends).every(({ partition, offset }) => committedAtKill.get(partition) === offset + 1);
  }

  private join(name: string): void {
    const { client, bootstrap, topic, group, groupProtocol } = this.options;
    const member: ClientOptions = {
      role: 'member',
      bootstrap,
      topic,
      group,
      ...(groupProtocol !== undefined && { groupProtocol }),
    };
    const process = new Client(name, client, member, (line) => this.accept(name, line));
    this.members.set(name, process);
    void process.finished().catch((reason: unknown) => {
      if (this.members.get(name) !== process) return;
      this.failure = reason;
      this.wake();
    });
  }

  private accept(name: string, line: ClientLine): void {
    if ('id' in line) this.check.record(name, line);
    else if ('assigned' in line) {
      for (const partition of line.assigned) this.owners.set(partition, name);
      this.check.assigned(line.assigned);
    } else if ('committed' in line) {
      for (const [partition, offset] of Object.entries(line.committed)) this.check.committed(Number(partition), offset);
    }
    this.wake();
  }

  private async until(condition: () => boolean): Promise<void> {
    let isStuck = false;
    const silence = setTimeout(() => {
      isStuck = true;
      this.wake();
    }, SILENCE_MS);
    while (!condition() && !isStuck && this.failure === null) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      if (!isStuck) silence.refresh();
    }
    clearTimeout(silence);
    if (this.failure !== null) throw this.failure;
    if (isStuck) throw new Error(this.stuckText());
  }

  private stuckText(): string {
    const { expected, ends } = this.options;
    const first = new Map(
      this.check
        .unread(ends)
        .toReversed()
        .map(({ partition, offset }) => [partition, offset]),
    );
    const partitions = [...first].map(
      ([partition, offset]) =>
        `${partition} from ${offset} to ${ends.get(partition)}, owned by ${this.owners.get(partition)}`,
    );
    const read = `${this.check.recordsSeen} of ${expected.size} records read`;
    return `the group does not get on: ${read}; unread: ${partitions.join('; ')}; ${this.check.problems.join('; ')}`;
  }

  private sampleCommits(): { now(): Promise<Map<number, number>>; stop(): Promise<void> } {
    const { bootstrap, topic, group } = this.options;
    const admin = new Kafka({ clientId: 'sampler', brokers: bootstrap.split(','), logLevel: logLevel.NOTHING }).admin();
    const connected = admin.connect();
    let isStopped = false;
    const now = async (): Promise<Map<number, number>> => {
      await connected;
      const [entry] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
      const offsets = new Map((entry?.partitions ?? []).map(({ partition, offset }) => [partition, Number(offset)]));
      for (const [partition, offset] of offsets) this.check.committed(partition, offset);
      return offsets;
    };
    const loop = async (): Promise<void> => {
      while (!isStopped) await now();
    };
    // Before the group has a coordinator the question may fail; the members' own commits will do until then.
    const looping = this.options.client === 'kcat' ? loop().catch(() => undefined) : Promise.resolve();
    return {
      now,
      stop: async () => {
        isStopped = true;
        await looping;
        await admin.disconnect();
      },
    };
  }
}
