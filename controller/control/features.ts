/** UpdateFeatures. (KIP-584, KIP-778, KIP-1022) All updates of a request happen, or none. */
import { ErrorCode } from '../../wire/base/error-codes';
import type { UpdateFeaturesRequest, UpdateFeaturesResponse } from '../../wire/schema/quota';
import { ConfigResourceType } from '../metadata/config-resource';
import {
  LATEST_METADATA_VERSION,
  METADATA_VERSION_FEATURE,
  MINIMUM_METADATA_VERSION,
  losesMetadata,
  supportsControllerRegistration,
} from '../metadata/metadata-version';
import { metadataRecord, type MetadataRecord } from '../metadata/records';
import {
  ELR_FEATURE,
  KRAFT_VERSION_FEATURE,
  SUPPORTED_FEATURES,
  requiredMetadataVersion,
  type VersionRange,
} from '../metadata/supported-features';
import { NO_ERROR, apiError, type ApiError } from './api-error';
import type { ControlResult } from './control-result';
import type { Controls } from './controls';
import { configLayers } from './partition-changes';

const UpgradeType = { upgrade: 1, safeDowngrade: 2, unsafeDowngrade: 3 } as const;

interface Update {
  readonly name: string;
  readonly level: number;
  readonly upgradeType: number;
}

/** What the quorum says of itself. */
export interface QuorumFeatures {
  readonly kraftVersion: number;
  readonly voterIds: readonly number[];
  /** Raises kraft.version, or tells why it cannot; with `validateOnly` it only tells. */
  raiseKraftVersion(level: number, validateOnly: boolean): string | null;
}

export function updateFeatures(
  controls: Controls,
  request: UpdateFeaturesRequest,
  apiVersion: number,
  quorum: QuorumFeatures,
): ControlResult<UpdateFeaturesResponse> {
  const updates = request.featureUpdates.map(({ feature, maxVersionLevel, allowDowngrade, upgradeType }) => ({
    name: feature,
    level: maxVersionLevel,
    upgradeType: apiVersion > 0 ? upgradeType : allowDowngrade ? UpgradeType.safeDowngrade : UpgradeType.upgrade,
  }));
  const records: MetadataRecord[] = [];
  for (const update of updates) {
    const error = applyUpdate(controls, update, updates, quorum, records);
    if (error.code !== ErrorCode.NONE) return { records: [], response: failed(error, updates, apiVersion) };
  }
  if (request.validateOnly) return { records: [], response: succeeded(updates, apiVersion) };
  const raised = updates.find(({ name, level }) => name === KRAFT_VERSION_FEATURE && level > quorum.kraftVersion);
  if (raised !== undefined) {
    const why = quorum.raiseKraftVersion(raised.level, false);
    if (why !== null) return { records: [], response: failed(refusal(raised, why), updates, apiVersion) };
    // Behind the quorum's own records: the answer waits until these are committed.
    records.push(metadataRecord('NoOpRecord', 0, {}));
  }
  return { records, response: succeeded(updates, apiVersion) };
}

function failed(error: ApiError, updates: readonly Update[], apiVersion: number): UpdateFeaturesResponse {
  // Up to version 1 the error goes to each feature, from 2 on to the request. (KIP-1022)
  const message = `The update failed for all features since the following feature had an error: ${error.message ?? ''}`;
  if (apiVersion >= 2) return { throttleTimeMs: 0, errorCode: error.code, errorMessage: message, results: [] };
  const results = updates.map(({ name }) => ({ feature: name, errorCode: error.code, errorMessage: error.message }));
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null, results };
}

function succeeded(updates: readonly Update[], apiVersion: number): UpdateFeaturesResponse {
  const results = updates.map(({ name }) => ({ feature: name, errorCode: ErrorCode.NONE, errorMessage: null }));
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null, results: apiVersion >= 2 ? [] : results };
}

function applyUpdate(
  controls: Controls,
  update: Update,
  updates: readonly Update[],
  quorum: QuorumFeatures,
  records: MetadataRecord[],
): ApiError {
  const { name, level, upgradeType } = update;
  const refuse = (why: string): ApiError => refusal(update, why);
  if (!Object.values<number>(UpgradeType).includes(upgradeType)) {
    return refuse('The controller does not support the given upgrade type.');
  }
  const { features } = controls.state.image;
  const present = name === KRAFT_VERSION_FEATURE ? quorum.kraftVersion : currentLevel(controls, name);
  if (level < 0) return refuse('A feature version cannot be less than 0.');
  const unsupported = whyUnsupported(controls, name, level, quorum);
  if (unsupported !== null) return refuse(unsupported);
  if (level < present && upgradeType === UpgradeType.upgrade) {
    return refuse(
      "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade.",
    );
  }
  if (level > present && upgradeType !== UpgradeType.upgrade) return refuse("Can't downgrade to a newer version.");
  if (name === METADATA_VERSION_FEATURE) return updateMetadataVersion(features.metadataVersion, update, records);
  if (name === KRAFT_VERSION_FEATURE) {
    if (level === present) return NO_ERROR;
    if (level < present) return refuse("Can't downgrade the version of this feature.");
    const why = quorum.raiseKraftVersion(level, true);
    return why === null ? NO_ERROR : refuse(why);
  }
  const required = requiredMetadataVersion(name, level);
  const proposed = updates.find((other) => other.name === METADATA_VERSION_FEATURE)?.level ?? features.metadataVersion;
  if (proposed < required) {
    return refuse(
      `${name} could not be set to ${level} because it depends on ${METADATA_VERSION_FEATURE} level ${required}`,
    );
  }
  if (name === ELR_FEATURE && level > 0 && present === 0) records.push(...elrSafetyRecords(controls));
  records.push(metadataRecord('FeatureLevelRecord', 0, { name, featureLevel: level }));
  return NO_ERROR;
}

