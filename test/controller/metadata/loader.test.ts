import { encodeBatch } from '../../../wire/record/records';
import { MetadataLoader } from '../../../controller/metadata/loader';
import { SnapshotGenerator } from '../../../controller/metadata/snapshot-generator';
import { encodeMetadataRecord, metadataRecord, type MetadataRecord } from '../../../controller/metadata/records';
import { imageRecords } from '../../../controller/metadata/image-records';
import type { LoaderManifest } from '../../../controller/metadata/publisher';
import type { CommittedBatches } from '../../../controller/raft/raft-client';
import { SnapshotReader } from '../../../controller/raft/snapshot-reader';
import { SnapshotWriter } from '../../../controller/raft/snapshot-writer';
import { SnapshotStore } from '../../../controller/raft/snapshots';
import { MemoryDisk } from '../support/memory-disk';
import {
  ORDERS,
  contentOf,
  featureRecord,
  imageOf,
  partitionOf,
  sampleRecords,
  topicRecord,
} from '../support/metadata-samples';
import { incarnation } from '../support/test-controls';
import { TestClock, TestLogger, crc32c, testRandom } from '../support/test-ports';

/** A clock that moves by itself with each look, so that slices come to their end. */
class CreepingClock extends TestClock {
  looks = 0;
  override monotonicMs(): number {
    this.looks += 1;
    this.nowMs += this.creepMs;
    return this.nowMs;
  }
  creepMs = 0;
}

class Harness {
  readonly clock = new CreepingClock();
  readonly seen: string[] = [];
  readonly manifests: LoaderManifest[] = [];
  readonly failures: string[] = [];
  highWatermark = 0;
  readonly loader = new MetadataLoader({
    clock: this.clock,
    timers: this.clock,
    highWatermark: () => this.highWatermark,
    fatal: (why, error) => this.failures.push(`${why}: ${String(error)}`),
  });
  private nextOffset = 0;

  constructor() {
    this.loader.installPublisher({
      name: 'test',
      publish: (delta, image, manifest) => {
        const topics = [...delta.changedTopics()].map(({ topic }) => topic.name);
        const deleted = [...delta.deletedTopics()].map(({ name }) => name);
        this.seen.push(
          `${delta.isWholeImage ? 'all' : 'delta'} @${image.provenance.lastContainedOffset} +${topics.join()} -${deleted.join()}`,
        );
        this.manifests.push(manifest);
      },
    });
  }

  /** One batch per list of records. */
  commit(...batches: readonly (readonly MetadataRecord[])[]): { commit: CommittedBatches; isDone: () => boolean } {
    const baseOffset = this.nextOffset;
    const bytes = Buffer.concat(
      batches.map((records) => {
        const values = records.map((record) => ({ key: null, value: encodeMetadataRecord(record), timestampMs: 7 }));
        const batch = encodeBatch({ records: values, baseOffset: this.nextOffset, leaderEpoch: 3 }, crc32c);
        this.nextOffset += records.length;
        return batch;
      }),
    );
    this.highWatermark = this.nextOffset;
    let done = false;
    const commit = { baseOffset, nextOffset: this.nextOffset, bytes };
    this.loader.handleCommit(commit, () => (done = true));
    return { commit, isDone: () => done };
  }
}

const VERSION = featureRecord('metadata.version', 30);
const begin = metadataRecord('BeginTransactionRecord', 0, { name: 'test' });
const end = metadataRecord('EndTransactionRecord', 0, {});
const abort = metadataRecord('AbortTransactionRecord', 0, { reason: 'test' });

