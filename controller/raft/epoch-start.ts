/** The first moments of a leader: it writes down that it leads, then the epoch's first batch. (KIP-595, KIP-853) */
import { BatchAccumulator } from './batch-accumulator';
import { CheckQuorum } from './check-quorum';
import { encodeEpochStart } from './control-batches';
import { LeaderState } from './leader-state';
import type { QuorumMachine } from './quorum-machine';
import type { Turn } from './raft-io';
import { sameVoter, type VoterSet } from './voter-set';

/** How much longer than a follower a leader waits before it believes that it is cut off. */
const CHECK_QUORUM_FACTOR = 1.5;

export function becomeLeader(machine: QuorumMachine, votes: ReadonlyMap<number, boolean>, turn: Turn): void {
  const { config, log, control, crc32c } = machine.parts;
  const { epoch, self } = machine;
  const { now, effects } = turn;
  machine.persist({ epoch, leaderId: self.id, votedKey: null });
  const epochStartOffset = log.endOffset;
  const accumulator = new BatchAccumulator(epoch, epochStartOffset, config.appendLingerMs, crc32c);
  const checkQuorum = new CheckQuorum(self, config.fetchTimeoutMs * CHECK_QUORUM_FACTOR, now.monotonicMs);
  const state = new LeaderState(self, epoch, epochStartOffset, accumulator, checkQuorum, log, machine.flush);
  state.formerLeader = machine.lastLeader;
  machine.lastLeader = null;
  machine.enter(epoch, { name: 'leader', state }, turn);
  const voters = votersToWrite(machine);
  const spec = {
    epoch,
    baseOffset: epochStartOffset,
    timestampMs: now.wallMs,
    leaderId: self.id,
    voterIds: machine.voters.ids,
    granting: [...votes].filter(([, granted]) => granted).map(([id]) => id),
    kraftVersion: control.kraftVersion,
    voters,
  };
  const batch = encodeEpochStart(spec, crc32c);
  state.append(batch.bytes, batch.nextOffset, true, now.monotonicMs, effects);
  accumulator.skipTo(batch.nextOffset);
  if (voters !== null) {
    control.kraftVersionHistory.add(epochStartOffset + 1, control.kraftVersion);
    control.voterHistory.add(epochStartOffset + 2, voters);
  }
  effects.push({ type: 'leaderChange', leader: machine.leader });
  state.maybeFlush(effects);
}

/** The voter set that a new leader writes: when the log does not hold it yet, or its own entry has changed. */
function votersToWrite({ parts: { control, config }, voters }: QuorumMachine): VoterSet | null {
  if (control.kraftVersion < 1) return null;
  const own = voters.find(config.self.id);
  if (own !== undefined && !sameVoter(own, config.ownEntry)) return voters.withUpdated(config.ownEntry);
  return control.votersOnlyFromBootstrap ? voters : null;
}
