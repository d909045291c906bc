/**
 * Authentication: SASL (KIP-43, KIP-152, KIP-368) and SCRAM credentials (KIP-554).
 *
 * SaslHandshake never became flexible. After handshake v0 the tokens travel without any Kafka header, after v1 in
 * SaslAuthenticate.
 */
import { array, bytes, int16, int32, int64, int8, message, string } from '../schema';
import type { Infer } from '../schema';

export const SaslHandshakeRequest = message(
  'SaslHandshakeRequest',
  { type: 'request', apiKey: 17, validVersions: '0-1', flexibleVersions: 'none' },
  {
    mechanism: string('0+'),
  },
);
export type SaslHandshakeRequest = Infer<typeof SaslHandshakeRequest>;

export const SaslHandshakeResponse = message(
  'SaslHandshakeResponse',
  { type: 'response', apiKey: 17, validVersions: '0-1', flexibleVersions: 'none' },
  {
    errorCode: int16('0+'),
    mechanisms: array('0+', 'string'),
  },
);
export type SaslHandshakeResponse = Infer<typeof SaslHandshakeResponse>;

export const SaslAuthenticateRequest = message(
  'SaslAuthenticateRequest',
  { type: 'request', apiKey: 36, validVersions: '0-2', flexibleVersions: '2+' },
  {
    authBytes: bytes('0+'),
  },
);
export type SaslAuthenticateRequest = Infer<typeof SaslAuthenticateRequest>;

export const SaslAuthenticateResponse = message(
  'SaslAuthenticateResponse',
  { type: 'response', apiKey: 36, validVersions: '0-2', flexibleVersions: '2+' },
  {
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    authBytes: bytes('0+'),
    sessionLifetimeMs: int64('1+', { default: 0, ignorable: true }),
  },
);
export type SaslAuthenticateResponse = Infer<typeof SaslAuthenticateResponse>;

export const DescribeUserScramCredentialsRequest = message(
  'DescribeUserScramCredentialsRequest',
  { type: 'request', apiKey: 50, validVersions: '0', flexibleVersions: '0+' },
  {
    users: array(
      '0+',
      {
        name: string('0+'),
      },
      { nullable: '0+' },
    ),
  },
);
export type DescribeUserScramCredentialsRequest = Infer<typeof DescribeUserScramCredentialsRequest>;

export const DescribeUserScramCredentialsResponse = message(
  'DescribeUserScramCredentialsResponse',
  { type: 'response', apiKey: 50, validVersions: '0', flexibleVersions: '0+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    results: array('0+', {
      user: string('0+'),
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
      credentialInfos: array('0+', {
        mechanism: int8('0+'),
        iterations: int32('0+'),
      }),
    }),
  },
);
export type DescribeUserScramCredentialsResponse = Infer<typeof DescribeUserScramCredentialsResponse>;

export const AlterUserScramCredentialsRequest = message(
  'AlterUserScramCredentialsRequest',
  { type: 'request', apiKey: 51, validVersions: '0', flexibleVersions: '0+' },
  {
    deletions: array('0+', {
      name: string('0+'),
      mechanism: int8('0+'),
    }),
    upsertions: array('0+', {
      name: string('0+'),
      mechanism: int8('0+'),
      iterations: int32('0+'),
      salt: bytes('0+'),
      saltedPassword: bytes('0+'),
    }),
  },
);
export type AlterUserScramCredentialsRequest = Infer<typeof AlterUserScramCredentialsRequest>;

export const AlterUserScramCredentialsResponse = message(
  'AlterUserScramCredentialsResponse',
  { type: 'response', apiKey: 51, validVersions: '0', flexibleVersions: '0+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    results: array('0+', {
      user: string('0+'),
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
    }),
  },
);
export type AlterUserScramCredentialsResponse = Infer<typeof AlterUserScramCredentialsResponse>;
