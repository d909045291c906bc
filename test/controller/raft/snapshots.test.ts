import { decodeRecords } from '../../../wire/record/records';
import { readControlRecords } from '../../../controller/raft/control-batches';
import { SnapshotReader } from '../../../controller/raft/snapshot-reader';
import { SnapshotWriter } from '../../../controller/raft/snapshot-writer';
import {
  SnapshotError,
  SnapshotStore,
  parseSnapshotFileName,
  snapshotFileName,
  snapshotToDelete,
  snapshotToTruncateTo,
} from '../../../controller/raft/snapshots';
import { VoterSet } from '../../../controller/raft/voter-set';
import { MemoryDisk } from '../support/memory-disk';
import { voter } from '../support/raft-transcript';
import { crc32c, testRandom } from '../support/test-ports';

const DIRECTORY = '/m/__cluster_metadata-0';
const NAME = '00000000000000000012-0000000003.checkpoint';
const ID = { offset: 12, epoch: 3 };

function emptyDisk(): MemoryDisk {
  const disk = new MemoryDisk();
  disk.put(`${DIRECTORY}/x`, '');
  disk.unlinkSync(`${DIRECTORY}/x`);
  return disk;
}

function store(disk: MemoryDisk): SnapshotStore {
  return new SnapshotStore(disk, DIRECTORY, testRandom());
}

function begin(snapshots: SnapshotStore, id = ID): SnapshotWriter {
  const header = { lastContainedLogTimestampMs: 77, kraftVersion: 1, voters: new VoterSet([voter(1)]) };
  return new SnapshotWriter(snapshots.create(id), header, 5, crc32c);
}

function readAll(snapshots: SnapshotStore, id = ID): { control: string[]; values: string[]; timestampMs: number } {
  const reader = new SnapshotReader(snapshots.open(id), crc32c);
  const control: string[] = [];
  const values: string[] = [];
  for (let batch = reader.next(); batch !== null; batch = reader.next()) {
    if (batch.isControl) control.push(...readControlRecords(batch).map(({ type }) => type));
    else values.push(...decodeRecords(batch).map(({ value }) => Buffer.from(value ?? []).toString()));
  }
  return { control, values, timestampMs: reader.lastContainedLogTimestampMs };
}

describe('a snapshot file', () => {
  test('is named by end offset and epoch', () => {
    expect(snapshotFileName(ID)).toBe(NAME);
    expect(parseSnapshotFileName(NAME)).toEqual(ID);
    for (const name of [`${NAME}.part`, `${NAME}.deleted`, '12-3.checkpoint', 'bootstrap.checkpoint']) {
      expect(parseSnapshotFileName(name)).toBeNull();
    }
  });

  test('holds header, voters, records and footer, and is seen only when all of it is durable', () => {
    const disk = emptyDisk();
    const snapshots = store(disk);
    const writer = begin(snapshots);
    writer.append([Buffer.from('a'), Buffer.from('b')]);
    writer.append([Buffer.from('c')]);
    expect(disk.paths().every((path) => path.endsWith('.checkpoint.part'))).toBe(true);
    let done = false;
    writer.freeze((error) => (done = error === null));
    expect([done, snapshots.latest]).toEqual([false, null]);
    disk.settle();
    expect([done, snapshots.latest]).toEqual([true, ID]);
    expect(readAll(store(disk.afterPowerLoss()))).toEqual({
      control: ['snapshotHeader', 'kraftVersion', 'voters', 'snapshotFooter'],
      values: ['a', 'b', 'c'],
      timestampMs: 77,
    });
  });

  test('that cannot be made durable is not there', () => {
    const disk = emptyDisk();
    const snapshots = store(disk);
    const writer = begin(snapshots);
    disk.syncFailure = Object.assign(new Error('EIO'), { name: 'DiskError', code: 'EIO', path: '' }) as never;
    let failed = false;
    writer.freeze((error) => (failed = error !== null));
    disk.settle();
    expect([failed, snapshots.latest]).toEqual([true, null]);
  });

  test('leaves nothing behind when it is given up, and a restart clears away what a dead process left', () => {
    const disk = emptyDisk();
    begin(store(disk)).abandon();
    expect(disk.paths()).toEqual([]);
    begin(store(disk));
    disk.put(`${DIRECTORY}/${NAME}.deleted`, '');
    const restarted = store(disk);
    restarted.recover(0);
    expect(disk.paths()).toEqual([]);
  });

  test('with a flipped bit, without footer, or cut short is an error', () => {
    const disk = emptyDisk();
    const snapshots = store(disk);
    const writer = begin(snapshots);
    writer.append([Buffer.from('payload')]);
    writer.freezeSync();
    const path = `${DIRECTORY}/${NAME}`;
    const whole = disk.content(path).slice();
    for (const position of [25, whole.length - 1]) {
      const flipped = whole.slice();
      flipped[position] = (flipped[position] ?? 0) ^ 1;
      disk.put(path, flipped);
      expect(() => readAll(snapshots)).toThrow(SnapshotError);
    }
    for (let size = 0; size < whole.length; size++) {
      disk.put(path, whole.slice(0, size));
      expect(() => readAll(snapshots)).toThrow(SnapshotError);
    }
  });

  test('goes out of sight first and from the disk later', () => {
    const disk = emptyDisk();
    const snapshots = store(disk);
    begin(snapshots).freezeSync();
    const remove = snapshots.delete(ID);
    expect(snapshots.latest).toBeNull();
    expect(disk.paths()).toEqual([`${DIRECTORY}/${NAME}.deleted`]);
    remove();
    expect(disk.paths()).toEqual([]);
  });
});

describe('a restart', () => {
  test('refuses a log that starts above 0 without a snapshot there', () => {
    const log = { startOffset: 10, endOffset: 20, lastEpoch: 3 };
    expect(() => snapshotToTruncateTo(null, log)).toThrow(SnapshotError);
    expect(() => snapshotToTruncateTo({ offset: 9, epoch: 3 }, log)).toThrow(SnapshotError);
    expect(snapshotToTruncateTo({ offset: 10, epoch: 2 }, log)).toBeNull();
  });

  test('goes back to a snapshot that is ahead of the log', () => {
    const log = { startOffset: 0, endOffset: 20, lastEpoch: 3 };
    expect(snapshotToTruncateTo({ offset: 20, epoch: 3 }, log)).toBeNull();
    expect(snapshotToTruncateTo({ offset: 21, epoch: 3 }, log)).toEqual({ offset: 21, epoch: 3 });
    expect(snapshotToTruncateTo({ offset: 5, epoch: 4 }, log)).toEqual({ offset: 5, epoch: 4 });
    expect(snapshotToTruncateTo({ offset: 0, epoch: 0 }, { startOffset: 0, endOffset: 0, lastEpoch: 0 })).toBeNull();
  });
});

describe('cleaning', () => {
  const ids = [
    { offset: 0, epoch: 0 },
    { offset: 10, epoch: 1 },
    { offset: 20, epoch: 1 },
  ];

  test.each([
    ['the oldest when all together are too large', ids, 1001, 0, { offset: 0, epoch: 0 }],
    ['the oldest when it is too old', ids, 0, -5001, { offset: 0, epoch: 0 }],
    ['nothing within the bounds', ids, 1000, -5000, null],
    ['never the only one', ids.slice(2), 1e9, -1e9, null],
  ])('deletes %s', (_, snapshots, bytes, timestampMs, expected) => {
    const policy = { maxBytes: 1000, maxAgeMs: 5000 };
    expect(snapshotToDelete(snapshots, bytes, () => timestampMs, policy, 0)).toEqual(expected);
  });
});
