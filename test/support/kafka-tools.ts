/**
 * Apache Kafka's command line tools, run in one JVM (test/support/java/ToolRunner.java): a command takes some ten
 * milliseconds instead of a second and a half, and several may run at a time.
 */
import { join } from 'node:path';
import { Child } from './child';
import { compileJava, jvmFlags } from './java';

/** bin/NAME.sh of a Kafka release, without its ending, and the class that it runs. */
export const toolClasses = {
  'kafka-acls': 'org.apache.kafka.tools.AclCommand',
  'kafka-broker-api-versions': 'org.apache.kafka.tools.BrokerApiVersionsCommand',
  'kafka-client-metrics': 'org.apache.kafka.tools.ClientMetricsCommand',
  'kafka-cluster': 'org.apache.kafka.tools.ClusterTool',
  'kafka-configs': 'kafka.admin.ConfigCommand',
  'kafka-console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'kafka-console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'kafka-console-share-consumer': 'org.apache.kafka.tools.consumer.ConsoleShareConsumer',
  'kafka-consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'kafka-consumer-perf-test': 'org.apache.kafka.tools.ConsumerPerformance',
  'kafka-delegation-tokens': 'org.apache.kafka.tools.DelegationTokenCommand',
  'kafka-delete-records': 'org.apache.kafka.tools.DeleteRecordsCommand',
  'kafka-dump-log': 'org.apache.kafka.tools.DumpLogSegments',
  'kafka-e2e-latency': 'org.apache.kafka.tools.EndToEndLatency',
  'kafka-features': 'org.apache.kafka.tools.FeatureCommand',
  'kafka-get-offsets': 'org.apache.kafka.tools.GetOffsetShell',
  'kafka-groups': 'org.apache.kafka.tools.GroupsCommand',
  'kafka-leader-election': 'org.apache.kafka.tools.LeaderElectionCommand',
  'kafka-log-dirs': 'org.apache.kafka.tools.LogDirsCommand',
  'kafka-metadata-quorum': 'org.apache.kafka.tools.MetadataQuorumCommand',
  'kafka-metadata-shell': 'org.apache.kafka.shell.MetadataShell',
  'kafka-mirror-maker': 'org.apache.kafka.connect.mirror.MirrorMaker',
  'kafka-producer-perf-test': 'org.apache.kafka.tools.ProducerPerformance',
  'kafka-reassign-partitions': 'org.apache.kafka.tools.reassign.ReassignPartitionsCommand',
  'kafka-replica-verification': 'org.apache.kafka.tools.ReplicaVerificationTool',
  'kafka-share-consumer-perf-test': 'org.apache.kafka.tools.ShareConsumerPerformance',
  'kafka-share-groups': 'org.apache.kafka.tools.consumer.group.ShareGroupCommand',
  'kafka-storage': 'kafka.tools.StorageTool',
  'kafka-streams-application-reset': 'org.apache.kafka.tools.StreamsResetter',
  'kafka-streams-groups': 'org.apache.kafka.tools.streams.StreamsGroupCommand',
  'kafka-topics': 'org.apache.kafka.tools.TopicCommand',
  'kafka-transactions': 'org.apache.kafka.tools.TransactionsCommand',
  'kafka-verifiable-consumer': 'org.apache.kafka.tools.VerifiableConsumer',
  'kafka-verifiable-producer': 'org.apache.kafka.tools.VerifiableProducer',
  'kafka-verifiable-share-consumer': 'org.apache.kafka.tools.VerifiableShareConsumer',
} as const;

export type ToolName = keyof typeof toolClasses;

export interface ToolResult {
  readonly stdout: string;
  readonly stderr: string;
  /** -1 when the time was up and the command was stopped. */
  readonly code: number;
}

export interface ToolOptions {
  readonly stdin?: string;
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 30_000;

/** A command that is running. */
export class RunningTool {
  stdout = '';
  stderr = '';
  readonly result: Promise<ToolResult>;
  private readonly watchers = new Set<(hasEnded: boolean) => void>();
  private hasEnded = false;
  private settle: (result: ToolResult) => void = () => undefined;
  private readonly outDecoder = new TextDecoder();
  private readonly errDecoder = new TextDecoder();

