/**
 * What a user's program sees of a failover: a producer of its own with its client's defaults, in a process of its own, that
 * tells of each ack and each error.
 */
import { join } from 'node:path';
import { Child } from '../../test/support/child';
import { compileJava, jvmFlags } from '../../test/support/java';

export const USER_NAMES = ['kafkajs', 'librdkafka', 'java'] as const;
export type UserName = (typeof USER_NAMES)[number];

/** `gapMs` is null when nothing that was sent afterwards was acknowledged in time. */
export interface Seen {
  readonly gapMs: number | null;
  /** Each once, as the client names it. */
  readonly errors: readonly string[];
}

/** Wall time of one host, as all its processes read it. */
interface Report {
  readonly sentMs: number;
  readonly ms: number;
  readonly error?: string;
}

interface Watch {
  readonly sinceMs: number;
  readonly errors: Set<string>;
  readonly finish: (seen: Seen) => void;
}

const START_TIMEOUT_MS = 60_000;
/** Kafka's Java producer gives a record up after two minutes. */
const PATIENCE_MS = 130_000;
const KCAT_INTERVAL_MS = 10;
/** kcat reads its input by so many bytes, and sends nothing before it has them. */
const KCAT_LINE = `${'x'.repeat(1023)}\n`;
const JAVA_HEAP_MB = 128;

export class User {
  private child: Child | null = null;
  private feeding: NodeJS.Timeout | null = null;
  private watch: Watch | null = null;
  private acks = 0;
  private lastWords = '';

  constructor(
    readonly name: UserName,
    private readonly bootstrap: string,
    private readonly topic: string,
  ) {}

  /** Resolves with its first ack. */
  async start(): Promise<void> {
    if (this.feeding !== null) clearInterval(this.feeding);
    const before = this.acks;
    this.child = this.spawn();
    await this.child.until('the first ack', () => this.acks > before, START_TIMEOUT_MS);
  }

  /** A user whose program has ended starts it again, as one does; before what is measured. */
  async ready(): Promise<void> {
    if (this.child?.isRunning !== true) await this.start();
  }

  /** From `sinceMs` of wall time to the first ack of what was sent later; a program that ends sees none. */
  gapAfter(sinceMs: number): Promise<Seen> {
    return new Promise((resolve) => {
      const finish = (seen: Seen): void => {
        clearTimeout(timer);
        this.watch = null;
        resolve(seen);
      };
      const errors = new Set<string>();
      const timer = setTimeout(() => finish({ gapMs: null, errors: [...errors] }), PATIENCE_MS);
      this.watch = { sinceMs, errors, finish };
      void this.child?.exited.then(() => {
        if (this.watch?.finish === finish) finish({ gapMs: null, errors: [...errors, `the program has ended: ${withoutPorts(this.lastWords)}`] });
      });
    });
  }

  async stop(): Promise<void> {
    if (this.feeding !== null) clearInterval(this.feeding);
    this.child?.kill('SIGKILL');
    await this.child?.exited;
  }

  private spawn(): Child {
    const users = join(__dirname, 'users');
    const onLine = (line: string): void => this.told(JSON.parse(line) as Report);
    const args = [this.bootstrap, this.topic];
    if (this.name === 'kafkajs') return new Child(this.name, process.execPath, [join(users, 'kafkajs-user.cjs'), ...args], { onLine });
    if (this.name === 'librdkafka') return this.kcat();
    const classpath = compileJava(join(users, 'JavaUser.java'));
    return new Child(this.name, 'java', [...jvmFlags(classpath, JAVA_HEAP_MB), 'JavaUser', ...args], { onLine });
  }

  /** kcat says nothing of acks; librdkafka's own debug lines count the records of each set that was delivered. */
  private kcat(): Child {
    const sentMs: number[] = [];
    let delivered = 0;
    const script = 'exec kcat -P -b "$0" -t "$1" -p 0 -X debug=msg 2>&1';
    const child = new Child(this.name, 'sh', ['-c', script, this.bootstrap, this.topic], {
      onLine: (line) => {
        const count = Number(/MessageSet with (\d+) message\(s\).* delivered/.exec(line)?.[1] ?? 0);
        if (count > 0) {
          delivered += count;
          this.told({ sentMs: sentMs[delivered - 1] ?? 0, ms: Date.now() });
        }
        if (line.startsWith('% ')) this.lastWords = line;
        const error = /% (?:ERROR: )?(Delivery failed .*|.*_ALL_BROKERS_DOWN.*)/.exec(line)?.[1];
        if (error !== undefined) this.told({ sentMs: 0, ms: Date.now(), error });
      },
    });
    this.feeding = setInterval(() => {
      sentMs.push(Date.now());
      child.stdin.write(KCAT_LINE);
    }, KCAT_INTERVAL_MS);
    return child;
  }

  private told({ sentMs, ms, error }: Report): void {
    if (error === undefined) this.acks += 1;
    const { watch } = this;
    if (watch === null) return;
    if (error !== undefined) watch.errors.add(withoutPorts(error));
    else if (sentMs > watch.sinceMs) watch.finish({ gapMs: ms - watch.sinceMs, errors: [...watch.errors] });
  }
}

/** Which address it was says nothing, and would count one error as many. */
function withoutPorts(text: string): string {
  return text.replace(/\b\d+\.\d+\.\d+\.\d+:\d+/g, 'the node');
}
