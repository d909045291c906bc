/** Two real brokers in this process, A and B, and what a part of the flow A->B is given; what it logs is kept. */
import { mirrorSettings } from '../../../mirror/config/mirror-settings';
import type { FlowContext } from '../../../mirror/flow/flow-part';
import { startBroker, type StartedBroker } from '../../../src/index';
import type { Logger } from '../../../wire/base/env';
import { createNodeBaseEnv } from '../../../wire/base/node-env';
import { ClusterClient } from '../../../wire/cluster-client';
import { encodeBatch, type DecodedRecord, type RecordSpec } from '../../../wire/record/records';
import { CopyBench } from './copy-bench';

const QUICK = { overrides: { 'group.initial.rebalance.delay.ms': '0' } };

export class TwoClusters {
  readonly told: string[] = [];
  readonly logger: Logger = this.keeper();
  readonly env = createNodeBaseEnv({ logger: this.logger });

  private constructor(
    readonly brokerA: StartedBroker,
    readonly brokerB: StartedBroker,
    readonly a: ClusterClient,
    readonly b: ClusterClient,
  ) {}

  static async start(): Promise<TwoClusters> {
    const [a, b] = await Promise.all([startBroker(QUICK), startBroker(QUICK)]);
    const env = createNodeBaseEnv({ logger: silent });
    const client = ({ port }: StartedBroker) =>
      new ClusterClient(env, { bootstrap: [{ host: '127.0.0.1', port }], clientId: 'test' });
    return new TwoClusters(a, b, client(a), client(b));
  }

  async stop(): Promise<void> {
    this.a.close();
    this.b.close();
    await Promise.all([this.brokerA.stop(), this.brokerB.stop()]);
  }

  /** The flow A->B, or back. Replication factors are 1. */
  context(properties: Readonly<Record<string, string>> = {}, from: 'A' | 'B' = 'A'): FlowContext {
    const to = from === 'A' ? 'B' : 'A';
    const texts = {
      clusters: 'A,B',
      'A.bootstrap.servers': `127.0.0.1:${this.brokerA.port}`,
      'B.bootstrap.servers': `127.0.0.1:${this.brokerB.port}`,
      [`${from}->${to}.enabled`]: 'true',
      'replication.factor': '1',
      'offset-syncs.topic.replication.factor': '1',
      'checkpoints.topic.replication.factor': '1',
      'heartbeats.topic.replication.factor': '1',
      ...properties,
    };
    const config = mirrorSettings(new Map(Object.entries(texts)), { targets: [to] });
    if (!config.ok) throw new Error(config.problems.join('\n'));
    const { env, logger, a, b } = this;
    const [source, target] = from === 'A' ? [a, b] : [b, a];
    return { env, logger, settings: config.settings.flows[0]!, source, target };
  }

  /** Appends records to a partition as one batch; gives the first one's offset. */
  async append(
    client: ClusterClient,
    topic: string,
    partition: number,
    records: readonly Partial<RecordSpec>[],
  ): Promise<number> {
    const whole = records.map((record) => ({ key: null, value: null, timestampMs: 1_700_000_000_000, ...record }));
    const { baseOffset } = await client.produce(topic, partition, encodeBatch({ records: whole }, this.env.crc32c));
    return baseOffset;
  }

  records(client: ClusterClient, topic: string, partition = 0): Promise<DecodedRecord[]> {
    return CopyBench.records(client, topic, partition);
  }

  private keeper(): Logger {
    const keep = (level: string) => (message: string) => void this.told.push(`${level} ${message}`);
    return {
      child: () => this.logger,
      debug: () => undefined,
      info: keep('info'),
      warn: keep('warn'),
      error: keep('error'),
    };
  }
}

const silent: Logger = {
  child: () => silent,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