function refusal({ name, level }: Update, why: string): ApiError {
  return apiError(ErrorCode.INVALID_UPDATE_VERSION, `Invalid update version ${level} for feature ${name}. ${why}`);
}

function currentLevel(controls: Controls, name: string): number {
  const { features } = controls.state.image;
  return name === METADATA_VERSION_FEATURE ? features.metadataVersion : features.level(name);
}

function updateMetadataVersion(present: number, { level, upgradeType }: Update, records: MetadataRecord[]): ApiError {
  if (level < MINIMUM_METADATA_VERSION || level > LATEST_METADATA_VERSION) {
    const range = `Valid versions are from ${MINIMUM_METADATA_VERSION} to ${LATEST_METADATA_VERSION}.`;
    return apiError(ErrorCode.INVALID_UPDATE_VERSION, `Invalid metadata.version ${level}. ${range}`);
  }
  if (level < present && losesMetadata(present, level)) {
    const why =
      upgradeType === UpgradeType.unsafeDowngrade
        ? 'Unsafe metadata downgrade is not supported in this version.'
        : 'Refusing to perform the requested downgrade because it might delete metadata information.';
    return apiError(
      ErrorCode.INVALID_UPDATE_VERSION,
      `Unsupported metadata.version downgrade from ${present} to ${level}. ${why}`,
    );
  }
  records.push(metadataRecord('FeatureLevelRecord', 0, { name: METADATA_VERSION_FEATURE, featureLevel: level }));
  return NO_ERROR;
}

/** This controller, every registered broker and every controller of the quorum must support the level. */
function whyUnsupported(controls: Controls, name: string, level: number, quorum: QuorumFeatures): string | null {
  const { cluster, features } = controls.state.image;
  const { nodeId } = controls.config;
  const local = whyOutside(`Local controller ${nodeId}`, level, SUPPORTED_FEATURES.get(name));
  if (local !== null) return local;
  for (const broker of cluster.brokers.values()) {
    const reason = whyOutside(`Broker ${broker.id}`, level, broker.features.get(name));
    if (reason !== null) return reason;
  }
  if (!supportsControllerRegistration(features.metadataVersion)) return null;
  for (const controller of cluster.controllers.values()) {
    const reason =
      controller.id === nodeId ? null : whyOutside(`Controller ${controller.id}`, level, controller.features.get(name));
    if (reason !== null) return reason;
  }
  const missing = quorum.voterIds.find((id) => id !== nodeId && !cluster.controllers.has(id));
  return missing === undefined ? null : `controller ${missing} has not registered, and may not support this feature`;
}

function whyOutside(who: string, level: number, range: VersionRange = { min: 0, max: 0 }): string | null {
  if (level >= range.min && level <= range.max) return null;
  if (range.min === 0 && range.max === 0) return `${who} does not support this feature.`;
  return `${who} only supports versions ${range.min === range.max ? range.min : `${range.min}-${range.max}`}`;
}

/**
 * Eligible leaders rest on min.insync.replicas: it becomes a config of the cluster, and no broker has one of its own.
 * (KIP-966)
 */
export function elrSafetyRecords(controls: Controls): MetadataRecord[] {
  const name = 'min.insync.replicas';
  const { configs } = controls.state.image;
  const records: MetadataRecord[] = [];
  const resourceType = ConfigResourceType.broker;
  if (!configs.ofBroker('').has(name)) {
    const value = controls.rules.topicConfig(name, configLayers(controls, '')) ?? '1';
    records.push(metadataRecord('ConfigRecord', 0, { resourceType, resourceName: '', name, value }));
  }
  for (const { resource, configs: set } of configs.all()) {
    if (resource.type !== resourceType || resource.name === '' || !set.has(name)) continue;
    records.push(metadataRecord('ConfigRecord', 0, { resourceType, resourceName: resource.name, name, value: null }));
  }
  return records;
}
