/** What a fetch has brought goes into the log: whole batches, with their offsets and epochs as the leader gave them. */
import { BATCH_HEADER_BYTES, BatchView, MAGIC_V2, batchSizeAt } from '../../wire/record/batch';
import { applyControlBatch } from './control-loader';
import type { QuorumMachine } from './quorum-machine';
import { QuorumProtocolError } from './raft-config';
import type { Turn } from './raft-io';
import { RaftLogFullError } from './raft-log';
import type { FetchAnswer } from './raft-messages';
import type { FollowerRole } from './raft-roles';

/** How long a full disk is left alone before the next try. */
const FULL_RETRY_MS = 200;

export function appendFetched(machine: QuorumMachine, role: FollowerRole, answer: FetchAnswer, turn: Turn): void {
  try {
    appendAll(machine, answer.records, turn);
  } catch (error) {
    if (!(error instanceof RaftLogFullError)) throw error;
    role.pausedUntilMs = turn.now.monotonicMs + FULL_RETRY_MS;
  }
  takeHighWatermark(machine, answer.highWatermark, turn);
}

/** A batch that is cut short, damaged or out of place ends what is taken; the rest is fetched again. */
function appendAll(machine: QuorumMachine, bytes: Uint8Array, turn: Turn): void {
  const { log, control, crc32c } = machine.parts;
  const batch = new BatchView();
  for (let position = 0; position < bytes.length; position += batch.sizeBytes) {
    const size = batchSizeAt(bytes, position);
    if (size < BATCH_HEADER_BYTES || size > bytes.length - position) return;
    batch.moveTo(bytes, position);
    const epoch = batch.partitionLeaderEpoch;
    if (batch.magic !== MAGIC_V2 || !batch.isCrcValid(crc32c)) {
      return void turn.effects.push({ type: 'warn', why: `a damaged batch was fetched at ${log.endOffset}` });
    }
    if (batch.baseOffset !== log.endOffset || epoch > machine.epoch || epoch < machine.logEnd.epoch) {
      throw new QuorumProtocolError(`a batch at ${batch.baseOffset} of epoch ${epoch} was fetched for ${log.endOffset} in epoch ${machine.epoch}`);
    }
    const own = batch.bytes;
    const { baseOffset, nextOffset } = batch;
    log.append(own, epoch);
    turn.effects.push({ type: 'appended', baseOffset, nextOffset, bytes: own });
    applyControlBatch(control, batch, null);
  }
}

/** What the leader says is committed is so here as far as the log reaches. Unknown to a new leader, it stays as it was. */
function takeHighWatermark(machine: QuorumMachine, leaders: number, turn: Turn): void {
  if (leaders < 0) return;
  const offset = Math.min(leaders, machine.parts.log.endOffset);
  if (offset < machine.committed) {
    throw new QuorumProtocolError(`the leader's high watermark ${leaders} is below the one that is known, ${machine.committed}`);
  }
  machine.advanceCommitted(offset, turn);
}
