import { newTally, playOne } from '../../harness/sweep';
import { inMacrotask } from '../../runner';
import { scriptedMutants } from './cluster-mutants';
import { clusterScripts, scripts } from './cluster-scripts';

describe('written plays of a cluster', () => {
  test.each(clusterScripts.map(({ name }) => [name]))('%s: the code as it is plays it through', (name) =>
    inMacrotask(() => {
      const tally = newTally();
      playOne(scripts, name, [], null, tally);
      expect(tally.failures.map(({ error }) => error)).toEqual([]);
    }));

  test('are there for every planted bug that says so', () => {
    const names = clusterScripts.map(({ name }) => name);
    expect(scriptedMutants.map(({ name }) => name).sort()).toEqual([...names].sort());
  });
});
