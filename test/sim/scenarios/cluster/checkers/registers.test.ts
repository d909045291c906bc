import { RegisterChecker } from './registers';

describe('configs as registers', () => {
  const registers = (isAllKnown = false): { readonly said: string[]; readonly checker: RegisterChecker } => {
    const said: string[] = [];
    return { said, checker: new RegisterChecker((what) => said.push(what), () => isAllKnown) };
  };

  test('hold what was acknowledged, in the order in which it was', () => {
    const { said, checker } = registers();
    checker.writing('t', 'a', 1);
    checker.committed('t', 'a');
    checker.acked('t', 'a', 2);
    checker.writing('t', 'b', 3);
    checker.committed('t', 'b');
    checker.said('node 1', 't', 'b');
    checker.acked('t', 'b', 4);
    checker.finish();
    expect(said).toEqual([]);
    expect(checker.latest('t')).toBe('b');
  });

  test('may be written again until the writer has his answer, and not after', () => {
    const { said, checker } = registers();
    for (const [value, atMs] of [['a', 1], ['b', 2]] as const) checker.writing('t', value, atMs);
    for (const value of ['a', 'b', 'a']) checker.committed('t', value);
    expect(said).toEqual([]);
    checker.acked('t', 'a', 1.5);
    expect(said).toEqual([expect.stringContaining("'b' was written to the config of t after 'a' was acknowledged")]);
  });

  test('lose nothing that was acknowledged', () => {
    const known = registers(true);
    known.checker.writing('t', 'a', 1);
    known.checker.acked('t', 'a', 2);
    expect(known.said).toEqual([expect.stringContaining('is not committed')]);
    const unknown = registers();
    unknown.checker.writing('t', 'a', 1);
    unknown.checker.acked('t', 'a', 2);
    expect(unknown.said).toEqual([]);
    unknown.checker.finish();
    expect(unknown.said).toEqual([expect.stringContaining('is lost')]);
  });

  test('never hold what was refused, or what nobody wrote', () => {
    const { said, checker } = registers();
    checker.writing('t', 'a', 1);
    checker.refused('t', 'a');
    checker.committed('t', 'a');
    checker.committed('t', 'b');
    expect(said).toEqual([expect.stringContaining('was refused'), expect.stringContaining('nobody wrote')]);
  });

  test('never go back, as one broker tells of them, one after another', () => {
    const { said, checker } = registers();
    for (const [register, value] of [['t', 'a'], ['u', 'b'], ['t', 'c']] as const) {
      checker.writing(register, value, 1);
      checker.committed(register, value);
    }
    checker.said('node 1', 't', 'a');
    checker.said('node 1', 'u', 'b');
    checker.said('node 2', 't', 'c');
    expect(said).toEqual([]);
    checker.said('node 2', 'u', null);
    expect(said).toEqual([expect.stringContaining("node 2 says that the config of u is 'null'")]);
  });

  test('are not judged by what is not known to be committed yet, until it has to be', () => {
    const { said, checker } = registers();
    checker.writing('t', 'a', 1);
    checker.said('node 1', 't', 'a');
    checker.finish();
    expect(said).toEqual([expect.stringContaining('never committed')]);
  });
});
