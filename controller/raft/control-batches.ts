/** The control batches of the metadata log and its snapshots, in the quorum's own terms. (KIP-595, KIP-630, KIP-853) */
import type { Crc32c } from '../../wire/base/env';
import type { BatchView } from '../../wire/record/batch';
import {
  decodeControlBatch,
  encodeControlBatch,
  type ControlRecord as WireControlRecord,
} from '../../wire/record/control-records';
import type { VotersRecord } from '../../wire/schema/control-records';
import { UNKNOWN_DIRECTORY } from './replica-key';
import { VoterSet } from './voter-set';

export interface ControlBatch {
  readonly bytes: Uint8Array;
  readonly nextOffset: number;
}

export type ControlRecord =
  | { readonly type: 'leaderChange'; readonly offset: number; readonly leaderId: number }
  | { readonly type: 'kraftVersion'; readonly offset: number; readonly version: number }
  | { readonly type: 'voters'; readonly offset: number; readonly voters: VoterSet }
  | { readonly type: 'snapshotHeader'; readonly offset: number; readonly lastContainedLogTimestampMs: number }
  | { readonly type: 'snapshotFooter'; readonly offset: number };

interface Place {
  readonly epoch: number;
  readonly baseOffset: number;
  readonly timestampMs: number;
}

/** An epoch's first batch: who leads, and with `voters` also kraft.version 1 and the voter set. */
export function encodeEpochStart(
  spec: Place & {
    readonly leaderId: number;
    readonly voterIds: readonly number[];
    readonly granting: readonly number[];
    readonly kraftVersion: number;
    readonly voters: VoterSet | null;
  },
  crc32c: Crc32c,
): ControlBatch {
  const entry = (voterId: number): { voterId: number; voterDirectoryId: string } => ({
    voterId,
    voterDirectoryId: UNKNOWN_DIRECTORY,
  });
  const records: WireControlRecord[] = [
    {
      type: 'LEADER_CHANGE',
      value: {
        version: 0,
        leaderId: spec.leaderId,
        voters: spec.voterIds.map(entry),
        grantingVoters: spec.granting.map(entry),
      },
    },
    ...quorumRecords(spec.kraftVersion, spec.voters),
  ];
  return controlBatch(records, spec, crc32c);
}

/** A voter set on its own: what changes it. */
export function encodeVoters(voters: VoterSet, place: Place, crc32c: Crc32c): ControlBatch {
  return controlBatch([{ type: 'KRAFT_VOTERS', value: votersRecordOf(voters) }], place, crc32c);
}

/** kraft.version is raised: the level, and the voters that count from then on. */
export function encodeKraftVersion(kraftVersion: number, voters: VoterSet, place: Place, crc32c: Crc32c): ControlBatch {
  return controlBatch(quorumRecords(kraftVersion, voters), place, crc32c);
}

export function encodeSnapshotHeader(
  spec: {
    readonly epoch: number;
    readonly timestampMs: number;
    readonly lastContainedLogTimestampMs: number;
    readonly kraftVersion: number;
    readonly voters: VoterSet | null;
  },
  crc32c: Crc32c,
): ControlBatch {
  const header: WireControlRecord = {
    type: 'SNAPSHOT_HEADER',
    value: { version: 0, lastContainedLogTimestamp: spec.lastContainedLogTimestampMs },
  };
  const quorum = spec.kraftVersion >= 1 ? quorumRecords(spec.kraftVersion, spec.voters) : [];
  return controlBatch([header, ...quorum], { ...spec, baseOffset: 0 }, crc32c);
}

export function encodeSnapshotFooter(place: Place, crc32c: Crc32c): ControlBatch {
  return controlBatch([{ type: 'SNAPSHOT_FOOTER', value: { version: 0 } }], place, crc32c);
}

/** The records of a control batch that mean something here; what a later release adds is passed over. */
export function readControlRecords(batch: BatchView): ControlRecord[] {
  const records: ControlRecord[] = [];
  for (const { offset, record } of decodeControlBatch(batch)) {
    if (record.type === 'LEADER_CHANGE')
      records.push({ type: 'leaderChange', offset, leaderId: record.value.leaderId });
    if (record.type === 'KRAFT_VERSION')
      records.push({ type: 'kraftVersion', offset, version: record.value.kRaftVersion });
    if (record.type === 'KRAFT_VOTERS') records.push({ type: 'voters', offset, voters: voterSetOf(record.value) });
    if (record.type === 'SNAPSHOT_HEADER') {
      records.push({
        type: 'snapshotHeader',
        offset,
        lastContainedLogTimestampMs: record.value.lastContainedLogTimestamp,
      });
    }
    if (record.type === 'SNAPSHOT_FOOTER') records.push({ type: 'snapshotFooter', offset });
  }
  return records;
}

function quorumRecords(kraftVersion: number, voters: VoterSet | null): WireControlRecord[] {
  if (voters === null) return [];
  return [
    { type: 'KRAFT_VERSION', value: { version: 0, kRaftVersion: kraftVersion } },
    { type: 'KRAFT_VOTERS', value: votersRecordOf(voters) },
  ];
}

function controlBatch(records: readonly WireControlRecord[], place: Place, crc32c: Crc32c): ControlBatch {
  const { baseOffset, epoch, timestampMs } = place;
  const bytes = encodeControlBatch(records, { baseOffset, leaderEpoch: epoch, timestampMs }, crc32c);
  return { bytes, nextOffset: baseOffset + records.length };
}

function votersRecordOf(set: VoterSet): VotersRecord {
  return {
    version: 0,
    voters: set.voters.map((voter) => ({
      voterId: voter.id,
      voterDirectoryId: voter.directoryId,
      endpoints: voter.endpoints.map(({ name, host, port }) => ({ name, host, port })),
      kRaftVersionFeature: { minSupportedVersion: voter.minKraftVersion, maxSupportedVersion: voter.maxKraftVersion },
    })),
  };
}

function voterSetOf(record: VotersRecord): VoterSet {
  return new VoterSet(
    record.voters.map((voter) => ({
      id: voter.voterId,
      directoryId: voter.voterDirectoryId,
      endpoints: voter.endpoints.map(({ name, host, port }) => ({ name, host, port })),
      minKraftVersion: voter.kRaftVersionFeature.minSupportedVersion,
      maxKraftVersion: voter.kRaftVersionFeature.maxSupportedVersion,
    })),
  );
}
