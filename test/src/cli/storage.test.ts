/** `moldau storage` on real directories; that a broker starts from them, and as a command. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configFrom, format, info, printRandomUuid, storagePorts, type StoragePorts } from '../../../src/cli/storage';
import { firstFeatures, type FormatFlags } from '../../../src/cli/storage-options';
import { readBootstrapFile } from '../../../controller/raft/bootstrap-files';
import { decodeMetadataRecord } from '../../../controller/metadata/records';

const CLUSTER = 'MkU3OEVBNTcwNTJENDM2Qg';
const DIRECTORY_1 = 'JEXY6aqzQY-32P5TStzaFg';
const DIRECTORY_2 = 'MvDxzVmcRsaTz33bUuRU6A';
const THREE = `1@one:9093:${DIRECTORY_1},2@two:9093:${DIRECTORY_2},3@[::1]:9093:07R5amHmR32VDA6jHkGbTA`;

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'moldau-test-'))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function ports(): StoragePorts & { readonly lines: string[] } {
  const lines: string[] = [];
  return { ...storagePorts(), lines, print: (line) => void lines.push(line) };
}

function configFile(...lines: readonly string[]): string {
  const file = join(directory, 'server.properties');
  const base = [
    'node.id=1',
    'process.roles=broker,controller',
    'controller.listener.names=CONTROLLER',
    'listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093',
    `log.dirs=${directory}/a,${directory}/b`,
  ];
  writeFileSync(file, [...base, ...lines].join('\n'));
  return file;
}

function formatted(flags: Partial<FormatFlags>, ...lines: readonly string[]): string[] {
  const world = ports();
  format(configFrom(configFile(...lines)), { clusterId: CLUSTER, ...flags }, world);
  return world.lines;
}

const metaOf = (name: string): string => readFileSync(join(directory, name, 'meta.properties'), 'utf8');

describe('moldau storage format', () => {
  test('formats every directory, the metadata directory for the quorum of this node', () => {
    expect(formatted({ standalone: true })).toEqual([
      `Formatting dynamic metadata voter directory ${directory}/a with metadata.version 4.3-IV0.`,
      `Formatting data directory ${directory}/b with metadata.version 4.3-IV0.`,
    ]);
    expect(metaOf('a')).toContain(`cluster.id=${CLUSTER}\n`);
    expect(metaOf('b')).toContain('node.id=1\n');
    expect(existsSync(join(directory, 'a/__cluster_metadata-0/00000000000000000000-0000000000.checkpoint'))).toBe(true);
    expect(existsSync(join(directory, 'b/bootstrap.checkpoint'))).toBe(false);
  });

  test('takes the voters that it is given, with the directory id that they give this node', () => {
    formatted({ initialControllers: THREE });
    expect(metaOf('a')).toContain(`directory.id=${DIRECTORY_1}\n`);
    expect(metaOf('b')).not.toContain(DIRECTORY_1);
  });

  test('takes voters for a node that is none of them', () => {
    const lines = ['node.id=7', 'process.roles=broker', 'listeners=PLAINTEXT://localhost:9092', 'controller.quorum.bootstrap.servers=h:1'];
    expect(formatted({ initialControllers: THREE }, ...lines)[0]).toMatch(/^Formatting dynamic metadata directory /);
  });

  test('leaves the voters out of a node that joins later, of a static quorum, and of a broker', () => {
    const checkpoint = join(directory, 'a/__cluster_metadata-0');
    expect(formatted({ noInitialControllers: true })[0]).toMatch(/^Formatting metadata directory /);
    expect(existsSync(checkpoint)).toBe(false);
    rmSync(join(directory, 'a'), { recursive: true });
    rmSync(join(directory, 'b'), { recursive: true });
    expect(formatted({}, 'controller.quorum.voters=1@localhost:9093,2@two:9093')[0]).toMatch(/^Formatting metadata directory /);
    expect(existsSync(checkpoint)).toBe(false);
  });

  test('formats once, unless it may ignore what is formatted', () => {
    formatted({ standalone: true });
    expect(() => formatted({ standalone: true })).toThrow(`Log directory ${directory}/a is already formatted.`);
    expect(formatted({ standalone: true, ignoreFormatted: true })).toEqual([
      'All of the log directories are already formatted.',
    ]);
    rmSync(join(directory, 'b'), { recursive: true });
    const before = metaOf('a');
    expect(formatted({ standalone: true, ignoreFormatted: true })).toEqual([
      `Formatting data directory ${directory}/b with metadata.version 4.3-IV0.`,
    ]);
    expect(metaOf('a')).toBe(before);
    const other = { standalone: true, ignoreFormatted: true, clusterId: DIRECTORY_2 };
    rmSync(join(directory, 'b'), { recursive: true });
    expect(() => formatted(other)).toThrow('Invalid cluster.id');
  });

  test('gives the first features their levels', () => {
    formatted({ standalone: true, releaseVersion: '4.1', feature: ['group.version=1', 'kraft.version=1'] });
    const world = ports();
    const records = readBootstrapFile(world.disk, join(directory, 'a'), world.crc32c) ?? [];
    expect(records.map(decodeMetadataRecord).map(({ value }) => value)).toEqual([
      expect.objectContaining({ name: 'metadata.version', featureLevel: 27 }),
      // As Kafka's clusters have it from the first.
      expect.objectContaining({ name: 'eligible.leader.replicas.version', featureLevel: 1 }),
      expect.objectContaining({ name: 'group.version', featureLevel: 1 }),
    ]);
  });

  test.each<readonly [string, Partial<FormatFlags>, string]>([
    ['no cluster id', { clusterId: ' ', standalone: true }, 'The cluster id must not be empty'],
    ['no word about the voters', {}, 'you must specify one of the following: --standalone'],
    ['two words about them', { standalone: true, initialControllers: THREE }, 'Only one of --standalone'],
    ['a voter without a directory', { initialControllers: '1@one:9093' }, 'is not like id@host:port:directory-id'],
    ['a directory id that is none', { initialControllers: '1@one:9093:zzz' }, 'zzz in 1@one:9093:zzz is no directory id'],
    ['a voter twice', { initialControllers: `${THREE},${THREE}` }, 'names an id twice'],
    ['a feature that nobody knows', { standalone: true, feature: ['a.version=1'] }, 'There is no feature a.version'],
    ['a level that nobody has', { standalone: true, feature: ['group.version=9'] }, 'group.version can be 0 to 1'],
    ['a release that is none', { standalone: true, releaseVersion: '1.0' }, 'Version 1.0 is not a valid metadata.version'],
    [
      'eligible leaders on an old release',
      { standalone: true, releaseVersion: '3.9', feature: ['eligible.leader.replicas.version=1'] },
      'because it depends on metadata.version 4.0-IV1',
    ],
    ['a static kraft.version with voters', { standalone: true, feature: ['kraft.version=0'] }, 'kraft.version is 1'],
  ])('refuses %s, and formats nothing', (_, flags, message) => {
    expect(() => formatted(flags)).toThrow(message);
    expect(existsSync(join(directory, 'a'))).toBe(false);
  });

  test('refuses voters of its own for a static quorum, and --standalone for a broker', () => {
    expect(() => formatted({ standalone: true }, 'controller.quorum.voters=1@localhost:9093')).toThrow('the quorum is static');
    const lines = ['process.roles=broker', 'listeners=PLAINTEXT://localhost:9092', 'controller.quorum.bootstrap.servers=h:1'];
    expect(() => formatted({ standalone: true }, ...lines)).toThrow('You cannot use --standalone on a broker node.');
    expect(formatted({}, ...lines)[0]).toMatch(/^Formatting metadata directory /);
  });

  test('knows the newest levels by itself', () => {
    expect(firstFeatures({ clusterId: CLUSTER }, 'self').metadataVersion).toBe(30);
  });
});

describe('moldau storage info', () => {
  test('shows what is there, and says what is wrong', () => {
    const world = ports();
    const config = configFrom(configFile());
    expect(info(config, world)).toBe(false);
    expect(world.lines).toEqual(['Found problems:', `  ${directory}/a does not exist`, `  ${directory}/b does not exist`, '']);
    formatted({ initialControllers: THREE });
    world.lines.length = 0;
    expect(info(config, world)).toBe(true);
    expect(world.lines).toEqual([
      'Found log directories:',
      `  ${directory}/a`,
      `  ${directory}/b`,
      '',
      `Found metadata: {cluster.id=${CLUSTER}, directory.id=${DIRECTORY_1}, node.id=1, version=1}`,
      '',
    ]);
    rmSync(join(directory, 'b'), { recursive: true });
    mkdirSync(join(directory, 'b'));
    world.lines.length = 0;
    expect(info(config, world)).toBe(false);
    expect(world.lines).toContain(`  ${directory}/b is not formatted.`);
  });
});

test('moldau storage random-uuid prints an id', () => {
  const world = ports();
  printRandomUuid(world);
  expect(world.lines).toEqual([expect.stringMatching(/^[\w][\w-]{21}$/)]);
});
