import { parseOptions } from '../../benchmarks/options';
import { rows } from '../../benchmarks/rows';

const parsed = (...args: string[]) => {
  const options = parseOptions(args);
  if (options === 'help') throw new Error('help');
  return options;
};

describe('the options of a benchmark', () => {
  test('are every row, both heaps and five pairs unless told', () => {
    const options = parsed();
    expect(options.rows).toEqual(rows);
    expect(options).toMatchObject({
      against: [{ heapMb: 1024 }, { heapMb: 256 }],
      pairs: 5,
      warmUpSeconds: 10,
      windowSeconds: 20,
      write: false,
    });
  });

  test('are short when quick, and may still be set one by one', () => {
    expect(parsed('--quick')).toMatchObject({ against: [{ heapMb: 1024 }], pairs: 1, windowSeconds: 2 });
    expect(parsed('--quick', '--pairs', '3', '--window-seconds', '0.5')).toMatchObject({
      pairs: 3,
      windowSeconds: 0.5,
    });
  });

  test('select rows by name, in the order of the table', () => {
    expect(parsed('--rows', 'start,produce-16k').rows.map(({ name }) => name)).toEqual(['produce-16k', 'start']);
    expect(parsed('--against', 'none').against).toEqual([]);
    expect(parsed('--against', 'kafka-256m,build:/x/moldau.cjs').against).toEqual([
      { heapMb: 256 },
      { command: '/x/moldau.cjs' },
    ]);
  });

  test.each([
    ['--rows=nonsense'],
    ['--against=redpanda'],
    ['--pairs=0'],
    ['--window-seconds=x'],
    ['--validation=none'],
  ])('refuse %s', (argument) => {
    expect(() => parseOptions([argument])).toThrow();
  });
});
