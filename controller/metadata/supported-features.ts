/** The feature levels that this node can run at, and what depends on what. (KIP-584, KIP-1022) */
import { LATEST_METADATA_VERSION, METADATA_VERSION_FEATURE, MINIMUM_METADATA_VERSION } from './metadata-version';

export const KRAFT_VERSION_FEATURE = 'kraft.version';
export const ELR_FEATURE = 'eligible.leader.replicas.version';

export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

export type FeatureRanges = ReadonlyMap<string, VersionRange>;

/** Kafka 4.3's ranges: a node that registers with less cannot join a cluster that has finalized more. */
export const SUPPORTED_FEATURES: FeatureRanges = new Map([
  [METADATA_VERSION_FEATURE, { min: MINIMUM_METADATA_VERSION, max: LATEST_METADATA_VERSION }],
  [KRAFT_VERSION_FEATURE, { min: 0, max: 1 }],
  ['transaction.version', { min: 0, max: 2 }],
  ['group.version', { min: 0, max: 1 }],
  [ELR_FEATURE, { min: 0, max: 1 }],
  ['share.version', { min: 0, max: 1 }],
  ['streams.version', { min: 0, max: 1 }],
]);

/** The least metadata.version for `level` of `feature`; 0 when it needs none. Kafka asks it of ELR alone. */
export function requiredMetadataVersion(feature: string, level: number): number {
  return feature === ELR_FEATURE && level >= 1 ? 23 : 0;
}
