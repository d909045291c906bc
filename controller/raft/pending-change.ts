/** A change of the voter set that is under way at the leader: there is one at most, and somebody waits for it. (KIP-853) */
import { ErrorCode } from '../../wire/base/error-codes';
import type { RaftEffect } from './raft-io';
import type { AddVoterAsk, VersionsAsk } from './raft-messages';

export type PendingChange = {
  readonly api: 'addVoter' | 'removeVoter';
  readonly caller: number;
  readonly deadlineMs: number;
} & (
  | { readonly stage: 'asked'; readonly ask: AddVoterAsk; readonly request: VersionsAsk }
  /** The new set lies at `offset`. */
  | { readonly stage: 'appended'; readonly offset: number }
);

interface Changing {
  change: PendingChange | null;
}

/** Answers who waits, if anybody does. */
export function endChange(state: Changing, errorCode: number, message: string | null, effects: RaftEffect[]): void {
  const { change } = state;
  if (change === null) return;
  state.change = null;
  const said = errorCode === ErrorCode.NONE ? null : message;
  effects.push({ type: 'respond', caller: change.caller, answer: { api: change.api, errorCode, message: said } });
}
