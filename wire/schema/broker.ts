/**
 * Brokers and controllers among themselves (KIP-500, KIP-631): registration, heartbeats, forwarding (KIP-590; the principal of
 * an Envelope is a DefaultPrincipalData behind an int16 version).
 *
 * BrokerRegistration: 1 is for migration from ZooKeeper, 2 has log directories (KIP-858), 3 the previous broker epoch (KIP-966),
 * 4 lets features begin at 0. BrokerHeartbeat: 1 names failed directories, 2 cordoned ones (KIP-1066).
 */
import { array, bool, bytes, int16, int32, int64, message, string, uint16, uuid } from '../schema';
import type { Infer } from '../schema';

export const BrokerRegistrationRequest = message(
  'BrokerRegistrationRequest',
  { type: 'request', apiKey: 62, validVersions: '0-4', flexibleVersions: '0+' },
  {
    brokerId: int32('0+'),
    clusterId: string('0+'),
    incarnationId: uuid('0+'),
    listeners: array('0+', {
      name: string('0+', { key: true }),
      host: string('0+'),
      port: uint16('0+'),
      securityProtocol: int16('0+'),
    }),
    features: array('0+', {
      name: string('0+', { key: true }),
      minSupportedVersion: int16('0+'),
      maxSupportedVersion: int16('0+'),
    }),
    rack: string('0+', { nullable: '0+' }),
    isMigratingZkBroker: bool('1+', { default: false }),
    logDirs: array('2+', 'uuid', { ignorable: true }),
    previousBrokerEpoch: int64('3+', { default: -1, ignorable: true }),
  },
);
export type BrokerRegistrationRequest = Infer<typeof BrokerRegistrationRequest>;

export const BrokerRegistrationResponse = message(
  'BrokerRegistrationResponse',
  { type: 'response', apiKey: 62, validVersions: '0-4', flexibleVersions: '0+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    brokerEpoch: int64('0+', { default: -1 }),
  },
);
export type BrokerRegistrationResponse = Infer<typeof BrokerRegistrationResponse>;

export const BrokerHeartbeatRequest = message(
  'BrokerHeartbeatRequest',
  { type: 'request', apiKey: 63, validVersions: '0-2', flexibleVersions: '0+' },
  {
    brokerId: int32('0+'),
    brokerEpoch: int64('0+', { default: -1 }),
    currentMetadataOffset: int64('0+'),
    wantFence: bool('0+'),
    wantShutDown: bool('0+'),
    offlineLogDirs: array('1+', 'uuid', { tag: 0 }),
    cordonedLogDirs: array('2+', 'uuid', { nullable: '2+', tag: 1, default: null }),
  },
);
export type BrokerHeartbeatRequest = Infer<typeof BrokerHeartbeatRequest>;

export const BrokerHeartbeatResponse = message(
  'BrokerHeartbeatResponse',
  { type: 'response', apiKey: 63, validVersions: '0-2', flexibleVersions: '0+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    isCaughtUp: bool('0+', { default: false }),
    isFenced: bool('0+', { default: true }),
    shouldShutDown: bool('0+'),
  },
);
export type BrokerHeartbeatResponse = Infer<typeof BrokerHeartbeatResponse>;

export const UnregisterBrokerRequest = message(
  'UnregisterBrokerRequest',
  { type: 'request', apiKey: 64, validVersions: '0', flexibleVersions: '0+' },
  {
    brokerId: int32('0+'),
  },
);
export type UnregisterBrokerRequest = Infer<typeof UnregisterBrokerRequest>;

export const UnregisterBrokerResponse = message(
  'UnregisterBrokerResponse',
  { type: 'response', apiKey: 64, validVersions: '0', flexibleVersions: '0+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
  },
);
export type UnregisterBrokerResponse = Infer<typeof UnregisterBrokerResponse>;

export const ControllerRegistrationRequest = message(
  'ControllerRegistrationRequest',
  { type: 'request', apiKey: 70, validVersions: '0', flexibleVersions: '0+' },
  {
    controllerId: int32('0+'),
    incarnationId: uuid('0+'),
    zkMigrationReady: bool('0+'),
    listeners: array('0+', {
      name: string('0+', { key: true }),
      host: string('0+'),
      port: uint16('0+'),
      securityProtocol: int16('0+'),
    }),
    features: array('0+', {
      name: string('0+', { key: true }),
      minSupportedVersion: int16('0+'),
      maxSupportedVersion: int16('0+'),
    }),
  },
);
export type ControllerRegistrationRequest = Infer<typeof ControllerRegistrationRequest>;

export const ControllerRegistrationResponse = message(
  'ControllerRegistrationResponse',
  { type: 'response', apiKey: 70, validVersions: '0', flexibleVersions: '0+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
  },
);
export type ControllerRegistrationResponse = Infer<typeof ControllerRegistrationResponse>;

export const EnvelopeRequest = message(
  'EnvelopeRequest',
  { type: 'request', apiKey: 58, validVersions: '0', flexibleVersions: '0+' },
  {
    requestData: bytes('0+'),
    requestPrincipal: bytes('0+', { nullable: '0+' }),
    clientHostAddress: bytes('0+'),
  },
);
export type EnvelopeRequest = Infer<typeof EnvelopeRequest>;

export const EnvelopeResponse = message(
  'EnvelopeResponse',
  { type: 'response', apiKey: 58, validVersions: '0', flexibleVersions: '0+' },
  {
    responseData: bytes('0+', { nullable: '0+', default: null }),
    errorCode: int16('0+'),
  },
);
export type EnvelopeResponse = Infer<typeof EnvelopeResponse>;

export const DefaultPrincipalData = message(
  'DefaultPrincipalData',
  { type: 'data', validVersions: '0', flexibleVersions: '0+' },
  {
    type: string('0+'),
    name: string('0+'),
    tokenAuthenticated: bool('0+'),
  },
);
export type DefaultPrincipalData = Infer<typeof DefaultPrincipalData>;
