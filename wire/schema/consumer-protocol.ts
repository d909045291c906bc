/**
 * What consumers of classic groups write into the opaque metadata and assignments of JoinGroup and SyncGroup.
 *
 * The bytes begin with the version as an int16, which is not part of the schema. Never flexible. Readers take the fields of the
 * versions that they know from a newer one and ignore the rest.
 */
import { array, bytes, int32, message, string } from '../schema';
import type { Infer } from '../schema';

export const ConsumerProtocolSubscription = message(
  'ConsumerProtocolSubscription',
  { type: 'data', validVersions: '0-3', flexibleVersions: 'none' },
  {
    topics: array('0+', 'string'),
    userData: bytes('0+', { nullable: '0+', default: null }),
    ownedPartitions: array(
      '1+',
      {
        topic: string('1+', { key: true }),
        partitions: array('1+', 'int32'),
      },
      { ignorable: true },
    ),
    generationId: int32('2+', { default: -1, ignorable: true }),
    rackId: string('3+', { nullable: '3+', default: null, ignorable: true }),
  },
);
export type ConsumerProtocolSubscription = Infer<typeof ConsumerProtocolSubscription>;

export const ConsumerProtocolAssignment = message(
  'ConsumerProtocolAssignment',
  { type: 'data', validVersions: '0-3', flexibleVersions: 'none' },
  {
    assignedPartitions: array('0+', {
      topic: string('0+', { key: true }),
      partitions: array('0+', 'int32'),
    }),
    userData: bytes('0+', { nullable: '0+', default: null }),
  },
);
export type ConsumerProtocolAssignment = Infer<typeof ConsumerProtocolAssignment>;
