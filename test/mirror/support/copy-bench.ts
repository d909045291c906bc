/** Two real brokers in this process, and a copy from one to the other. */
import { CopyEngine } from '../../../mirror/copy/copy-engine';
import { DEFAULT_COPY_SETTINGS, type CopySettings } from '../../../mirror/copy/copy-settings';
import type { EngineEnv } from '../../../mirror/copy/engine-parts';
import { OrdinaryWriter, type PositionBook, type StoredPosition } from '../../../mirror/copy/ordinary-writer';
import type { Copied, CopyEvents, FlowPartition, Trouble } from '../../../mirror/flow/flow-partition';
import { startBroker, type StartedBroker } from '../../../src/index';
import type { BaseEnv, Logger } from '../../../wire/base/env';
import { createNodeBaseEnv } from '../../../wire/base/node-env';
import { ClusterClient } from '../../../wire/cluster-client';
import { BatchView } from '../../../wire/record/batch';
import { decodeRecords, encodeBatch, type BatchSpec, type DecodedRecord } from '../../../wire/record/records';

const quiet: Logger = {
  child: () => quiet,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Says nothing; with MIRROR_TEST_SHOW=1 what the mirror logs. */
export function quietLogger(name: string): Logger {
  if (process.env['MIRROR_TEST_SHOW'] !== '1') return quiet;
  const line = (level: string) => (message: string) => void process.stderr.write(`${level} ${name}: ${message}\n`);
  return {
    child: (sub) => quietLogger(`${name}/${sub}`),
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
  };
}

export class CopyBench {
  readonly env: BaseEnv = createNodeBaseEnv({ logger: quietLogger('copy') });
  readonly copied: Copied[] = [];
  readonly troubles: Trouble[] = [];
  recoveries = 0;
  readonly stored = new Map<string, StoredPosition>();
  readonly positions: PositionBook = {
    get: ({ targetTopic, partition }) => this.stored.get(`${targetTopic}:${partition}`) ?? null,
    store: ({ targetTopic, partition }, position) => {
      this.stored.set(`${targetTopic}:${partition}`, position);
      return Promise.resolve();
    },
  };
  private readonly engines: CopyEngine[] = [];

  private constructor(
    readonly sourceBroker: StartedBroker,
    readonly targetBroker: StartedBroker,
    readonly source: ClusterClient,
    readonly target: ClusterClient,
  ) {}

  /** `directories`: where a broker keeps its records, for one that is started again. */
  static async start(
    overrides: Readonly<Record<string, string>> = {},
    directories: { readonly source?: string; readonly target?: string } = {},
  ): Promise<CopyBench> {
    const at = (directory: string | undefined) => (directory === undefined ? {} : { directory });
    const [a, b] = await Promise.all([
      startBroker(at(directories.source)),
      startBroker({ overrides, ...at(directories.target) }),
    ]);
    const env = createNodeBaseEnv({ logger: quiet });
    const client = (port: number): ClusterClient =>
      new ClusterClient(env, { bootstrap: [{ host: '127.0.0.1', port }], clientId: 'test' });
    return new CopyBench(a, b, client(a.port), client(b.port));
  }

  async stop(): Promise<void> {
    for (const engine of this.engines) engine.close();
    this.source.close();
    this.target.close();
    await Promise.all([this.sourceBroker.stop(), this.targetBroker.stop()]);
  }

  /** A topic of the same name on both sides. */
  async topic(name: string, partitions: number, configs: Record<string, string> = {}): Promise<FlowPartition[]> {
    await this.source.createTopic(name, partitions, 1, configs);
    await this.target.createTopic(name, partitions, 1);
    const [view] = await this.source.metadata([name]);
    return Array.from({ length: partitions }, (_, partition) => ({
      sourceTopic: name,
      sourceTopicId: view!.topicId,
      partition,
      targetTopic: name,
    }));
  }

  /** `ports`: instead of those that all share. */
  engine(settings: Partial<CopySettings> = {}, ports: Partial<EngineEnv> = {}): CopyEngine {
    const events: CopyEvents = {
      copied: (copied) => void this.copied.push(copied),
      lag: () => undefined,
      trouble: (_, trouble) => void this.troubles.push(trouble),
      recovered: () => void this.recoveries++,
    };
    const { env, source, target, positions } = this;
    const producerId = async (): Promise<number> => {
      const request = { transactionalId: null, transactionTimeoutMs: 60_000 };
      return (await target.ask('any', 'InitProducerId', request)).producerId;
    };
    const engine = new CopyEngine({
      env: { ...env, ...ports },
      logger: env.logger,
      settings: { ...DEFAULT_COPY_SETTINGS, ...settings },
      clientId: 'mirror',
      source,
      target,
      events,
      writerOf: (partition) =>
        new OrdinaryWriter(
          {
            env,
            source,
            target,
            positions,
            firstOffset: ({ sourceTopic, partition: index }) => source.listOffset(sourceTopic, index, -2),
            producerId,
            foreign: (_, trouble) => void this.troubles.push(trouble),
          },
          partition,
        ),
    });
    this.engines.push(engine);
    return engine;
  }

  /** Stores what the engine has come to, as a flow does now and then. */
  storeAll(engine: CopyEngine): void {
    for (const { partition, position, epoch, lastTargetOffset } of engine.progress()) {
      const stored = this.positions.get(partition);
      if (stored !== null) void this.positions.store(partition, { ...stored, position, epoch, lastTargetOffset });
    }
  }

  batch(spec: Partial<BatchSpec> & { values: readonly (string | null)[]; timestampMs?: number }): Uint8Array {
    const { values, timestampMs = 1_700_000_000_000, ...rest } = spec;
    const records = values.map((value, i) => ({
      key: Buffer.from(`k${i}`),
      value: value === null ? null : Buffer.from(value),
      timestampMs: timestampMs + i,
      headers: i % 2 === 0 ? [{ key: 'h', value: Buffer.from('x') }] : [],
    }));
    return encodeBatch({ records, ...rest }, this.env.crc32c);
  }

  /** The batches of a whole partition, as they lie there. */
  static async batches(client: ClusterClient, topic: string, partition: number): Promise<BatchView[]> {
    const endOffset = await client.listOffset(topic, partition, -1);
    const found: BatchView[] = [];
    for (let at = await client.listOffset(topic, partition, -2); at < endOffset;) {
      const { records } = await client.fetch(topic, partition, at, { maxWaitMs: 0 });
      for (let offset = 0; offset < records.length;) {
        const view = new BatchView(records, offset);
        found.push(view);
        offset += view.sizeBytes;
        at = view.nextOffset;
      }
    }
    return found;
  }

  static async records(client: ClusterClient, topic: string, partition: number): Promise<DecodedRecord[]> {
    const batches = await CopyBench.batches(client, topic, partition);
    return batches.filter((batch) => !batch.isControl).flatMap((batch) => decodeRecords(batch));
  }
}

/** As text, without offsets: what must be the same on both sides. */
export function contents(records: readonly DecodedRecord[]): string[] {
  return records.map(({ key, value, timestampMs, headers }) => {
    const text = (bytes: Uint8Array | null): string | null =>
      bytes === null ? null : Buffer.from(bytes).toString('latin1');
    const heads = headers.map((header) => `${header.key}=${text(header.value)}`).join(',');
    return `${text(key)}|${text(value)}|${timestampMs}|${heads}`;
  });
}
