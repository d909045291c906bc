/** One broker with several log directories and one partition, over a simulated disk, and a controller played by the test. */
import type { Env } from '../../../../log/env';
import type { LogManager } from '../../../../log/log-manager';
import { readBatches } from '../../../../log/log-reader';
import type { PartitionLog } from '../../../../log/partition-log';
import { alterLogDir } from '../../../../src/replication/alter-log-dirs';
import { DEFAULT_REPLICATION, NO_PEERS } from '../../../../src/replication/peers';
import { ReplicaManager } from '../../../../src/replication/replica-manager';
import { batchOf, live, openManager, smallLogConfig, TOPIC_ID } from '../../../log/support/log-bench';
import type { SimWorld } from '../../../sim/world';

export const PARTITION = { topic: 't', partition: 0 };
export const DIRECTORIES = ['/a', '/b', '/c'];
export const config = smallLogConfig();
const CHUNK_BYTES = 3_000;

/** What outlives the broker's processes: where the metadata has the replica, by the path of the directory. */
export interface PlayedController {
  registered: string;
  /** What it was told, in order. */
  readonly told: string[];
  /** Whether it hears what it is told, and answers. */
  isThere: boolean;
}

export function playedController(): PlayedController {
  return { registered: '/a', told: [], isThere: true };
}

export interface MoveOptions {
  readonly controller: PlayedController;
  readonly rate?: number;
  readonly leader?: number;
  readonly flushBeforeAck?: boolean;
}

export class MoveScene {
  readonly logs: LogManager;
  readonly replicas: ReplicaManager;

  private constructor(
    private readonly env: Env,
    private readonly options: MoveOptions,
  ) {
    const { controller } = options;
    this.logs = openManager(env, config, DIRECTORIES, {
      directoryFailed: (path) => this.replicas.directoryFailed(path),
      registeredDirectory: () => controller.registered,
    });
    this.replicas = new ReplicaManager(
      env,
      this.logs,
      {
        brokerId: 1,
        flushBeforeAck: options.flushBeforeAck ?? false,
        maxDelayedOperations: 10,
        replication: { ...DEFAULT_REPLICATION, maxBytes: CHUNK_BYTES },
        directoryIdOf: (path) => path,
        moveThrottle: { window: { samples: 11, sampleMs: 1000 }, rate: () => options.rate ?? Infinity },
        placed: (log, registered) => this.placed(log, registered),
      },
      NO_PEERS,
    );
  }

  /** Loads what is there, and takes the replica on as the metadata has it. */
  static async open(env: Env, options: MoveOptions): Promise<MoveScene> {
    const scene = new MoveScene(env, options);
    await scene.logs.loadAll();
    if (options.controller.told.length === 0) scene.logs.preferred.prefer(PARTITION, options.controller.registered);
    scene.apply();
    return scene;
  }

  private placed(log: PartitionLog, registered: string): void {
    const { controller } = this.options;
    const directory = log.parentDirectory;
    if (registered === directory || !controller.isThere) return;
    controller.told.push(directory);
    this.env.timers.set(2, () => {
      controller.registered = directory;
      this.apply();
    });
  }

  apply(leaderEpoch = 0): void {
    const leader = this.options.leader ?? 1;
    const registration = { leader, leaderEpoch, partitionEpoch: leaderEpoch, replicas: [1], isr: [1] };
    this.replicas.apply({ ...PARTITION, topicId: TOPIC_ID, registration, directory: this.options.controller.registered }, config);
  }

  alter(path: string, topicPartition = PARTITION): number {
    return alterLogDir(this.replicas, this.logs, topicPartition, path, topicPartition.topic === 't');
  }

  get log(): PartitionLog {
    const partition = this.replicas.find(PARTITION.topic, PARTITION.partition);
    if (partition === undefined) throw new Error('the replica is not here');
    return partition.log;
  }

  get future(): PartitionLog | undefined {
    return this.logs.futures.get(PARTITION);
  }

  append(...values: readonly string[]): void {
    this.replicas.find(PARTITION.topic, PARTITION.partition)?.append(batchOf(values), 'client');
  }

  /** Batches of more than a piece that is copied at a time. */
  fill(count: number, from = 0): void {
    for (let i = 0; i < count; i++) this.append(`${from + i}${'x'.repeat(700)}`);
  }

  bytes(log: PartitionLog = this.log): Buffer {
    const parts: Uint8Array[] = [];
    for (let offset = log.logStartOffset; offset < log.logEndOffset; ) {
      const bytes = readBatches(log, offset, 1_000, log.logEndOffset);
      parts.push(bytes);
      offset += countOf(bytes);
    }
    return Buffer.concat(parts);
  }

  /** Names in a log directory that stand for the partition, in whatever state: with an `x` for what is unique. */
  names(path: string): string[] {
    const own = this.env.disk.listSync(path).filter((name) => name.startsWith('t-0'));
    return own.map((name) => name.replace(/[0-9a-f]{32}/, 'x'));
  }

  wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.env.timers.set(delayMs, resolve));
  }

  async until(what: string, condition: () => boolean): Promise<void> {
    for (let waitedMs = 0; !condition(); waitedMs++) {
      if (waitedMs > 60_000) throw new Error(`${what}: never`);
      await this.wait(1);
    }
  }

  moved(path: string): Promise<void> {
    return this.until(`the replica is in ${path}`, () => this.log.parentDirectory === path);
  }

  async stop(): Promise<void> {
    this.replicas.close();
    await this.logs.close(1);
  }
}

/** Records in whole batches. */
function countOf(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let count = 0;
  for (let at = 0; at < bytes.length; at += 12 + view.getInt32(at + 8)) count += view.getInt32(at + 57);
  return count;
}

/** One life of a broker in `world`, which has to come to the end of `main`. */
export async function life(world: SimWorld, options: MoveOptions, main: (scene: MoveScene) => Promise<void>): Promise<void> {
  let isDone = false;
  await live(world, async (env) => {
    await main(await MoveScene.open(env, options));
    isDone = true;
  });
  expect(isDone).toBe(true);
}
