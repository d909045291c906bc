import { InvariantViolation } from '../../../wire/base/invariant';
import { ControlState, History } from '../../../controller/raft/control-state';
import { UNKNOWN_DIRECTORY } from '../../../controller/raft/replica-key';
import { VoterSet, sameVoter } from '../../../controller/raft/voter-set';
import { DIRECTORY, voter } from '../support/raft-transcript';

describe('a voter set', () => {
  test.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
  ])('of %i decides with %i', (size, majority) => {
    expect(new VoterSet(Array.from({ length: size }, (_, id) => voter(id))).majority).toBe(majority);
  });

  test('knows a voter by id and directory', () => {
    const set = new VoterSet([voter(1)]);
    expect(set.isVoter({ id: 1, directoryId: DIRECTORY })).toBe(true);
    expect(set.isVoter({ id: 1, directoryId: 'b3RoZXItZGlyZWN0b3J5LQ' })).toBe(false);
    expect(set.isOnlyVoter({ id: 2, directoryId: DIRECTORY })).toBe(false);
  });

  test('takes any directory for a voter whose directory it does not know', () => {
    const set = new VoterSet([{ ...voter(1), directoryId: UNKNOWN_DIRECTORY }]);
    expect(set.isOnlyVoter({ id: 1, directoryId: DIRECTORY })).toBe(true);
  });

  test('is never empty and names nobody twice', () => {
    expect(() => new VoterSet([])).toThrow(InvariantViolation);
    expect(() => new VoterSet([voter(1), voter(1)])).toThrow(InvariantViolation);
  });

  test('tells a changed entry from an equal one', () => {
    expect(sameVoter(voter(1), voter(1))).toBe(true);
    expect(sameVoter(voter(1), voter(1, 9094))).toBe(false);
    expect(sameVoter(voter(1), { ...voter(1), maxKraftVersion: 2 })).toBe(false);
    expect(new VoterSet([voter(1), voter(2)]).withUpdated(voter(2, 9094)).find(2)?.endpoints[0]?.port).toBe(9094);
  });
});

describe('the history of control records', () => {
  test('answers for any end of the log, and takes back what a truncation takes', () => {
    const history = new History<string>();
    history.add(-1, 'bootstrap');
    history.add(2, 'two');
    history.add(9, 'nine');
    expect(history.at(0)?.value).toBe('bootstrap');
    expect(history.at(2)?.value).toBe('bootstrap');
    expect(history.at(3)?.value).toBe('two');
    history.truncateTo(9);
    expect(history.last).toEqual({ offset: 2, value: 'two' });
    history.truncateTo(0);
    expect(history.last?.value).toBe('bootstrap');
  });

  test('forgets what lies below a new start of the log, but for what holds there', () => {
    const history = new History<string>();
    history.add(-1, 'bootstrap');
    history.add(2, 'two');
    history.add(9, 'nine');
    history.dropBefore(5);
    expect(history.at(0)).toBeNull();
    expect(history.at(5)?.value).toBe('two');
  });

  test('knows that only the 0-0 checkpoint has named the voters', () => {
    const state = new ControlState(null);
    state.voterHistory.add(-1, new VoterSet([voter(1)]));
    expect(state.votersOnlyFromBootstrap).toBe(true);
    state.voterHistory.add(2, new VoterSet([voter(1)]));
    expect(state.votersOnlyFromBootstrap).toBe(false);
  });

  test('falls back on the configured voters of a static quorum', () => {
    expect(new ControlState(new VoterSet([voter(7)])).voters?.ids).toEqual([7]);
    expect(new ControlState(null).voters).toBeNull();
  });
});
