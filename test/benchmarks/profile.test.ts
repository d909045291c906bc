import { selfTimes } from '../../benchmarks/profile';

test('self times of a profile are shares of the time that was not idle, by function', () => {
  const frame = (functionName: string, url = '', lineNumber = 0) => ({ functionName, url, lineNumber });
  const profile = {
    nodes: [
      { id: 1, callFrame: frame('(idle)') },
      { id: 2, callFrame: frame('append', 'file:///dist/moldau.cjs', 9) },
      { id: 3, callFrame: frame('', 'file:///dist/moldau.cjs', 4) },
      { id: 4, callFrame: frame('append', 'file:///dist/moldau.cjs', 9) },
    ],
    samples: [1, 2, 3, 4],
    timeDeltas: [500, 20, 50, 30],
  };
  expect(selfTimes(profile)).toEqual([
    { name: 'append moldau.cjs:10', share: 0.5 },
    { name: '(anonymous) moldau.cjs:5', share: 0.5 },
  ]);
});
