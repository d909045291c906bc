/**
 * metadata.version: which records, and which versions of them, a cluster may write. (KIP-778)
 *
 * Levels and their names are Kafka's. A record newer than the finalized level must not be written: a standby that cannot
 * apply it stops.
 */
export const METADATA_VERSION_FEATURE = 'metadata.version';

/** 3.3-IV3: the oldest level that 4.x nodes can run at. */
export const MINIMUM_METADATA_VERSION = 7;
/** 4.3-IV0. */
export const LATEST_METADATA_VERSION = 30;

/** Level to the name that tools print, from level 7 on; the last part says that it changed what the log may hold. */
const LEVELS: readonly (readonly [name: string, changesMetadata: boolean])[] = [
  ['3.3-IV3', true],
  ['3.4-IV0', true],
  ['3.5-IV0', false],
  ['3.5-IV1', false],
  ['3.5-IV2', true],
  ['3.6-IV0', false],
  ['3.6-IV1', true],
  ['3.6-IV2', true],
  ['3.7-IV0', true],
  ['3.7-IV1', false],
  ['3.7-IV2', true],
  ['3.7-IV3', false],
  ['3.7-IV4', false],
  ['3.8-IV0', false],
  ['3.9-IV0', false],
  ['4.0-IV0', false],
  ['4.0-IV1', true],
  ['4.0-IV2', false],
  ['4.0-IV3', false],
  ['4.1-IV0', false],
  ['4.1-IV1', false],
  ['4.2-IV0', false],
  ['4.2-IV1', false],
  ['4.3-IV0', true],
];

export function metadataVersionName(level: number): string {
  return LEVELS[level - MINIMUM_METADATA_VERSION]?.[0] ?? String(level);
}

/** The level that a release or level name means ("4.3", "4.3-IV0", "30"), or null. */
export function metadataVersionOf(text: string): number | null {
  const level = LEVELS.findLastIndex(([name]) => name === text || name.startsWith(`${text}-`));
  if (level >= 0) return level + MINIMUM_METADATA_VERSION;
  const number = Number(text);
  return Number.isInteger(number) && number >= MINIMUM_METADATA_VERSION && number <= LATEST_METADATA_VERSION
    ? number
    : null;
}

/** Whether going down from `from` to `to` would lose what the log may hold by now. */
export function losesMetadata(from: number, to: number): boolean {
  return LEVELS.some(([, changes], index) => {
    const level = index + MINIMUM_METADATA_VERSION;
    return changes && level > to && level <= from;
  });
}

export const supportsTransactions = (level: number): boolean => level >= 13;
export const bumpsLeaderEpochOnIsrShrink = (level: number): boolean => level < 12;
export const supportsDelegationTokens = (level: number): boolean => level >= 14;
export const supportsControllerRegistration = (level: number): boolean => level >= 15;
export const supportsDirectoryAssignment = (level: number): boolean => level >= 17;
export const supportsElr = (level: number): boolean => level >= 23;
export const supportsCordonedLogDirs = (level: number): boolean => level >= 30;
export const supportsScram = (level: number): boolean => level >= 11;

export function registerBrokerRecordVersion(level: number): number {
  if (supportsCordonedLogDirs(level)) return 4;
  if (supportsDirectoryAssignment(level)) return 3;
  return level >= 8 ? 2 : 1;
}

export function partitionRecordVersion(level: number): number {
  if (supportsElr(level)) return 2;
  return supportsDirectoryAssignment(level) ? 1 : 0;
}

export const partitionChangeRecordVersion = partitionRecordVersion;
