/**
 * A follower that has fallen behind the leader's log takes over a snapshot, piece by piece. (KIP-630)
 *
 * Invariants: the log is dropped only once the snapshot is durable and has been read whole. A download ends with the role
 * in which it began; a snapshot that is finished too late is thrown away, since the log may have gone on.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import { QuorumProtocolError } from './raft-config';
import type { QuorumMachine } from './quorum-machine';
import type { Turn } from './raft-io';
import type { FetchSnapshotAnswer } from './raft-messages';
import type { FollowerRole } from './raft-roles';
import { RaftLogFullError } from './raft-log';
import type { OffsetAndEpoch } from './replica-key';
import { sameSnapshot, SnapshotError } from './snapshots';

/** How long a full disk is left alone before the download begins anew. */
const FULL_RETRY_MS = 1000;

export function beginDownload({ parts }: QuorumMachine, role: FollowerRole, id: OffsetAndEpoch): void {
  role.download?.abandon();
  role.download = parts.snapshots.create(id);
}

/** The leader of this epoch has answered. */
export function takeSnapshotPiece(role: FollowerRole, answer: FetchSnapshotAnswer, turn: Turn): void {
  const { download } = role;
  if (download === null || role.isFreezing) return;
  // The leader has cleaned it away meanwhile: the next fetch names another one.
  if (answer.errorCode !== ErrorCode.NONE || answer.snapshotId === null) return dropDownload(role);
  if (!sameSnapshot(answer.snapshotId, download.id) || answer.position !== download.sizeBytes) {
    throw new QuorumProtocolError(`asked for ${download.sizeBytes} of snapshot ${download.id.offset}-${download.id.epoch}, got another place`);
  }
  try {
    download.append(answer.bytes);
  } catch (error) {
    if (!(error instanceof RaftLogFullError)) throw error;
    role.pausedUntilMs = turn.now.monotonicMs + FULL_RETRY_MS;
    return dropDownload(role);
  }
  if (download.sizeBytes < answer.sizeBytes) return;
  role.isFreezing = true;
  turn.effects.push({ type: 'freezeSnapshot', download });
}

function dropDownload(role: FollowerRole): void {
  role.download?.abandon();
  role.download = null;
}

/** The snapshot is durable, or cannot be. */
export function snapshotFrozen(machine: QuorumMachine, id: OffsetAndEpoch, why: string | null, turn: Turn): void {
  if (why !== null) {
    turn.effects.push({ type: 'fatal', why: `a metadata snapshot could not be made durable: ${why}` });
    return;
  }
  const { role } = machine;
  const isWanted = role.name === 'follower' && role.isFreezing && role.download !== null && sameSnapshot(role.download.id, id);
  if (!isWanted) return machine.parts.snapshots.discard(id);
  role.download = null;
  role.isFreezing = false;
  adoptSnapshot(machine, id, turn);
}

/** The log goes on, empty, where the snapshot ends. One that is damaged is thrown away and fetched again. */
export function adoptSnapshot(machine: QuorumMachine, id: OffsetAndEpoch, turn: Turn): void {
  const { log, snapshots, control } = machine.parts;
  let adopt: ReturnType<typeof snapshots.controlOf>;
  try {
    adopt = snapshots.controlOf(id);
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    turn.effects.push({ type: 'warn', why: error.message });
    return snapshots.discard(id);
  }
  log.truncateFullyTo(id);
  // The earliest snapshot is the one where the log starts: what a fetch at that offset is compared with.
  snapshots.discardBefore(id.offset);
  adopt(control);
  machine.flush.restarted(id.offset);
  turn.effects.push({ type: 'truncated', endOffset: id.offset });
  machine.advanceCommitted(id.offset, turn);
}
