/**
 * Registration of brokers and controllers. (KIP-631, KIP-858, KIP-903, KIP-919)
 *
 * The broker epoch is the offset of the first record of the write, which may be a partition change before the registration
 * itself. A repeated registration of the same incarnation keeps epoch, fencing and shutdown (KAFKA-16952).
 */
import { ErrorCode } from '../../wire/base/error-codes';
import type {
  BrokerRegistrationRequest,
  BrokerRegistrationResponse,
  ControllerRegistrationRequest,
  ControllerRegistrationResponse,
} from '../../wire/schema/broker';
import { isReservedDirectoryId } from '../metadata/directory-id';
import {
  METADATA_VERSION_FEATURE,
  registerBrokerRecordVersion,
  supportsControllerRegistration,
  supportsDirectoryAssignment,
} from '../metadata/metadata-version';
import { metadataRecord, type MetadataRecord } from '../metadata/records';
import type { BrokerRegistration } from '../metadata/registrations';
import { KRAFT_VERSION_FEATURE } from '../metadata/supported-features';
import { ApiException } from './api-error';
import { fenceRecords, uncleanShutdownRecords } from './broker-events';
import type { ControlResult } from './control-result';
import type { Controls } from './controls';
import { changesAfter } from './partition-changes';

/** `nextWriteOffset`: the offset that the first record gets. Throws ApiException. */
export function registerBroker(
  controls: Controls,
  request: BrokerRegistrationRequest,
  nextWriteOffset: number,
  kraftVersion: number,
  nowMs: number,
): ControlResult<BrokerRegistrationResponse> {
  const { state, config } = controls;
  const existing = state.image.cluster.brokers.get(request.brokerId);
  if (request.clusterId !== config.clusterId) {
    const message = `Expected cluster ID ${config.clusterId}, but got cluster ID ${request.clusterId}`;
    throw new ApiException(ErrorCode.INCONSISTENT_CLUSTER_ID, message);
  }
  checkIncarnation(controls, request, existing, nowMs);
  checkDirectories(controls, request);
  checkFeatures(controls, request, kraftVersion);
  const isSame = existing !== undefined && existing.incarnationId === request.incarnationId;
  const cleanup = isSame ? [] : successionRecords(controls, request, existing);
  const brokerEpoch = isSame ? existing.epoch : nextWriteOffset;
  // Beyond Kafka: what a dead incarnation sent long ago may arrive now, when a cut link has healed. It must not take the
  // place of this one, whose first heartbeat is still on its way.
  state.heartbeats.contact(request.brokerId, brokerEpoch, nowMs);
  const record = registrationRecord(controls, request, brokerEpoch, isSame ? existing : null);
  return { records: [...cleanup, record], response: { throttleTimeMs: 0, errorCode: ErrorCode.NONE, brokerEpoch } };
}

function checkIncarnation(
  controls: Controls,
  request: BrokerRegistrationRequest,
  existing: BrokerRegistration | undefined,
  nowMs: number,
): void {
  if (existing !== undefined && existing.incarnationId !== request.incarnationId) {
    if (controls.state.heartbeats.hasValidSession(request.brokerId, existing.epoch, nowMs)) {
      throw new ApiException(
        ErrorCode.DUPLICATE_BROKER_REGISTRATION,
        'Another broker is registered with that broker id. If the broker was recently restarted this should ' +
          "self-resolve once the heartbeat manager expires the broker's session.",
      );
    }
  }
  if (request.isMigratingZkBroker) {
    throw new ApiException(ErrorCode.BROKER_ID_NOT_REGISTERED, 'Controller does not support registering ZK brokers.');
  }
}

function checkDirectories(controls: Controls, request: BrokerRegistrationRequest): void {
  const { state } = controls;
  if (!supportsDirectoryAssignment(state.image.features.metadataVersion)) return;
  const { logDirs } = request;
  const refuse = (message: string): never => {
    throw new ApiException(ErrorCode.INVALID_REGISTRATION, message);
  };
  if (logDirs.length === 0) refuse('No directories specified in request');
  if (logDirs.some(isReservedDirectoryId)) refuse('Reserved directory ID in request');
  if (new Set(logDirs).size !== logDirs.length) refuse('Duplicate directory ID in request');
  for (const directory of logDirs) {
    const owner = state.directoryOwners.get(directory);
    if (owner !== undefined && owner !== request.brokerId) {
      refuse(`Broker ${owner} is already registered with directory ${directory}`);
    }
  }
}

