/**
 * From log directories as they lie there to an identity: cluster id, directory ids. A node whose directories are all
 * empty, and that is told of no other node, formats them by itself; everybody else must have been formatted before.
 *
 * Order of a first format, each step durable before the next: bootstrap.checkpoint (feature levels), the 0-0 checkpoint
 * (kraft.version and voters), then meta.properties of the metadata directory, then those of the others. Until the
 * metadata directory has its meta.properties nothing of it counts, and the next start does it all again.
 *
 * A voter that formatted itself afresh would have forgotten its vote, and a disk that is not mounted looks empty: so a
 * node with any formatted directory never formats its metadata directory.
 */
import type { Crc32c, Random } from '../../wire/base/env';
import { randomUuid } from '../../wire/base/uuid';
import type { Disk } from '../../log/disk';
import { bootstrapRecords, clusterFeatures } from '../metadata/bootstrap';
import { LATEST_METADATA_VERSION } from '../metadata/metadata-version';
import { BOOTSTRAP_FILE, writeBootstrapFile, writeVotersCheckpoint } from './bootstrap-files';
import { makeDurableDirectory } from '../../log/durable-directory';
import { readMetaProperties, verifyMetaProperties, writeMetaProperties, type MetaProperties } from './meta-properties';
import { BOOTSTRAP_SNAPSHOT_ID, snapshotFileName } from './snapshots';
import { VoterSet, type Voter, type VoterEndpoint } from './voter-set';

export const METADATA_PARTITION_DIRECTORY = '__cluster_metadata-0';

export interface FormatRequest {
  readonly nodeId: number;
  /** Where the node keeps logs, each once; paths as configured. */
  readonly logDirs: readonly string[];
  readonly metadataLogDir: string;
  /** With null a formatted directory keeps its own, and a first format makes one up. */
  readonly clusterId: string | null;
  /** This node's controller listeners as others reach them; a node without the controller role has none. */
  readonly controllerEndpoints: readonly VoterEndpoint[];
  /** Other hosts named in controller.quorum.voters or controller.quorum.bootstrap.servers. */
  readonly otherQuorumHosts: readonly string[];
}

export interface FormatPorts {
  readonly disk: Disk;
  readonly random: Random;
  readonly crc32c: Crc32c;
  readonly wallMs: number;
}

export interface NodeIdentity {
  readonly clusterId: string;
  readonly nodeId: number;
  /** Log directory to its id, every one of them. */
  readonly directoryIds: ReadonlyMap<string, string>;
  /** The id of the metadata log's directory. */
  readonly metadataDirectoryId: string;
  /** This call has formatted the node. */
  readonly isNew: boolean;
}

/** The directories cannot be used, and the node may not format them. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
}

/** Reads the node's identity, formatting what it may. Throws FormatError, MetaPropertiesError or DiskError. */
export function loadOrFormat(request: FormatRequest, ports: FormatPorts): NodeIdentity {
  const { disk } = ports;
  const found = new Map<string, MetaProperties>();
  for (const directory of directoriesOf(request)) {
    const properties = readMetaProperties(disk, directory);
    if (properties === null) continue;
    // The process that wrote it may have died before its name was durable; from here on we build upon it.
    makeDurableDirectory(disk, directory);
    disk.syncDirectorySync(directory);
    found.set(directory, properties);
  }
  verifyMetaProperties(found, request.nodeId, request.clusterId);
  const isNew = !found.has(request.metadataLogDir);
  if (isNew) {
    assertMayFormat(request, found, disk);
    found.set(request.metadataLogDir, formatMetadataDirectory(request, 'self', ports));
  }
  const clusterId = (found.get(request.metadataLogDir) as MetaProperties).clusterId;
  addDataDirectories(request, clusterId, found, ports);
  return {
    clusterId,
    nodeId: request.nodeId,
    directoryIds: new Map([...found].map(([directory, { directoryId }]) => [directory, directoryId])),
    metadataDirectoryId: (found.get(request.metadataLogDir) as MetaProperties).directoryId,
    isNew,
  };
}

/**
 * Who the first voters are: this node alone; these, with their directory ids, this node perhaps among them; or nobody, of a
 * node that joins a quorum later or whose quorum is static (controller.quorum.voters, kraft.version 0).
 */
export type InitialVoters = 'self' | 'none' | readonly Voter[];

/** What an operator formats: `moldau storage format`, and the tools that make a whole cluster. */
export interface ExplicitFormat extends Omit<FormatRequest, 'otherQuorumHosts'> {
  readonly clusterId: string;
  readonly voters: InitialVoters;
  /** The first metadata records; by default the newest metadata.version and what clusters begin with. */
  readonly bootstrap?: readonly Uint8Array[];
}

/**
 * Formats every directory of a node that was never formatted, whatever other hosts its quorum names: somebody has asked for
 * it by name. Throws FormatError when a directory is formatted or not empty, MetaPropertiesError or DiskError.
 */