describe('the loader', () => {
  test('publishes nothing before it has caught up, then everything', () => {
    const harness = new Harness();
    harness.commit([VERSION]);
    expect(harness.seen).toEqual(['all @0 + -']);
    const behind = new Harness();
    behind.highWatermark = 5;
    const values = [{ key: null, value: encodeMetadataRecord(VERSION), timestampMs: 7 }];
    behind.loader.handleCommit(
      { baseOffset: 0, nextOffset: 1, bytes: encodeBatch({ records: values, baseOffset: 0 }, crc32c) },
      () => undefined,
    );
    expect(behind.seen).toEqual([]);
    expect(behind.loader.lastPublishedOffset).toBe(-1);
  });

  test('publishes each commit once, with its offset, epoch and bytes', () => {
    const harness = new Harness();
    harness.commit([VERSION]);
    const { commit } = harness.commit([topicRecord('orders', ORDERS), partitionOf(ORDERS, 0, [1])]);
    expect(harness.seen).toEqual(['all @0 + -', 'delta @2 +orders -']);
    expect(harness.manifests[1]).toEqual({
      source: 'log',
      provenance: { lastContainedOffset: 2, lastContainedEpoch: 3, lastContainedLogTimestampMs: 7 },
      sizeBytes: commit.bytes.length,
    });
    expect(harness.loader.lastPublishedOffset).toBe(2);
  });

  test('decodes in slices, and shows a batch whole or not at all', () => {
    const harness = new Harness();
    harness.commit([VERSION]);
    harness.clock.creepMs = 1;
    const records = [
      topicRecord('orders', ORDERS),
      ...Array.from({ length: 999 }, (_, id) => partitionOf(ORDERS, id, [1])),
    ];
    const { isDone } = harness.commit(records);
    expect(isDone()).toBe(false);
    expect(harness.loader.image.topics.topicByName('orders')).toBeUndefined();
    harness.clock.settle();
    expect(isDone()).toBe(true);
    expect(harness.loader.image.topics.topicByName('orders')?.partitionCount).toBe(999);
    expect(harness.seen).toEqual(['all @0 + -', 'delta @1000 +orders -']);
    expect(harness.clock.looks).toBeGreaterThan(30);
  });

  test('publishes what a slice has come to before it lets the loop turn', () => {
    const harness = new Harness();
    harness.commit([VERSION]);
    harness.clock.creepMs = 3;
    harness.commit(
      [topicRecord('a', incarnation(1))],
      [topicRecord('b', incarnation(2))],
      [topicRecord('c', incarnation(3))],
    );
    const visible = (): string[] => [...harness.loader.image.topics.all()].map(({ name }) => name);
    expect([visible(), harness.seen.slice(1)]).toEqual([['a', 'b'], ['delta @2 +a,b -']]);
    harness.clock.settle();
    expect([visible(), harness.seen.slice(2)]).toEqual([['a', 'b', 'c'], ['delta @3 +c -']]);
  });

  test('keeps a metadata transaction back until its end', () => {
    const harness = new Harness();
    harness.commit([VERSION]);
    harness.commit([topicRecord('before', incarnation(1)), begin, topicRecord('in', incarnation(2))]);
    expect(harness.loader.image.topics.topicByName('in')).toBeUndefined();
    harness.commit([topicRecord('also-in', incarnation(3))]);
    expect(harness.seen).toEqual(['all @0 + -']);
    harness.commit([end]);
    expect(harness.seen).toEqual(['all @0 + -', 'delta @5 +before,in,also-in -']);
  });

  test('forgets a transaction that is aborted', () => {
    const harness = new Harness();
    harness.commit(
      [VERSION],
      [begin, topicRecord('in', incarnation(2))],
      [abort],
      [topicRecord('after', incarnation(3))],
    );
    expect([...harness.loader.image.topics.all()].map(({ name }) => name)).toEqual(['after']);
  });

  test.each([
    ['a transaction inside another', [begin, begin], 'a metadata transaction begins inside another'],
    ['an end without beginning', [end], 'EndTransactionRecord without a transaction'],
    ['an abortion without beginning', [abort], 'AbortTransactionRecord without a transaction'],
  ])('stops the node at %s', (_, records, message) => {
    const harness = new Harness();
    harness.commit([VERSION], records);
    expect(harness.failures).toEqual([`metadata could not be loaded: ReplayError: ${message}`]);
  });

  test('stops the node when a publisher fails, and loads no more', () => {
    const harness = new Harness();
    harness.loader.installPublisher({
      name: 'broken',
      publish: () => {
        throw new Error('broken');
      },
    });
    harness.commit([VERSION]);
    harness.commit([topicRecord('orders', ORDERS)]);
    expect(harness.failures).toEqual(['metadata could not be loaded: Error: broken']);
    expect(harness.seen).toEqual(['all @0 + -']);
  });

  test('told of a snapshot later on shows what it lacks as deleted', () => {
    const harness = new Harness();
    harness.commit([VERSION], [topicRecord('gone', incarnation(1))]);
    const reader = snapshotOf([VERSION, topicRecord('orders', ORDERS), partitionOf(ORDERS, 0, [1])], {
      offset: 100,
      epoch: 4,
    });
    let isDone = false;
    harness.highWatermark = 100;
    harness.loader.handleLoadSnapshot(reader, () => (isDone = true));
    expect(isDone).toBe(true);
    expect(harness.seen.at(-1)).toBe('all @99 +orders -gone');
    expect(harness.manifests.at(-1)).toMatchObject({
      source: 'snapshot',
      provenance: { lastContainedOffset: 99, lastContainedEpoch: 4 },
    });
  });
});

