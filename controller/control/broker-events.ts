/** The records of a broker's life: fenced, unfenced, shutting down, unregistered, directories lost. (KIP-631, KIP-841, KIP-858) */
import { ErrorCode } from '../../wire/base/error-codes';
import { invariant } from '../../wire/base/invariant';
import { NO_LEADER } from '../metadata/partition-registration';
import { metadataRecord, type MetadataRecord, type RecordValue } from '../metadata/records';
import type { BrokerRegistration } from '../metadata/registrations';
import { ApiException } from './api-error';
import type { Controls } from './controls';
import { changesAfter } from './partition-changes';

const UNCHANGED: Omit<RecordValue<'BrokerRegistrationChangeRecord'>, 'brokerId' | 'brokerEpoch'> = {
  fenced: 0,
  inControlledShutdown: 0,
  logDirs: [],
  cordonedLogDirs: null,
};

function registrationChange(
  broker: BrokerRegistration,
  version: number,
  change: Partial<typeof UNCHANGED>,
): MetadataRecord {
  const value = { ...UNCHANGED, ...change, brokerId: broker.id, brokerEpoch: broker.epoch };
  return metadataRecord('BrokerRegistrationChangeRecord', version, value);
}

function registered(controls: Controls, brokerId: number): BrokerRegistration {
  const broker = controls.state.image.cluster.brokers.get(brokerId);
  invariant(broker !== undefined, `broker ${brokerId} is not registered`);
  return broker;
}

/** Throws ApiException STALE_BROKER_EPOCH when this is not the registered broker. */
export function checkBrokerEpoch(controls: Controls, brokerId: number, brokerEpoch: number): BrokerRegistration {
  const broker = controls.state.image.cluster.brokers.get(brokerId);
  if (broker === undefined) {
    throw new ApiException(ErrorCode.STALE_BROKER_EPOCH, `No broker registration found for broker id ${brokerId}`);
  }
  if (broker.epoch !== brokerEpoch) {
    throw new ApiException(
      ErrorCode.STALE_BROKER_EPOCH,
      `Expected broker epoch ${broker.epoch}, but got broker epoch ${brokerEpoch}`,
    );
  }
  return broker;
}

/** It leaves every ISR first, then is fenced. */
export function fenceRecords(controls: Controls, brokerId: number): MetadataRecord[] {
  const { partitions } = controls.state.image.topics;
  return [
    ...changesAfter(controls, partitions.rowsWith('isr', brokerId), { removed: brokerId }),
    registrationChange(registered(controls, brokerId), 0, { fenced: 1 }),
  ];
}

/** It is unfenced first, then leads what has no leader and can have it. It joins no ISR by that. */
export function unfenceRecords(controls: Controls, brokerId: number): MetadataRecord[] {
  const { partitions } = controls.state.image.topics;
  return [
    registrationChange(registered(controls, brokerId), 0, { fenced: -1 }),
    ...changesAfter(controls, partitions.rowsLedBy(NO_LEADER), { added: brokerId }),
  ];
}

/** Once; then leaders move away and it leaves its ISRs. */
export function controlledShutdownRecords(controls: Controls, brokerId: number): MetadataRecord[] {
  const { partitions } = controls.state.image.topics;
  const broker = registered(controls, brokerId);
  const mark = broker.inControlledShutdown ? [] : [registrationChange(broker, 1, { inControlledShutdown: 1 })];
  return [...mark, ...changesAfter(controls, partitions.rowsWith('isr', brokerId), { removed: brokerId })];
}

/** Out of every ISR and out of the eligible leaders: a process that died may have lost what it acknowledged. (KIP-966) */
export function uncleanShutdownRecords(controls: Controls, brokerId: number): MetadataRecord[] {
  const { partitions } = controls.state.image.topics;
  const event = { uncleanShutdown: brokerId };
  return [
    ...changesAfter(controls, partitions.rowsWith('isr', brokerId), event),
    ...changesAfter(controls, partitions.rowsWith('elr', brokerId), event),
  ];
}

/** Throws ApiException BROKER_ID_NOT_REGISTERED. */
export function unregisterRecords(controls: Controls, brokerId: number): MetadataRecord[] {
  const { partitions } = controls.state.image.topics;
  const broker = controls.state.image.cluster.brokers.get(brokerId);
  if (broker === undefined) {
    throw new ApiException(ErrorCode.BROKER_ID_NOT_REGISTERED, `Broker ID ${brokerId} is not currently registered`);
  }
  return [
    ...changesAfter(controls, partitions.rowsWith('isr', brokerId), { removed: brokerId }),
    ...changesAfter(controls, partitions.rowsWith('elr', brokerId), { removed: brokerId }),
    metadataRecord('UnregisterBrokerRecord', 0, { brokerId, brokerEpoch: broker.epoch }),
  ];
}

/** For directories that were online until now. */
export function offlineDirectoryRecords(
  controls: Controls,
  brokerId: number,
  offline: readonly string[],
): MetadataRecord[] {
  const broker = registered(controls, brokerId);
  const lost = broker.directories.filter((directory) => offline.includes(directory));
  if (lost.length === 0) return [];
  const { partitions } = controls.state.image.topics;
  const rows = lost.flatMap((directory) => partitions.rowsInDirectory(directory));
  const left = broker.directories.filter((directory) => !lost.includes(directory));
  return [...changesAfter(controls, rows, { removed: brokerId }), registrationChange(broker, 2, { logDirs: left })];
}

/** Directories that take no new replicas from now on. (KIP-1066) */
export function cordonedDirectoryRecords(
  controls: Controls,
  brokerId: number,
  cordoned: readonly string[] | null,
): MetadataRecord[] {
  const broker = registered(controls, brokerId);
  if (cordoned === null) return [];
  const present = broker.cordonedDirectories ?? [];
  const isSame = present.length === cordoned.length && present.every((directory) => cordoned.includes(directory));
  return isSame ? [] : [registrationChange(broker, 3, { cordonedLogDirs: [...cordoned] })];
}