export function formatNode(request: ExplicitFormat, ports: FormatPorts): NodeIdentity {
  for (const directory of directoriesOf(request)) {
    if (readMetaProperties(ports.disk, directory) !== null) {
      throw new FormatError(`${directory} is formatted already: it has a meta.properties.`);
    }
    assertEmpty(ports.disk, directory);
  }
  const bootstrap = request.bootstrap ?? bootstrapRecords(LATEST_METADATA_VERSION, clusterFeatures());
  formatMetadataDirectory({ ...request, bootstrap }, request.voters, ports);
  return loadOrFormat({ ...request, otherQuorumHosts: [] }, ports);
}

/** metadata.log.dir may be apart from log.dirs. */
function directoriesOf({ logDirs, metadataLogDir }: Pick<FormatRequest, 'logDirs' | 'metadataLogDir'>): Set<string> {
  return new Set([...logDirs, metadataLogDir]);
}

function assertMayFormat(request: FormatRequest, found: ReadonlyMap<string, MetaProperties>, disk: Disk): void {
  const [formatted] = found.keys();
  if (formatted !== undefined) {
    throw new FormatError(
      `The metadata directory ${request.metadataLogDir} has no meta.properties, but ${formatted} has: ` +
        'a disk may not be mounted. A node that has run before is not formatted again by itself.',
    );
  }
  if (request.controllerEndpoints.length === 0) {
    throw new FormatError(
      `${request.metadataLogDir} is not formatted, and this node is no controller: format it for its cluster first.`,
    );
  }
  if (request.otherQuorumHosts.length > 0) {
    throw new FormatError(
      `${request.metadataLogDir} is not formatted, and the quorum names other hosts (${request.otherQuorumHosts.join(', ')}): ` +
        'a voter that formats itself may have forgotten its vote. Format it for its cluster first.',
    );
  }
  for (const directory of directoriesOf(request)) assertEmpty(disk, directory);
}

function assertEmpty(disk: Disk, directory: string): void {
  if (disk.statSync(directory) === null) return;
  const foreign = disk.listSync(directory).find((name) => !isRemnant(disk, directory, name));
  if (foreign === undefined) return;
  throw new FormatError(
    `${directory} has no meta.properties and is not empty (it holds ${foreign}): it is not formatted by itself.`,
  );
}

/** What an interrupted format, the lock or the file system leaves in a directory that counts as empty. */
function isRemnant(disk: Disk, directory: string, name: string): boolean {
  if (['.lock', 'lost+found', BOOTSTRAP_FILE, 'meta.properties.tmp'].includes(name)) return true;
  if (name.startsWith(BOOTSTRAP_FILE)) return true;
  if (name !== METADATA_PARTITION_DIRECTORY) return false;
  const stem = snapshotFileName(BOOTSTRAP_SNAPSHOT_ID).slice(0, -'.checkpoint'.length);
  return disk.listSync(`${directory}/${name}`).every((file) => file.startsWith(stem) && file.includes('.checkpoint'));
}

function formatMetadataDirectory(
  request: Omit<FormatRequest, 'otherQuorumHosts'> & Pick<ExplicitFormat, 'bootstrap'>,
  initial: InitialVoters,
  ports: FormatPorts,
): MetaProperties {
  const { disk, random } = ports;
  const directory = request.metadataLogDir;
  const listed = typeof initial === 'string' ? undefined : initial.find(({ id }) => id === request.nodeId);
  const directoryId = listed?.directoryId ?? randomUuid(random);
  makeDurableDirectory(disk, directory);
  writeBootstrapFile(directory, request.bootstrap ?? bootstrapRecords(), ports);
  const voters = initial === 'self' ? [ownVoter(request, directoryId)] : initial;
  if (voters !== 'none') {
    writeVotersCheckpoint(`${directory}/${METADATA_PARTITION_DIRECTORY}`, new VoterSet(voters), ports);
  }
  const properties = { clusterId: request.clusterId ?? randomUuid(random), nodeId: request.nodeId, directoryId };
  writeMetaProperties(disk, directory, properties);
  return properties;
}

function ownVoter(request: Pick<FormatRequest, 'nodeId' | 'controllerEndpoints'>, directoryId: string): Voter {
  const { nodeId: id, controllerEndpoints: endpoints } = request;
  return { id, directoryId, endpoints, minKraftVersion: 0, maxKraftVersion: 1 };
}

/** A data directory without meta.properties joins the node: it is new, or the first format did not get so far. */
function addDataDirectories(
  request: FormatRequest,
  clusterId: string,
  found: Map<string, MetaProperties>,
  ports: FormatPorts,
): void {
  for (const directory of directoriesOf(request)) {
    if (found.has(directory)) continue;
    assertEmpty(ports.disk, directory);
    makeDurableDirectory(ports.disk, directory);
    const properties = { clusterId, nodeId: request.nodeId, directoryId: randomUuid(ports.random) };
    writeMetaProperties(ports.disk, directory, properties);
    found.set(directory, properties);
  }
}
