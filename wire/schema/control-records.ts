/**
 * Records that the broker writes into logs for itself: in control batches of the metadata log and its snapshots (KIP-595,
 * KIP-630, KIP-853) and as transaction markers. `ControlRecordTypeSchema` is their key; the value begins with a version that
 * readers ignore.
 */
import { array, int16, int32, int64, message, string, struct, uint16, uuid } from '../schema';
import type { Infer } from '../schema';

export const ControlRecordTypeSchema = message(
  'ControlRecordTypeSchema',
  { type: 'data', validVersions: '0', flexibleVersions: 'none' },
  {
    type: int16('0+'),
  },
);
export type ControlRecordTypeSchema = Infer<typeof ControlRecordTypeSchema>;

export const EndTxnMarker = message(
  'EndTxnMarker',
  { type: 'data', validVersions: '0', flexibleVersions: 'none' },
  {
    coordinatorEpoch: int32('0+'),
  },
);
export type EndTxnMarker = Infer<typeof EndTxnMarker>;

const voter = {
  voterId: int32('0+'),
  voterDirectoryId: uuid('1+'),
};

export const LeaderChangeMessage = message(
  'LeaderChangeMessage',
  { type: 'data', validVersions: '0-1', flexibleVersions: '0+' },
  {
    version: int16('0+'),
    leaderId: int32('0+'),
    voters: array('0+', voter),
    grantingVoters: array('0+', voter),
  },
);
export type LeaderChangeMessage = Infer<typeof LeaderChangeMessage>;

export const SnapshotHeaderRecord = message(
  'SnapshotHeaderRecord',
  { type: 'data', validVersions: '0', flexibleVersions: '0+' },
  {
    version: int16('0+'),
    lastContainedLogTimestamp: int64('0+'),
  },
);
export type SnapshotHeaderRecord = Infer<typeof SnapshotHeaderRecord>;

export const SnapshotFooterRecord = message(
  'SnapshotFooterRecord',
  { type: 'data', validVersions: '0', flexibleVersions: '0+' },
  {
    version: int16('0+'),
  },
);
export type SnapshotFooterRecord = Infer<typeof SnapshotFooterRecord>;

export const KRaftVersionRecord = message(
  'KRaftVersionRecord',
  { type: 'data', validVersions: '0', flexibleVersions: '0+' },
  {
    version: int16('0+'),
    kRaftVersion: int16('0+'),
  },
);
export type KRaftVersionRecord = Infer<typeof KRaftVersionRecord>;

export const VotersRecord = message(
  'VotersRecord',
  { type: 'data', validVersions: '0', flexibleVersions: '0+' },
  {
    version: int16('0+'),
    voters: array('0+', {
      voterId: int32('0+'),
      voterDirectoryId: uuid('0+'),
      endpoints: array('0+', {
        name: string('0+', { key: true }),
        host: string('0+'),
        port: uint16('0+'),
      }),
      kRaftVersionFeature: struct('0+', {
        minSupportedVersion: int16('0+'),
        maxSupportedVersion: int16('0+'),
      }),
    }),
  },
);
export type VotersRecord = Infer<typeof VotersRecord>;
