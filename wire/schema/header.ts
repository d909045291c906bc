/**
 * Headers of requests and responses. The client id keeps its two-byte length also in header v2 (KIP-482), so that a broker
 * can read it before it knows whether the request is flexible. Which version goes with which request: `api-keys.ts`.
 */
import { int16, int32, message, string } from '../schema';
import type { Infer } from '../schema';

export const RequestHeader = message(
  'RequestHeader',
  { type: 'header', validVersions: '1-2', flexibleVersions: '2+' },
  {
    requestApiKey: int16('0+'),
    requestApiVersion: int16('0+'),
    correlationId: int32('0+'),
    clientId: string('1+', { nullable: '1+', mayBeFlexible: false }),
  },
);
export type RequestHeader = Infer<typeof RequestHeader>;

export const ResponseHeader = message(
  'ResponseHeader',
  { type: 'header', validVersions: '0-1', flexibleVersions: '1+' },
  {
    correlationId: int32('0+'),
  },
);
export type ResponseHeader = Infer<typeof ResponseHeader>;
