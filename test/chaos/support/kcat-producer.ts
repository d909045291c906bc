/**
 * kcat, and so librdkafka, as an idempotent producer with acks=all: a process for each batch of lines. It writes on standard
 * error where each line was delivered, in order, and ends with 0 only when all were; a line that was not is named there.
 */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { BrokerAddress } from '../../../wire/cluster-client';
import type { SimRandom } from '../../sim/random';
import { Child } from '../../support/child';
import type { ClusterProducer } from './cluster-clients';
import { valueOf } from './ledger';
import type { ProducerTarget } from './producers';

/** Up to so many lines a process: it lives for some seconds, and through what happens to the cluster meanwhile. */
const MAX_LINES = 400;
/** Between two lines: with a batch each few milliseconds there are some in flight at any time. */
const PACE_MS = 3;

export class KcatClusterProducer implements ClusterProducer {
  private nextNumber = 0;
  private isStopping = false;
  private child: Child | null = null;

  constructor(
    private readonly bootstrap: readonly BrokerAddress[],
    private readonly target: ProducerTarget,
    readonly name: string,
    private readonly random: SimRandom,
  ) {}

  async start(): Promise<{ readonly ended: Promise<void> }> {
    return { ended: this.run() };
  }

  stop(): void {
    this.isStopping = true;
  }

  abandon(): void {
    this.isStopping = true;
    this.child?.kill('SIGKILL');
  }

  private async run(): Promise<void> {
    while (!this.isStopping) await this.writeOne();
  }

  /** One process, one partition, so that the order of deliveries is the order of lines. */
  private async writeOne(): Promise<void> {
    const partition = this.random.below(this.target.partitions);
    const child = new Child('kcat', 'kcat', argumentsOf(this.bootstrap, this.target.topic, partition));
    this.child = child;
    const values = await this.writeLines(child, partition, this.random.between(1, MAX_LINES));
    const { code } = await child.exited;
    const offsets = [...child.stderr.matchAll(/Message delivered to partition \d+ \(offset (-?\d+)\)/g)].map(([, offset]) => Number(offset));
    if (code !== 0 || offsets.length !== values.length) throw child.failure(`${offsets.length} of ${values.length} lines were delivered`);
    values.forEach((value, line) => this.target.ledger.noteAcked(partition, offsets[line] ?? -1, [value]));
  }

  private async writeLines(child: Child, partition: number, lines: number): Promise<readonly string[]> {
    const values: string[] = [];
    while (values.length < lines && !this.isStopping && child.isRunning) {
      const number = this.nextNumber++;
      const value = valueOf(this.name, number);
      values.push(value);
      this.target.ledger.noteSent(partition, this.name, number);
      if (!child.stdin.write(`${value}\n`)) await Promise.race([once(child.stdin, 'drain'), child.exited]);
      await delay(PACE_MS);
    }
    child.stdin.end();
    return values;
  }
}

/** -E: it goes on while no broker is there. -vvv: it says where each line was delivered. */
function argumentsOf(bootstrap: readonly BrokerAddress[], topic: string, partition: number): string[] {
  const brokers = bootstrap.map(({ host, port }) => `${host}:${port}`).join(',');
  const settings = ['enable.idempotence=true', 'acks=all', 'linger.ms=2', 'reconnect.backoff.max.ms=500'];
  return ['-P', '-E', '-vvv', '-b', brokers, '-t', topic, '-p', String(partition), ...settings.flatMap((setting) => ['-X', setting])];
}
