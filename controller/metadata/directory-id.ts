/** Directory ids of replicas (KIP-858): a random id per log directory, and three that mean something else. */
import { uuidToBytes } from '../../wire/base/uuid';

/** The replica was placed before directories were recorded. */
export const MIGRATING_DIRECTORY = 'AAAAAAAAAAAAAAAAAAAAAA';
/** The broker has not yet said where it put the replica. */
export const UNASSIGNED_DIRECTORY = 'AAAAAAAAAAAAAAAAAAAAAQ';
/** The replica's directory is offline, and it is not known which it was. */
export const LOST_DIRECTORY = 'AAAAAAAAAAAAAAAAAAAAAg';

/** The first hundred ids are never given to a directory. */
export function isReservedDirectoryId(directoryId: string): boolean {
  const bytes = uuidToBytes(directoryId);
  return bytes.subarray(0, 15).every((byte) => byte === 0) && (bytes[15] as number) < 100;
}
