/**
 * The topics in a consumer's subscription, for groups of protocol type "consumer". Pure.
 *
 * Read as version 0, which every later version begins with; what follows is the client's own business.
 */

import { ByteReader } from '../../../wire/base/byte-reader';
import { DecodeError } from '../../../wire/base/errors';

export const CONSUMER_PROTOCOL_TYPE = 'consumer';

/** Null when the bytes are no subscription: some clients put their own format there. */
export function subscribedTopics(subscription: Uint8Array): readonly string[] | null {
  try {
    const reader = new ByteReader(subscription);
    if (reader.int16() < 0) return null;
    const count = reader.int32();
    const topics: string[] = [];
    for (let i = 0; i < count; i++) topics.push(reader.string());
    reader.nullableBytes();
    return topics;
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}