  constructor(
    readonly tool: string,
    private readonly requestStop: () => void,
  ) {
    this.result = new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  /** Resolves once `condition` holds, looked at whenever output arrives; rejects when the command ends or time is up. */
  until(condition: (command: RunningTool) => boolean, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.watchers.delete(watch) && reject(this.failure('not in time')), timeoutMs);
      const watch = (hasEnded: boolean): void => {
        const holds = condition(this);
        if (!holds && !hasEnded) return;
        clearTimeout(timer);
        this.watchers.delete(watch);
        if (holds) resolve();
        else reject(this.failure('it has ended'));
      };
      this.watchers.add(watch);
      watch(this.hasEnded);
    });
  }

  private failure(what: string): Error {
    return new Error(`${this.tool}: ${what}\nstdout: ${this.stdout}\nstderr: ${this.stderr}`);
  }

  /** As SIGTERM: the command runs its shutdown hooks and ends. */
  stop(): Promise<ToolResult> {
    this.requestStop();
    return this.result;
  }

  accept(answer: Answer): void {
    if (answer.out !== undefined)
      this.stdout += this.outDecoder.decode(Buffer.from(answer.out, 'base64'), { stream: true });
    if (answer.err !== undefined)
      this.stderr += this.errDecoder.decode(Buffer.from(answer.err, 'base64'), { stream: true });
    for (const watch of [...this.watchers]) watch(false);
    if (answer.code !== undefined) this.end(answer.code);
  }

  end(code: number): void {
    this.hasEnded = true;
    for (const watch of [...this.watchers]) watch(true);
    this.settle({ stdout: this.stdout, stderr: this.stderr, code });
  }
}

interface Answer {
  readonly id: number;
  readonly out?: string;
  readonly err?: string;
  readonly code?: number;
}

export class KafkaTools {
  private readonly child: Child;
  private readonly running = new Map<number, RunningTool>();
  private nextId = 1;

  constructor(heapMb = 384) {
    const classpath = compileJava(join(__dirname, 'java', 'ToolRunner.java'));
    this.child = new Child('the tools of Apache Kafka', 'java', [...jvmFlags(classpath, heapMb), 'ToolRunner'], {
      onLine: (line) => this.accept(JSON.parse(line) as Answer),
    });
    void this.child.exited.then(() => {
      for (const command of this.running.values()) this.abandon(command);
    });
  }

  /** Starts a command and lets it run. */
  start(tool: ToolName, args: readonly string[], stdin = ''): RunningTool {
    const id = this.nextId++;
    const command = new RunningTool(tool, () => this.send({ id, stop: true }));
    this.running.set(id, command);
    void command.result.then(() => this.running.delete(id));
    if (!this.child.isRunning) this.abandon(command);
    this.send({ id, main: toolClasses[tool], args, stdin: Buffer.from(stdin).toString('base64') });
    return command;
  }

  /** Runs a command to its end. */
  async run(tool: ToolName, args: readonly string[], options: ToolOptions = {}): Promise<ToolResult> {
    const command = this.start(tool, args, options.stdin);
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
      void command.stop();
    }, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const stuck = setTimeout(() => command.end(-1), (options.timeoutMs ?? DEFAULT_TIMEOUT_MS) + STOP_GRACE_MS);
    const result = await command.result;
    clearTimeout(late);
    clearTimeout(stuck);
    return isLate ? { ...result, code: -1 } : result;
  }

  async close(): Promise<void> {
    this.child.stdin.end();
    await this.child.stop();
  }

  private abandon(command: RunningTool): void {
    command.stderr += this.child.failure('the tool runner has ended').message;
    command.end(-1);
  }

  private send(request: object): void {
    this.child.stdin.write(`${JSON.stringify(request)}\n`);
  }

  private accept(answer: Answer): void {
    this.running.get(answer.id)?.accept(answer);
  }
}

/** One command in a JVM of its own, for a test that needs no other. */
export async function runKafkaTool(
  tool: ToolName,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<ToolResult> {
  const tools = new KafkaTools();
  try {
    return await tools.run(tool, args, options);
  } finally {
    await tools.close();
  }
}
