/** Finds the voters and kraft.version in what a restart finds: the latest snapshot, then the log after it. (KIP-853) */
import type { Crc32c } from '../../wire/base/env';
import { BatchView } from '../../wire/record/batch';
import { readControlRecords, type ControlRecord } from './control-batches';
import { ControlState } from './control-state';
import type { RaftLog } from './raft-log';
import type { OffsetAndEpoch } from './replica-key';
import { SnapshotReader } from './snapshot-reader';
import type { SnapshotStore } from './snapshots';
import type { VoterSet } from './voter-set';

const READ_BYTES = 1024 * 1024;

export function loadControlState(
  log: RaftLog,
  snapshots: SnapshotStore,
  staticVoters: VoterSet | null,
  crc32c: Crc32c,
): ControlState {
  const state = new ControlState(staticVoters);
  const { latest } = snapshots;
  if (latest !== null) controlOfSnapshot(snapshots, latest, crc32c)(state);
  readLog(state, log, Math.max(log.startOffset, latest?.offset ?? 0));
  return state;
}

/**
 * Reads a snapshot whole and gives what it says of voters and kraft.version, to be put in the place of what was known.
 * Throws SnapshotError.
 */
export function controlOfSnapshot(
  snapshots: SnapshotStore,
  id: OffsetAndEpoch,
  crc32c: Crc32c,
): (into: ControlState) => void {
  const found: ControlRecord[] = [];
  const reader = new SnapshotReader(snapshots.open(id), crc32c);
  try {
    for (let batch = reader.next(); batch !== null; batch = reader.next()) {
      if (batch.isControl) found.push(...readControlRecords(batch));
    }
  } finally {
    reader.close();
  }
  return (into) => {
    into.clear();
    for (const record of found) apply(into, record, id.offset - 1);
  };
}

function readLog(state: ControlState, log: RaftLog, fromOffset: number): void {
  const batch = new BatchView();
  for (let offset = fromOffset; offset < log.endOffset;) {
    const bytes = log.read(offset, READ_BYTES);
    for (let position = 0; position < bytes.length; position += batch.sizeBytes) {
      batch.moveTo(bytes, position);
      offset = batch.nextOffset;
      applyControlBatch(state, batch, null);
    }
  }
}

/** `snapshotOffset`: what records of a snapshot count as; null in the log, where they have offsets of their own. */
export function applyControlBatch(state: ControlState, batch: BatchView, snapshotOffset: number | null): void {
  if (!batch.isControl) return;
  for (const record of readControlRecords(batch)) apply(state, record, snapshotOffset ?? record.offset);
}

function apply(state: ControlState, record: ControlRecord, offset: number): void {
  if (record.type === 'kraftVersion') state.kraftVersionHistory.add(offset, record.version);
  if (record.type === 'voters') state.voterHistory.add(offset, record.voters);
}
