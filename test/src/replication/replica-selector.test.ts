import { NO_PREFERENCE, preferredInRack } from '../../../src/replication/replica-selector';

const RACKS = new Map<number, string | null>([
  [1, 'a'],
  [2, 'b'],
  [3, 'b'],
  [4, 'b'],
  [5, null],
]);
const rackOf = (id: number): string | null => RACKS.get(id) ?? null;
const follower = (brokerId: number, endOffset: number, caughtUpMs: number) => ({ brokerId, endOffset, caughtUpMs });

test('of several followers in the rack the one that has come furthest is preferred, then the last to catch up, then the highest id', () => {
  const choose = (...followers: Parameters<typeof preferredInRack>[2]) => preferredInRack('b', 1, followers, rackOf);
  expect(choose(follower(2, 10, 1), follower(3, 11, 0))).toBe(3);
  expect(choose(follower(3, 10, 1), follower(2, 10, 2))).toBe(2);
  expect(choose(follower(2, 10, 1), follower(4, 10, 1), follower(3, 10, 1))).toBe(4);
});

test('nobody is preferred to a leader in the same rack, and nobody without the rack', () => {
  expect(preferredInRack('a', 1, [follower(2, 10, 1)], rackOf)).toBe(NO_PREFERENCE);
  expect(preferredInRack('b', 2, [follower(3, 10, 1)], rackOf)).toBe(NO_PREFERENCE);
  expect(preferredInRack('c', 1, [follower(2, 10, 1)], rackOf)).toBe(NO_PREFERENCE);
  expect(preferredInRack('', 1, [follower(5, 10, 1)], rackOf)).toBe(NO_PREFERENCE);
  expect(preferredInRack('b', 1, [], rackOf)).toBe(NO_PREFERENCE);
});
