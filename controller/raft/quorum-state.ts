/**
 * What a node may never forget: the epoch it has seen, whom it voted for, who leads. One JSON line in `quorum-state`,
 * in Kafka's version 1 (kraft.version 1) format; version 0 is read too.
 *
 * Invariant: the file is durable (written aside, fsynced, renamed, directory fsynced) before `write` returns, so no
 * answer of the new state can leave before it. A file that cannot be read stops the node: guessing would be a second vote.
 */
import type { Disk } from '../../log/disk';
import { readTextFile, replaceFile } from '../../log/small-file';
import { NO_LEADER, UNKNOWN_DIRECTORY, type ReplicaKey } from './replica-key';

export const QUORUM_STATE_FILE = 'quorum-state';

export interface ElectionState {
  readonly epoch: number;
  /** NO_LEADER when unknown. */
  readonly leaderId: number;
  readonly votedKey: ReplicaKey | null;
}

/** Where the core keeps its election state; `write` returns when it is durable, or throws. */
export interface ElectionStore {
  read(): ElectionState | null;
  write(state: ElectionState): void;
}

export class QuorumStateError extends Error {
  override readonly name = 'QuorumStateError';
}

export class FileElectionStore implements ElectionStore {
  constructor(
    private readonly disk: Disk,
    /** The metadata partition's directory. */
    private readonly directory: string,
  ) {}

  /** Null when there is no file. Throws QuorumStateError for one that cannot be read, DiskError when the disk fails. */
  read(): ElectionState | null {
    const path = `${this.directory}/${QUORUM_STATE_FILE}`;
    const text = readTextFile(this.disk, path);
    return text === null ? null : parseElectionState(text, path);
  }

  write(state: ElectionState): void {
    replaceFile(this.disk, this.directory, QUORUM_STATE_FILE, formatElectionState(state));
  }
}

export function formatElectionState(state: ElectionState): string {
  return JSON.stringify({
    leaderId: state.leaderId,
    leaderEpoch: state.epoch,
    votedId: state.votedKey?.id ?? -1,
    votedDirectoryId: state.votedKey?.directoryId ?? UNKNOWN_DIRECTORY,
    data_version: 1,
  });
}

export function parseElectionState(text: string, path: string): ElectionState {
  const fields = parseFields(text, path);
  const version = fields['data_version'];
  if (version !== 0 && version !== 1) {
    throw new QuorumStateError(`${path}: data_version ${String(version)} is not one of 0, 1`);
  }
  const number = (name: string, byDefault: number): number => {
    const value = fields[name] ?? byDefault;
    if (typeof value !== 'number' || !Number.isInteger(value))
      throw new QuorumStateError(`${path}: ${name} is not a whole number`);
    return value;
  };
  const epoch = number('leaderEpoch', -1);
  if (epoch < 0) throw new QuorumStateError(`${path}: leaderEpoch ${epoch} is below 0`);
  const votedId = number('votedId', -1);
  const directoryId = version === 1 ? fields['votedDirectoryId'] : UNKNOWN_DIRECTORY;
  if (votedId >= 0 && typeof directoryId !== 'string')
    throw new QuorumStateError(`${path}: votedDirectoryId is missing`);
  return {
    epoch,
    leaderId: number('leaderId', NO_LEADER),
    votedKey: votedId < 0 ? null : { id: votedId, directoryId: String(directoryId) },
  };
}

function parseFields(text: string, path: string): Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.split('\n', 1)[0] ?? '');
  } catch {
    throw new QuorumStateError(`${path}: not a line of JSON`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new QuorumStateError(`${path}: not a JSON object`);
  }
  return parsed as Readonly<Record<string, unknown>>;
}
