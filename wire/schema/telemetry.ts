/**
 * Metrics that clients push (KIP-714). Java and librdkafka start using these as soon as a broker advertises them.
 */
import { array, bool, bytes, int16, int32, int8, message, uuid } from '../schema';
import type { Infer } from '../schema';

export const GetTelemetrySubscriptionsRequest = message(
  'GetTelemetrySubscriptionsRequest',
  { type: 'request', apiKey: 71, validVersions: '0', flexibleVersions: '0+' },
  {
    clientInstanceId: uuid('0+'),
  },
);
export type GetTelemetrySubscriptionsRequest = Infer<typeof GetTelemetrySubscriptionsRequest>;

export const GetTelemetrySubscriptionsResponse = message(
  'GetTelemetrySubscriptionsResponse',
  { type: 'response', apiKey: 71, validVersions: '0', flexibleVersions: '0+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    clientInstanceId: uuid('0+'),
    subscriptionId: int32('0+'),
    acceptedCompressionTypes: array('0+', 'int8'),
    pushIntervalMs: int32('0+'),
    telemetryMaxBytes: int32('0+'),
    deltaTemporality: bool('0+'),
    requestedMetrics: array('0+', 'string'),
  },
);
export type GetTelemetrySubscriptionsResponse = Infer<typeof GetTelemetrySubscriptionsResponse>;

export const PushTelemetryRequest = message(
  'PushTelemetryRequest',
  { type: 'request', apiKey: 72, validVersions: '0', flexibleVersions: '0+' },
  {
    clientInstanceId: uuid('0+'),
    subscriptionId: int32('0+'),
    terminating: bool('0+'),
    compressionType: int8('0+'),
    metrics: bytes('0+'),
  },
);
export type PushTelemetryRequest = Infer<typeof PushTelemetryRequest>;

export const PushTelemetryResponse = message(
  'PushTelemetryResponse',
  { type: 'response', apiKey: 72, validVersions: '0', flexibleVersions: '0+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
  },
);
export type PushTelemetryResponse = Infer<typeof PushTelemetryResponse>;
