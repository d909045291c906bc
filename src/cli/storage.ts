/**
 * `moldau storage`: formats a node's directories for its cluster and tells what they hold, with the flags and the lines of
 * Apache Kafka's kafka-storage.sh.
 */
import { readFileSync } from 'node:fs';
import { formatNode, loadOrFormat, type FormatPorts, type InitialVoters } from '../../controller/raft/format';
import { readMetaProperties, type MetaProperties } from '../../controller/raft/meta-properties';
import type { VoterEndpoint } from '../../controller/raft/voter-set';
import { metadataVersionName } from '../../controller/metadata/metadata-version';
import { DirectoryLocks } from '../../log/directory-locks';
import type { Disk } from '../../log/disk';
import { NodeDisk } from '../../log/node-disk';
import { randomUuid } from '../../wire/base/uuid';
import { createNodeBaseEnv } from '../../wire/base/node-env';
import type { BrokerConfig } from '../config/broker-config';
import { silentLogger } from '../observe/silent-logger';
import { serverConfig } from './server-config';
import { firstFeatures, initialVoters, StorageError, type FormatFlags } from './storage-options';

export interface StoragePorts extends FormatPorts {
  print(line: string): void;
}

/** What the commands below get in the real world. */
export function storagePorts(): StoragePorts {
  const env = createNodeBaseEnv({ logger: silentLogger });
  return {
    disk: new NodeDisk(),
    random: env.random('storage'),
    crc32c: env.crc32c,
    wallMs: env.clock.wallMs(),
    print: (line) => void process.stdout.write(`${line}\n`),
  };
}

/** The configuration in `file`. Throws StorageError. */
export function configFrom(file: string): BrokerConfig {
  const around = { environment: process.env, readFile: (path: string) => readFileSync(path, 'utf8') };
  const built = serverConfig({ file, overrides: [] }, around);
  if (!built.ok) throw new StorageError(built.problems.join('\n'));
  return built.config;
}

/** Throws StorageError, FormatError, MetaPropertiesError, DirectoryLockedError or DiskError. */
export function format(config: BrokerConfig, flags: FormatFlags, ports: StoragePorts): void {
  if (flags.clusterId.trim() === '') throw new StorageError('The cluster id must not be empty.');
  const endpoints = controllerEndpoints(config);
  const voters = initialVoters(flags, config);
  const features = firstFeatures(flags, voters);
  const { directories } = config;
  const found = directories.filter((directory) => readMetaProperties(ports.disk, directory) !== null);
  const [formatted] = found;
  if (formatted !== undefined && flags.ignoreFormatted !== true) {
    throw new StorageError(
      `Log directory ${formatted} is already formatted. Use --ignore-formatted to ignore this directory and format the others.`,
    );
  }
  if (found.length === directories.length) return ports.print('All of the log directories are already formatted.');
  const locks = DirectoryLocks.take(ports.disk, directories);
  try {
    const request = {
      nodeId: config.nodeId,
      logDirs: config.logDirs,
      metadataLogDir: config.metadataLogDir,
      clusterId: flags.clusterId,
      controllerEndpoints: endpoints,
    };
    if (found.includes(config.metadataLogDir)) loadOrFormat({ ...request, otherQuorumHosts: [] }, ports);
    else formatNode({ ...request, voters, bootstrap: features.records }, ports);
  } finally {
    locks.release();
  }
  for (const directory of directories.filter((each) => !found.includes(each))) {
    const kind = directory === config.metadataLogDir ? metadataKind(config, voters) : 'data directory';
    ports.print(
      `Formatting ${kind} ${directory} with metadata.version ${metadataVersionName(features.metadataVersion)}.`,
    );
  }
}

/** Prints what is there; false when something is wrong with it. */
export function info(config: BrokerConfig, ports: Pick<StoragePorts, 'disk' | 'print'>): boolean {
  const { disk, print } = ports;
  const problems: string[] = [];
  const directories = [...config.directories].sort();
  const found = directories.filter((directory) => isDirectory(disk, directory, problems));
  let first: MetaProperties | null = null;
  for (const directory of found) {
    const properties = read(disk, directory, problems);
    if (properties === null) continue;
    first ??= properties;
    if (properties.clusterId !== first.clusterId) problems.push('Mismatched cluster IDs between storage directories.');
    else if (properties.nodeId !== first.nodeId) problems.push('Mismatched node IDs between storage directories.');
  }
  listed(print, found, 'Found log directory:', 'Found log directories:');
  if (first !== null) {
    const { clusterId, directoryId, nodeId } = first;
    print(`Found metadata: {cluster.id=${clusterId}, directory.id=${directoryId}, node.id=${nodeId}, version=1}`);
    print('');
  }
  listed(print, problems, 'Found problem:', 'Found problems:');
  return problems.length === 0;
}

export function printRandomUuid(ports: Pick<StoragePorts, 'random' | 'print'>): void {
  ports.print(randomUuid(ports.random));
}

function controllerEndpoints(config: BrokerConfig): VoterEndpoint[] {
  return config.listeners
    .filter(({ isController }) => isController)
    .map(({ name, port, advertisedHost, advertisedPort }) => ({
      name,
      host: advertisedHost,
      port: advertisedPort === 0 ? port : advertisedPort,
    }));
}

/** Kafka's words. */
function metadataKind(config: BrokerConfig, voters: InitialVoters): string {
  if (voters === 'none') return 'metadata directory';
  const isVoter = voters === 'self' || voters.some(({ id }) => id === config.nodeId);
  return isVoter ? 'dynamic metadata voter directory' : 'dynamic metadata directory';
}

function isDirectory(disk: Disk, path: string, problems: string[]): boolean {
  const stat = disk.statSync(path);
  if (stat?.isDirectory === true) return true;
  problems.push(stat === null ? `${path} does not exist` : `${path} is not a directory`);
  return false;
}

function read(disk: Disk, directory: string, problems: string[]): MetaProperties | null {
  try {
    const properties = readMetaProperties(disk, directory);
    if (properties === null) problems.push(`${directory} is not formatted.`);
    return properties;
  } catch (error) {
    problems.push(`Error loading ${directory}/meta.properties: ${String((error as { message?: unknown }).message)}`);
    return null;
  }
}

function listed(print: (line: string) => void, lines: readonly string[], one: string, several: string): void {
  if (lines.length === 0) return;
  print(lines.length === 1 ? one : several);
  for (const line of lines) print(`  ${line}`);
  print('');
}
