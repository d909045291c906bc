/** The judge is judged first: each way of losing or bending a log is seen. */
import type { DecodedRecord } from '../../../wire/record/records';
import { Ledger, valueOf } from './ledger';

const encoder = new TextEncoder();

function record(offset: number, value: string): DecodedRecord {
  return { offset, timestampMs: 0, key: null, value: encoder.encode(value), headers: [] };
}

/** Ten records of one producer, of which the first eight were acked. */
function scene(): { ledger: Ledger; records: DecodedRecord[] } {
  const ledger = new Ledger();
  const values = Array.from({ length: 10 }, (_, i) => valueOf('a', i));
  ledger.noteSent(0, 'a', 9);
  ledger.noteAcked(0, 0, values.slice(0, 8));
  return { ledger, records: values.map((value, i) => record(i, value)) };
}

describe('a log', () => {
  test('is right with and without what was sent and not acked', () => {
    const { ledger, records } = scene();
    expect(ledger.problems(0, records, 'everything acked')).toEqual([]);
    expect(ledger.problems(0, records.slice(0, 8), 'everything acked')).toEqual([]);
  });

  test('is wrong when an acked record is lost at its end, unless a prefix is all that was promised', () => {
    const { ledger, records } = scene();
    expect(ledger.problems(0, records.slice(0, 7), 'everything acked')).toEqual([
      expect.stringMatching(/acked at 7: a\/7.*there is nothing/),
    ]);
    expect(ledger.problems(0, records.slice(0, 7), 'a prefix')).toEqual([]);
  });

  test('is wrong when a record is lost whose place its client was not told', () => {
    const { ledger, records } = scene();
    ledger.noteAcked(0, -1, [valueOf('a', 8)]);
    expect(ledger.problems(0, records, 'everything acked')).toEqual([]);
    expect(ledger.problems(0, records.slice(0, 8), 'everything acked')).toEqual(['partition 0: acked, and not there: a/8']);
  });

  test('says nothing of a producer of which nothing was acked', () => {
    expect(scene().ledger.unwritten(['a', 'b'])).toEqual(['nothing of b was acked']);
  });

  test.each([
    ['a record is missing in the middle', (all: DecodedRecord[]) => all.filter(({ offset }) => offset !== 3)],
    ['a record comes twice', (all: DecodedRecord[]) => [...all.slice(0, 9), record(9, valueOf('a', 8))]],
    [
      'two records change places',
      (all: DecodedRecord[]) => all.with(3, record(3, valueOf('a', 4))).with(4, record(4, valueOf('a', 3))),
    ],
    ['a record is cut', (all: DecodedRecord[]) => all.with(3, record(3, valueOf('a', 3).slice(0, -1)))],
    ['an offset is used again for another record', (all: DecodedRecord[]) => all.with(7, record(7, valueOf('a', 8)))],
    ['nobody has sent a record', (all: DecodedRecord[]) => [...all, record(10, valueOf('a', 10))]],
  ])('is wrong when %s, whatever was promised', (_, bend) => {
    const { ledger, records } = scene();
    expect(ledger.problems(0, bend(records), 'everything acked')).not.toEqual([]);
    expect(ledger.problems(0, bend(records), 'a prefix')).not.toEqual([]);
  });
});