function snapshotOf(records: readonly MetadataRecord[], id: { offset: number; epoch: number }): SnapshotReader {
  const disk = new MemoryDisk();
  disk.makeDirectorySync('/s');
  const store = new SnapshotStore(disk, '/s', testRandom());
  const header = { lastContainedLogTimestampMs: 7, kraftVersion: 0, voters: null };
  const writer = new SnapshotWriter(store.create(id), header, 7, crc32c);
  writer.append(records.map(encodeMetadataRecord));
  writer.freezeSync();
  return new SnapshotReader(store.open(id), crc32c);
}

describe('the snapshot generator', () => {
  function generating(maxBytes: number, maxIntervalMs = 0) {
    const harness = new Harness();
    const disk = new MemoryDisk();
    disk.makeDirectorySync('/s');
    const store = new SnapshotStore(disk, '/s', testRandom());
    const logger = new TestLogger();
    const header = { lastContainedLogTimestampMs: 7, kraftVersion: 0, voters: null };
    const generator = new SnapshotGenerator({
      maxBytesBetweenSnapshots: maxBytes,
      maxIntervalMs,
      clock: harness.clock,
      timers: harness.clock,
      logger,
      createSnapshot: (id) => new SnapshotWriter(store.create(id), header, 7, crc32c),
    });
    harness.loader.installPublisher(generator);
    return { harness, disk, store, logger, generator };
  }

  test('writes the image when enough bytes have come, in slices, and not what comes meanwhile', () => {
    const { harness, disk, store } = generating(1_000);
    harness.commit(sampleRecords());
    harness.clock.creepMs = 3;
    harness.commit([topicRecord('later', incarnation(80))]);
    harness.clock.settle();
    disk.settle();
    const { length } = sampleRecords();
    expect(store.all).toEqual([{ offset: length, epoch: 3 }]);
    const loaded = new Harness();
    loaded.highWatermark = length;
    loaded.loader.handleLoadSnapshot(
      new SnapshotReader(store.open({ offset: length, epoch: 3 }), crc32c),
      () => undefined,
    );
    expect(contentOf(loaded.loader.image)).toEqual(contentOf(imageOf(sampleRecords())));
    expect([...imageRecords(harness.loader.image)].length).toBe([...imageRecords(loaded.loader.image)].length + 1);
  });

  test('writes after a time, if anything has come', () => {
    const { harness, disk, store } = generating(1e9, 1000);
    harness.commit([VERSION]);
    harness.clock.nowMs += 999;
    harness.commit([topicRecord('a', incarnation(1))]);
    expect(store.all).toEqual([]);
    harness.clock.nowMs += 1;
    harness.commit([topicRecord('b', incarnation(2))]);
    disk.settle();
    expect(store.all).toEqual([{ offset: 3, epoch: 3 }]);
  });

  test('says when the disk refuses, and tries again with the next publication', () => {
    const { harness, disk, store, logger } = generating(1);
    disk.syncFailure = Object.assign(new Error('EIO'), { name: 'DiskError', code: 'EIO', path: '' }) as never;
    harness.commit([VERSION]);
    disk.settle();
    expect(store.all).toEqual([]);
    expect(logger.lines.join()).toContain('a metadata snapshot could not be written');
    harness.commit([topicRecord('a', incarnation(1))]);
    disk.settle();
    expect(store.all).toEqual([{ offset: 2, epoch: 3 }]);
  });

  test('drops an unfinished one when it is stopped', () => {
    const { harness, disk, generator } = generating(1);
    harness.clock.creepMs = 10;
    harness.commit([VERSION], ...Array.from({ length: 3 }, (_, i) => [topicRecord(`t${i}`, incarnation(i))]));
    generator.stop();
    harness.clock.settle();
    disk.settle();
    expect(disk.paths().filter((path) => path.endsWith('.part'))).toEqual([]);
  });
});
