/** What the flags of `moldau storage format` mean: the first voters and the first feature levels. */
import type { InitialVoters } from '../../controller/raft/format';
import { UNKNOWN_DIRECTORY } from '../../controller/raft/replica-key';
import type { Voter } from '../../controller/raft/voter-set';
import { bootstrapRecords, clusterFeatures } from '../../controller/metadata/bootstrap';
import { isReservedDirectoryId } from '../../controller/metadata/directory-id';
import {
  METADATA_VERSION_FEATURE,
  metadataVersionName,
  metadataVersionOf,
} from '../../controller/metadata/metadata-version';
import {
  KRAFT_VERSION_FEATURE,
  SUPPORTED_FEATURES,
  requiredMetadataVersion,
} from '../../controller/metadata/supported-features';
import { isUuid } from '../../wire/base/uuid';
import type { BrokerConfig } from '../config/broker-config';

export interface FormatFlags {
  readonly clusterId: string;
  readonly standalone?: boolean;
  readonly initialControllers?: string;
  /** Commander's name for --no-initial-controllers. */
  readonly noInitialControllers?: boolean;
  readonly ignoreFormatted?: boolean;
  readonly releaseVersion?: string;
  readonly feature?: readonly string[];
}

/** A flag that cannot be meant; the message says which and why. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
}

/** The voters that the flags name. Throws StorageError. */
export function initialVoters(flags: FormatFlags, config: BrokerConfig): InitialVoters {
  const given = [
    flags.standalone === true,
    flags.initialControllers !== undefined,
    flags.noInitialControllers === true,
  ];
  const chosen = given.filter((each) => each).length;
  if (chosen > 1) {
    throw new StorageError(
      'Only one of --standalone, --initial-controllers and --no-initial-controllers may be given.',
    );
  }
  if (chosen === 1 && config.quorumVoters.length > 0) {
    throw new StorageError(
      'controller.quorum.voters is set, so the quorum is static: ' +
        '--standalone, --initial-controllers and --no-initial-controllers do not go with it.',
    );
  }
  if (flags.standalone === true) {
    if (!config.isController) throw new StorageError('You cannot use --standalone on a broker node.');
    return 'self';
  }
  if (flags.initialControllers !== undefined) return parseVoters(flags.initialControllers, config);
  if (chosen === 0 && config.isController && config.quorumVoters.length === 0) {
    throw new StorageError(
      'Because controller.quorum.voters is not set on this controller, you must specify one of the following: ' +
        '--standalone, --initial-controllers, or --no-initial-controllers.',
    );
  }
  return 'none';
}

/** `id@host:port:directory-id`, separated by commas. */
function parseVoters(text: string, config: BrokerConfig): readonly Voter[] {
  const [name = 'CONTROLLER'] = config.controllerListenerNames;
  const voters = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map((entry): Voter => {
      const match = /^(\d+)@(?:\[([^\]]+)\]|([^:@]+)):(\d{1,5}):(.+)$/.exec(entry);
      const [id, port] = [Number(match?.[1]), Number(match?.[4])];
      const [host, directoryId] = [match?.[2] ?? match?.[3], match?.[5]];
      if (host === undefined || directoryId === undefined || port > 65535) {
        throw new StorageError(`${entry} in --initial-controllers is not like id@host:port:directory-id.`);
      }
      assertDirectoryId(directoryId, entry);
      // The same for every node that is formatted so: their first checkpoints must agree.
      return { id, directoryId, endpoints: [{ name, host, port }], minKraftVersion: 0, maxKraftVersion: 1 };
    });
  if (voters.length === 0) throw new StorageError('--initial-controllers names no controller.');
  if (new Set(voters.map(({ id }) => id)).size < voters.length) {
    throw new StorageError('--initial-controllers names an id twice.');
  }
  if (new Set(voters.map(({ directoryId }) => directoryId)).size < voters.length) {
    throw new StorageError('--initial-controllers names a directory id twice.');
  }
  return voters;
}

function assertDirectoryId(directoryId: string, entry: string): void {
  if (isUuid(directoryId) && directoryId !== UNKNOWN_DIRECTORY && !isReservedDirectoryId(directoryId)) return;
  throw new StorageError(`${directoryId} in ${entry} is no directory id; moldau storage random-uuid makes one.`);
}

export interface FirstFeatures {
  readonly metadataVersion: number;
  readonly records: readonly Uint8Array[];
}

/** The levels that the cluster begins with. Throws StorageError. */
export function firstFeatures(flags: FormatFlags, voters: InitialVoters): FirstFeatures {
  const levels = new Map((flags.feature ?? []).map(parseFeature));
  const version = levels.get(METADATA_VERSION_FEATURE);
  if (version !== undefined && flags.releaseVersion !== undefined) {
    throw new StorageError(`Use --release-version or --feature ${METADATA_VERSION_FEATURE}=..., not both.`);
  }
  const newest = SUPPORTED_FEATURES.get(METADATA_VERSION_FEATURE)?.max ?? 0;
  const metadataVersion = flags.releaseVersion === undefined ? (version ?? newest) : releaseLevel(flags.releaseVersion);
  const kraft = levels.get(KRAFT_VERSION_FEATURE);
  const kraftLevel = voters === 'none' ? 0 : 1;
  if (kraft !== undefined && kraft !== kraftLevel) {
    throw new StorageError(
      `${KRAFT_VERSION_FEATURE} is ${kraftLevel} with these voters: a dynamic quorum has 1, a static one 0.`,
    );
  }
  levels.delete(METADATA_VERSION_FEATURE);
  levels.delete(KRAFT_VERSION_FEATURE);
  for (const [name, level] of levels) {
    const required = requiredMetadataVersion(name, level);
    if (metadataVersion >= required) continue;
    const needed = `${METADATA_VERSION_FEATURE} ${metadataVersionName(required)}`;
    throw new StorageError(`${name} could not be set to ${level} because it depends on ${needed}.`);
  }
  return {
    metadataVersion,
    records: bootstrapRecords(metadataVersion, new Map([...clusterFeatures(metadataVersion), ...levels])),
  };
}

/** Throws StorageError. */
export function parseFeature(text: string): readonly [name: string, level: number] {
  const match = /^([^=]+)=(\d+)$/.exec(text.trim());
  const name = match?.[1]?.trim() ?? '';
  const level = Number(match?.[2]);
  if (match === null) throw new StorageError(`--feature takes name=level, and got ${text}.`);
  const range = SUPPORTED_FEATURES.get(name);
  if (range === undefined) {
    throw new StorageError(`There is no feature ${name}: there are ${[...SUPPORTED_FEATURES.keys()].join(', ')}.`);
  }
  if (level < range.min || level > range.max) {
    throw new StorageError(`${name} can be ${range.min} to ${range.max}, and not ${level}.`);
  }
  return [name, level];
}

/** Throws StorageError. */
export function releaseLevel(text: string): number {
  const level = metadataVersionOf(text);
  if (level === null) throw new StorageError(`Version ${text} is not a valid metadata.version.`);
  return level;
}
