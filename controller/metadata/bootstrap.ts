/** The first records of a cluster: which features it starts with. Written at format, appended by the first leader. */
import { LATEST_METADATA_VERSION, METADATA_VERSION_FEATURE } from './metadata-version';
import { decodeMetadataRecord, encodeMetadataRecord, metadataRecord, type MetadataRecord } from './records';
import { ReplayError } from './replay-error';
import { ELR_FEATURE, requiredMetadataVersion } from './supported-features';

/** metadata.version first, then the other features by name. kraft.version is not among them: the quorum keeps it. */
export function bootstrapRecords(
  metadataVersion = LATEST_METADATA_VERSION,
  features: ReadonlyMap<string, number> = new Map(),
): Uint8Array[] {
  const levels = [...features].filter(([, level]) => level > 0).sort(([a], [b]) => (a < b ? -1 : 1));
  return [[METADATA_VERSION_FEATURE, metadataVersion] as const, ...levels].map(([name, featureLevel]) =>
    encodeMetadataRecord(metadataRecord('FeatureLevelRecord', 0, { name, featureLevel })),
  );
}

/**
 * What a cluster that somebody formats begins with beside metadata.version, as Kafka's begin with the newest levels: those
 * that are served here. Eligible leaders (KIP-966) are what keeps an acknowledged record when an ISR has shrunk to its last.
 */
export function clusterFeatures(metadataVersion = LATEST_METADATA_VERSION): ReadonlyMap<string, number> {
  return metadataVersion >= requiredMetadataVersion(ELR_FEATURE, 1) ? new Map([[ELR_FEATURE, 1]]) : new Map();
}

/** Throws ReplayError when nothing in them says the metadata.version. */
export function parseBootstrapRecords(values: readonly Uint8Array[], source: string): MetadataRecord[] {
  const records = values.map(decodeMetadataRecord);
  const hasVersion = records.some(
    (record) => record.type === 'FeatureLevelRecord' && record.value.name === METADATA_VERSION_FEATURE,
  );
  if (!hasVersion) throw new ReplayError(`${source} holds no FeatureLevelRecord for ${METADATA_VERSION_FEATURE}`);
  return records;
}