/** Every finalized level must lie in the broker's range; a feature that it does not name it supports at 0 only. */
function checkFeatures(controls: Controls, request: BrokerRegistrationRequest, kraftVersion: number): void {
  if (!request.features.some(({ name }) => name === METADATA_VERSION_FEATURE)) {
    throw new ApiException(ErrorCode.INVALID_REGISTRATION, "Request features do not contain 'metadata.version'");
  }
  const named = new Set(request.features.map(({ name }) => name));
  for (const { name, minSupportedVersion, maxSupportedVersion } of request.features) {
    checkFeature(name, finalizedLevel(controls, name, kraftVersion), minSupportedVersion, maxSupportedVersion);
  }
  const finalized = [...controls.state.image.features.all().map(([name]) => name), KRAFT_VERSION_FEATURE];
  for (const name of finalized)
    if (!named.has(name)) checkFeature(name, finalizedLevel(controls, name, kraftVersion), 0, 0);
}

function finalizedLevel(controls: Controls, name: string, kraftVersion: number): number {
  return name === KRAFT_VERSION_FEATURE ? kraftVersion : controls.state.image.features.level(name);
}

function checkFeature(name: string, level: number, min: number, max: number): void {
  if (level >= min && level <= max) return;
  throw new ApiException(
    ErrorCode.UNSUPPORTED_VERSION,
    `Unable to register because the broker does not support finalized version ${level} of ${name}. ` +
      `The broker wants a version between ${min} and ${max}, inclusive.`,
  );
}

/** What the earlier incarnation leaves behind: it is in no ISR any more, and unless its stop was clean not eligible. */
function successionRecords(
  controls: Controls,
  request: BrokerRegistrationRequest,
  existing: BrokerRegistration | undefined,
): MetadataRecord[] {
  if (existing === undefined) return [];
  const isClean = request.previousBrokerEpoch === existing.epoch;
  if (controls.state.isElrEnabled && !isClean) return uncleanShutdownRecords(controls, request.brokerId);
  const { partitions } = controls.state.image.topics;
  return changesAfter(controls, partitions.rowsWith('isr', request.brokerId), { removed: request.brokerId });
}

function registrationRecord(
  controls: Controls,
  request: BrokerRegistrationRequest,
  brokerEpoch: number,
  amended: BrokerRegistration | null,
): MetadataRecord {
  const level = controls.state.image.features.metadataVersion;
  return metadataRecord('RegisterBrokerRecord', registerBrokerRecordVersion(level), {
    brokerId: request.brokerId,
    isMigratingZkBroker: false,
    incarnationId: request.incarnationId,
    brokerEpoch,
    endPoints: request.listeners.map(({ name, host, port, securityProtocol }) => ({
      name,
      host,
      port,
      securityProtocol,
    })),
    features: request.features.map(({ name, minSupportedVersion, maxSupportedVersion }) => ({
      name,
      minSupportedVersion,
      maxSupportedVersion,
    })),
    rack: request.rack,
    fenced: amended?.fenced ?? true,
    inControlledShutdown: amended?.inControlledShutdown ?? false,
    logDirs: supportsDirectoryAssignment(level) ? [...request.logDirs] : [],
    cordonedLogDirs: null,
  });
}

/** Throws ApiException UNSUPPORTED_VERSION when the metadata.version is too old. */
export function registerController(
  controls: Controls,
  request: ControllerRegistrationRequest,
): ControlResult<ControllerRegistrationResponse> {
  if (!supportsControllerRegistration(controls.state.image.features.metadataVersion)) {
    throw new ApiException(
      ErrorCode.UNSUPPORTED_VERSION,
      'The current MetadataVersion is too old to support controller registrations.',
    );
  }
  const record = metadataRecord('RegisterControllerRecord', 0, {
    controllerId: request.controllerId,
    incarnationId: request.incarnationId,
    zkMigrationReady: false,
    endPoints: request.listeners.map(({ name, host, port, securityProtocol }) => ({
      name,
      host,
      port,
      securityProtocol,
    })),
    features: request.features.map(({ name, minSupportedVersion, maxSupportedVersion }) => ({
      name,
      minSupportedVersion,
      maxSupportedVersion,
    })),
  });
  return { records: [record], response: { throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null } };
}

/** Fences a broker that is known to be dead, if it is still the one that was looked at; it holds no session any more. */
export function fenceDeadBroker(controls: Controls, brokerId: number, brokerEpoch: number): ControlResult<boolean> {
  const { image, heartbeats } = controls.state;
  const broker = image.cluster.brokers.get(brokerId);
  const isIt = broker !== undefined && broker.epoch === brokerEpoch && !broker.fenced;
  if (isIt) heartbeats.endSession(brokerId);
  return { records: isIt ? fenceRecords(controls, brokerId) : [], response: isIt };
}

/** Fences the broker that has been silent longest beyond its session; nothing when there is none. */
export function fenceStaleBroker(controls: Controls, nowMs: number): ControlResult<number | null> {
  const brokerId = controls.state.heartbeats.stalestBroker(nowMs);
  return { records: brokerId === null ? [] : fenceRecords(controls, brokerId), response: brokerId };
}
