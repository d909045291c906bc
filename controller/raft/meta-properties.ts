/**
 * `meta.properties`: which cluster, node and directory a log directory belongs to. (KIP-631, KIP-858)
 *
 * Java properties, version 1. Every log directory of a node has one; cluster.id and node.id agree in all of them and
 * directory.id differs. Written aside, fsynced and renamed; never changed afterwards.
 */
import { isUuid } from '../../wire/base/uuid';
import type { Disk } from '../../log/disk';
import { readTextFile, replaceFile } from '../../log/small-file';
import { isReservedDirectoryId } from '../metadata/directory-id';

export const META_PROPERTIES_FILE = 'meta.properties';

export interface MetaProperties {
  readonly clusterId: string;
  readonly nodeId: number;
  readonly directoryId: string;
}

/** A log directory that cannot be used as it is; the message says which and what to do. */
export class MetaPropertiesError extends Error {
  override readonly name = 'MetaPropertiesError';
}

/** Null when the directory has none. Throws MetaPropertiesError for a file that this version cannot use. */
export function readMetaProperties(disk: Disk, directory: string): MetaProperties | null {
  const path = `${directory}/${META_PROPERTIES_FILE}`;
  const text = readTextFile(disk, path);
  if (text === null) return null;
  const entries = parseJavaProperties(text);
  const version = entries.get('version') ?? '0';
  if (version !== '1') {
    throw new MetaPropertiesError(
      `${path}: version ${version} is not supported, expected 1 (this directory is not of a KRaft node)`,
    );
  }
  const required = (key: string): string => {
    const value = entries.get(key);
    if (value === undefined) throw new MetaPropertiesError(`${key} was not specified in ${path}`);
    return value;
  };
  const nodeId = Number(required('node.id'));
  if (!Number.isInteger(nodeId) || nodeId < 0)
    throw new MetaPropertiesError(`${path}: node.id is not a whole number from 0 on`);
  const directoryId = required('directory.id');
  if (!isUuid(directoryId) || isReservedDirectoryId(directoryId)) {
    throw new MetaPropertiesError(`Invalid reserved directory ID ${directoryId} found in ${directory}`);
  }
  return { clusterId: required('cluster.id'), nodeId, directoryId };
}

export function writeMetaProperties(disk: Disk, directory: string, properties: MetaProperties): void {
  const entries = [
    ['cluster.id', properties.clusterId],
    ['directory.id', properties.directoryId],
    ['node.id', String(properties.nodeId)],
    ['version', '1'],
  ] as const;
  const lines = entries.map(([key, value]) => `${key}=${escapeValue(value)}\n`);
  replaceFile(disk, directory, META_PROPERTIES_FILE, `#\n${lines.join('')}`);
}

/** All that agree and who disagrees: the first that contradicts what is expected is an error. */
export function verifyMetaProperties(
  found: ReadonlyMap<string, MetaProperties>,
  expectedNodeId: number,
  expectedClusterId: string | null,
): void {
  const directoryIds = new Map<string, string>();
  let clusterId = expectedClusterId;
  for (const [directory, properties] of found) {
    const path = `${directory}/${META_PROPERTIES_FILE}`;
    clusterId ??= properties.clusterId;
    if (properties.clusterId !== clusterId) {
      throw new MetaPropertiesError(
        `Invalid cluster.id in: ${path}. Expected ${clusterId}, but read ${properties.clusterId}`,
      );
    }
    if (properties.nodeId !== expectedNodeId) {
      throw new MetaPropertiesError(
        `Stored node id ${properties.nodeId} doesn't match previous node id ${expectedNodeId} in ${path}. ` +
          'Configure the node id that the data was written with, or point log.dirs at empty directories to make a new node.',
      );
    }
    const other = directoryIds.get(properties.directoryId);
    if (other !== undefined) {
      throw new MetaPropertiesError(
        `Duplicate directory ID ${properties.directoryId} found. It was the ID of ${other}, but also of ${directory}`,
      );
    }
    directoryIds.set(properties.directoryId, directory);
  }
}

/** The subset of Java's format that such files use: comments, `key=value` or `key:value`, backslash escapes. */
function parseJavaProperties(text: string): Map<string, string> {
  const entries = new Map<string, string>();
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trimStart();
    if (line === '' || line.startsWith('#') || line.startsWith('!')) continue;
    const match = /^((?:\\.|[^\\=:\s])+)\s*[=:]?\s*(.*)$/.exec(line);
    if (match !== null) entries.set(unescape(match[1] ?? ''), unescape(match[2] ?? ''));
  }
  return entries;
}

function unescape(text: string): string {
  return text.replace(/\\(u[0-9a-fA-F]{4}|.)/g, (_, escaped: string) => {
    if (escaped.length === 5) return String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    return { n: '\n', t: '\t', r: '\r', f: '\f' }[escaped] ?? escaped;
  });
}

function escapeValue(text: string): string {
  return text.replace(/[\\:=#!]/g, (character) => `\\${character}`);
}
