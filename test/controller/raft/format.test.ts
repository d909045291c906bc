import { readControlRecords, type ControlRecord } from '../../../controller/raft/control-batches';
import { readBootstrapFile } from '../../../controller/raft/bootstrap-files';
import { FormatError, loadOrFormat, type FormatRequest, type NodeIdentity } from '../../../controller/raft/format';
import { MetaPropertiesError } from '../../../controller/raft/meta-properties';
import { SnapshotReader } from '../../../controller/raft/snapshot-reader';
import { BOOTSTRAP_SNAPSHOT_ID, SnapshotStore } from '../../../controller/raft/snapshots';
import { decodeMetadataRecord } from '../../../controller/metadata/records';
import { Killed, MemoryDisk } from '../support/memory-disk';
import { crc32c, testRandom } from '../support/test-ports';

const CLUSTER = 'Y2x1c3Rlci1vZi1hLXRlcw';
const DIRECTORY_ID = 'ZGlyZWN0b3J5LW51bWJlcg';

const request: FormatRequest = {
  nodeId: 1,
  logDirs: ['/a', '/b'],
  metadataLogDir: '/a',
  clusterId: null,
  controllerEndpoints: [{ name: 'CONTROLLER', host: 'localhost', port: 9093 }],
  otherQuorumHosts: [],
};

function format(disk: MemoryDisk, changes: Partial<FormatRequest> = {}, seed = 1): NodeIdentity {
  return loadOrFormat(
    { ...request, ...changes },
    { disk, random: testRandom(seed), crc32c, wallMs: 1_700_000_000_000 },
  );
}

function text(disk: MemoryDisk, path: string): string {
  return new TextDecoder().decode(disk.content(path));
}

function controlRecordsOf(disk: MemoryDisk): ControlRecord[] {
  const store = new SnapshotStore(disk, '/a/__cluster_metadata-0', testRandom());
  const reader = new SnapshotReader(store.open(BOOTSTRAP_SNAPSHOT_ID), crc32c);
  const records: ControlRecord[] = [];
  for (let batch = reader.next(); batch !== null; batch = reader.next()) records.push(...readControlRecords(batch));
  return records;
}

function metaProperties(nodeId = 1, cluster = CLUSTER, directory = DIRECTORY_ID, version = 1): string {
  return `#\n#Mon Jan 01 00:00:00 UTC 2024\ncluster.id=${cluster}\ndirectory.id=${directory}\nnode.id=${nodeId}\nversion=${version}\n`;
}

describe('a first format', () => {
  test('leaves feature levels, the voters and one meta.properties per directory', () => {
    const disk = new MemoryDisk();
    const identity = format(disk);
    expect(identity.isNew).toBe(true);
    expect(disk.paths()).toEqual([
      '/a/__cluster_metadata-0/00000000000000000000-0000000000.checkpoint',
      '/a/bootstrap.checkpoint',
      '/a/meta.properties',
      '/b/meta.properties',
    ]);
    expect(text(disk, '/b/meta.properties')).toBe(
      `#\ncluster.id=${identity.clusterId}\ndirectory.id=${identity.directoryIds.get('/b')}\nnode.id=1\nversion=1\n`,
    );
    expect(identity.directoryIds.get('/a')).not.toBe(identity.directoryIds.get('/b'));
  });

  test('finalizes metadata.version 30, and kraft.version 1 with this node as the only voter', () => {
    const disk = new MemoryDisk();
    const identity = format(disk);
    expect(readBootstrapFile(disk, '/a', crc32c)?.map(decodeMetadataRecord)).toEqual([
      { type: 'FeatureLevelRecord', version: 0, value: { name: 'metadata.version', featureLevel: 30 } },
    ]);
    const records = controlRecordsOf(disk);
    expect(records.map(({ type }) => type)).toEqual(['snapshotHeader', 'kraftVersion', 'voters', 'snapshotFooter']);
    const voters = records.find((record) => record.type === 'voters')?.voters.voters;
    expect(voters).toEqual([
      {
        id: 1,
        directoryId: identity.metadataDirectoryId,
        endpoints: [{ name: 'CONTROLLER', host: 'localhost', port: 9093 }],
        minKraftVersion: 0,
        maxKraftVersion: 1,
      },
    ]);
  });

  test('takes the cluster id that it is given', () => {
    expect(format(new MemoryDisk(), { clusterId: CLUSTER }).clusterId).toBe(CLUSTER);
  });

  test('gives the same identity at the next start', () => {
    const disk = new MemoryDisk();
    const first = format(disk);
    expect(format(disk.afterPowerLoss(), {}, 2)).toEqual({ ...first, isNew: false });
  });

  test('resumes wherever it was interrupted, by a kill or by loss of power', () => {
    let kills = 0;
    for (let calls = 0; ; calls++) {
      const disk = new MemoryDisk();
      disk.killAfter(calls);
      const first = tryFormat(disk);
      for (const survivor of [disk.afterKill(), disk.afterPowerLoss()]) {
        const second = format(survivor, {}, 2);
        if (first !== null) expect(second).toEqual({ ...first, isNew: false });
        expect(format(survivor.afterPowerLoss(), {}, 3)).toEqual({ ...second, isNew: false });
        const voters = controlRecordsOf(survivor).find((record) => record.type === 'voters')?.voters;
        expect(voters?.find(1)?.directoryId).toBe(second.metadataDirectoryId);
        expect(readBootstrapFile(survivor, '/a', crc32c)).toHaveLength(1);
      }
      if (first !== null) break;
      kills += 1;
    }
    expect(kills).toBeGreaterThan(30);
  });

  test('bears the lock file and lost+found', () => {
    const disk = new MemoryDisk();
    disk.put('/a/.lock', '');
    disk.put('/b/lost+found/x', '');
    expect(format(disk).isNew).toBe(true);
  });
});

