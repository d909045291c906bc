/** What an Envelope holds: a request and a response, each with its header, and who has asked. (KIP-590) */
import { ByteReader } from '../../wire/base/byte-reader';
import { decode, encode } from '../../wire/codec';
import { DefaultPrincipalData } from '../../wire/schema/broker';

const PRINCIPAL_VERSION = 0;

export interface Principal {
  readonly type: string;
  readonly name: string;
  readonly tokenAuthenticated: boolean;
}

/** Whoever connects without authentication. */
export const ANONYMOUS: Principal = { type: 'User', name: 'ANONYMOUS', tokenAuthenticated: false };

/** As Kafka's DefaultKafkaPrincipalBuilder writes it: a version, and DefaultPrincipalData in that version. */
export function encodePrincipal(principal: Principal): Uint8Array {
  return concatenated([Uint8Array.of(0, PRINCIPAL_VERSION), encode(DefaultPrincipalData, PRINCIPAL_VERSION, principal)]);
}

/** Throws DecodeError. Null: a version that nobody knows. */
export function decodePrincipal(bytes: Uint8Array): Principal | null {
  if (new ByteReader(bytes).int16() !== PRINCIPAL_VERSION) return null;
  return decode(DefaultPrincipalData, PRINCIPAL_VERSION, bytes, { offset: 2 });
}

export function concatenated(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let position = 0;
  for (const chunk of chunks) {
    whole.set(chunk, position);
    position += chunk.length;
  }
  return whole;
}
