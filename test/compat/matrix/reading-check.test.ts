import type { RecordLine } from './client-lines';
import { outOfOrder, ReadingCheck } from './reading-check';

const expected = new Map(
  ['a-0', 'a-1', 'a-2'].map((id) => [id, { key: id, digest: 'd', headers: [['h', 'v']] as const }]),
);

const line = (id: string, offset: number, change: Partial<RecordLine> = {}): RecordLine => ({
  p: 0,
  o: offset,
  id,
  k: id,
  d: 'd',
  h: [['h', 'v']],
  ...change,
});

describe('the judge of the codec matrix', () => {
  let check: ReadingCheck;

  beforeEach(() => {
    check = new ReadingCheck(expected);
    check.assigned([0]);
    check.record('first', line('a-0', 0));
    check.record('first', line('a-1', 1));
  });

  test('is content when everything came once, in order', () => {
    check.record('first', line('a-2', 2));
    expect([check.problems, check.missing, check.duplicates]).toEqual([[], [], 0]);
    expect(check.unread(new Map([[0, 3]]))).toEqual([]);
  });

  test('names what is missing', () => {
    expect(check.missing).toEqual(['a-2']);
    expect(check.unread(new Map([[0, 3]]))).toEqual([{ partition: 0, offset: 2 }]);
  });

  test('notices a changed key, value or header, and a record that nobody wrote', () => {
    check.record('first', line('a-2', 2, { k: 'x' }));
    check.record('first', line('a-2', 3, { d: null }));
    check.record('first', line('a-2', 4, { h: [] }));
    check.record('first', line('b-9', 5));
    expect(check.problems).toEqual([
      'a-2 at 0:2 has another key or value',
      'a-2 at 0:3 has another key or value',
      'a-2 is at 0:2 and again at 0:3',
      'a-2 at 0:4 has headers []',
      'a-2 is at 0:3 and again at 0:4',
      'b-9 at 0:5 was never written',
    ]);
  });

  test('notices a reader that goes back', () => {
    check.record('first', line('a-0', 0));
    expect(check.problems).toEqual(['first read offset 0 of partition 0 after 1']);
  });

  test('takes a record again past what was committed when the owner changed, and not below it', () => {
    check.committed(0, 1);
    check.assigned([0]);
    check.record('second', line('a-1', 1));
    expect([check.problems, check.duplicates]).toEqual([[], 1]);
    check.committed(0, 2);
    check.assigned([0]);
    check.record('third', line('a-1', 1));
    expect(check.problems).toEqual(['offset 1 of partition 0 came again, 2 was committed']);
  });

  test('sees when a producer’s records lie in another order than it sent them', () => {
    expect(outOfOrder([line('a-0', 0), line('b-5', 1), line('a-2', 2)])).toEqual([]);
    expect(outOfOrder([line('a-2', 0), line('a-0', 1)])).toEqual(['a in partition 0: 0 after 2']);
  });
});
