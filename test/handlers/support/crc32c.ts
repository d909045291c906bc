/** The checksum of record batches, for tests that build them: that of the real binding. */
import { sharedIoMemory } from '../../../wire/base/node-io-memory';
import type { Crc32c } from '../../../wire/base/env';

export const crc32cOfTests: Crc32c = sharedIoMemory().crc32c;