function tryFormat(disk: MemoryDisk): NodeIdentity | null {
  try {
    return format(disk);
  } catch (error) {
    if (error instanceof Killed) return null;
    throw error;
  }
}

describe('a node does not format itself', () => {
  test('when another of its directories is formatted: a disk may not be mounted', () => {
    const disk = new MemoryDisk();
    disk.put('/b/meta.properties', metaProperties());
    expect(() => format(disk)).toThrow(/\/a has no meta.properties, but \/b has: a disk may not be mounted/);
  });

  test('when the quorum names other hosts', () => {
    expect(() => format(new MemoryDisk(), { otherQuorumHosts: ['controller-2'] })).toThrow(FormatError);
    expect(() => format(new MemoryDisk(), { otherQuorumHosts: ['controller-2'] })).toThrow(
      /names other hosts \(controller-2\)/,
    );
  });

  test('when it is no controller', () => {
    expect(() => format(new MemoryDisk(), { controllerEndpoints: [] })).toThrow(/this node is no controller/);
  });

  test.each([
    ['/a/quorum-state', '/a'],
    ['/a/__cluster_metadata-0/00000000000000000000.log', '/a'],
    ['/a/__cluster_metadata-0/00000000000000000012-0000000003.checkpoint', '/a'],
    ['/b/events-0/00000000000000000000.log', '/b'],
  ])('when there is data: %s', (path, directory) => {
    const disk = new MemoryDisk();
    disk.put(path, 'x');
    expect(() => format(disk)).toThrow(new RegExp(`^${directory} has no meta.properties and is not empty`));
  });
});

describe('a formatted node', () => {
  test('accepts what kafka-storage has written', () => {
    const disk = new MemoryDisk();
    disk.put('/a/meta.properties', metaProperties());
    disk.put('/b/meta.properties', metaProperties(1, CLUSTER, 'YW5vdGhlci1kaXJlY3RvcA'));
    expect(format(disk)).toMatchObject({ clusterId: CLUSTER, metadataDirectoryId: DIRECTORY_ID, isNew: false });
  });

  test('takes in an empty data directory', () => {
    const disk = new MemoryDisk();
    disk.put('/a/meta.properties', metaProperties());
    const identity = format(disk);
    expect(identity.isNew).toBe(false);
    expect(text(disk, '/b/meta.properties')).toContain(`cluster.id=${CLUSTER}\n`);
  });

  test('refuses a data directory with data of unknown origin', () => {
    const disk = new MemoryDisk();
    disk.put('/a/meta.properties', metaProperties());
    disk.put('/b/events-0/00000000000000000000.log', 'x');
    expect(() => format(disk)).toThrow(/^\/b has no meta.properties and is not empty/);
  });

  test.each([
    [
      'another node',
      metaProperties(2),
      {},
      /Stored node id 2 doesn't match previous node id 1 in \/a\/meta.properties/,
    ],
    [
      'another cluster',
      metaProperties(),
      { clusterId: 'b3RoZXI' },
      /Invalid cluster.id in: \/a\/meta.properties. Expected b3RoZXI, but read/,
    ],
    ['an old version', metaProperties(1, CLUSTER, DIRECTORY_ID, 0), {}, /version 0 is not supported/],
    [
      'a reserved directory id',
      metaProperties(1, CLUSTER, 'AAAAAAAAAAAAAAAAAAAAAQ'),
      {},
      /Invalid reserved directory ID/,
    ],
    ['no node id', `cluster.id=${CLUSTER}\nversion=1\n`, {}, /node.id was not specified in \/a\/meta.properties/],
  ])('refuses a directory of %s', (_, content, changes, message) => {
    const disk = new MemoryDisk();
    disk.put('/a/meta.properties', content);
    expect(() => format(disk, changes)).toThrow(MetaPropertiesError);
    expect(() => format(disk, changes)).toThrow(message);
  });

  test('refuses two directories with one id: one is a copy', () => {
    const disk = new MemoryDisk();
    disk.put('/a/meta.properties', metaProperties());
    disk.put('/b/meta.properties', metaProperties());
    expect(() => format(disk)).toThrow(
      /Duplicate directory ID ZGlyZWN0b3J5LW51bWJlcg found. It was the ID of \/a, but also of \/b/,
    );
  });

  test('reads escaped values, and writes ids that need escapes so that Java reads them', () => {
    const disk = new MemoryDisk();
    disk.put('/a/meta.properties', metaProperties(1, 'a\\=b\\:c\\u0021'));
    expect(format(disk).clusterId).toBe('a=b:c!');
    expect(text(disk, '/b/meta.properties')).toContain('cluster.id=a\\=b\\:c\\!\n');
  });
});
