/** Random UUIDs in the text form that Java prints: members' ids look like those that Kafka gives. */

import type { Random } from '../../../wire/base/env';

/** A generator of version 4 UUIDs, as `6f1b0a9e-...`, over `random`. */
export function javaUuids(random: Random): () => string {
  const bytes = new Uint8Array(16);
  return () => {
    random.bytes(bytes);
    bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
    bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  };
}
