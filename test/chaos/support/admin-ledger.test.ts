/** The judge is judged first: each half of a request, and each acked one that is lost, is seen. */
import { AdminLedger, type SeenTopic } from './admin-ledger';

const whole: SeenTopic = { replicas: [[1, 2], [2, 1]], configs: { 'retention.ms': '7' } };

function ledger(): AdminLedger {
  return new AdminLedger({ partitions: 2, replicas: 2, configs: { 'retention.ms': '7' } }, ['segment.ms', 'retention.bytes']);
}

function seen(topics: Readonly<Record<string, SeenTopic>>): ReadonlyMap<string, SeenTopic> {
  return new Map(Object.entries(topics));
}

describe('a CreateTopics', () => {
  test('is right when all of it is there, or nothing of one that was not acked', () => {
    const admins = ledger();
    admins.noteCreated(['a', 'b'], 'acked');
    admins.noteCreated(['c', 'd'], 'unknown');
    expect(admins.problems(seen({ a: whole, b: whole }))).toEqual([]);
    expect(admins.problems(seen({ a: whole, b: whole, c: whole, d: whole }))).toEqual([]);
  });

  test('is wrong when it was acked and is not there, or when one of its topics is missing', () => {
    const admins = ledger();
    admins.noteCreated(['a', 'b'], 'acked');
    admins.noteCreated(['c', 'd'], 'unknown');
    expect(admins.problems(seen({ c: whole }))).toEqual([
      'acked creation of a, b: a, b is not there',
      'unknown creation of c, d: d is not there',
    ]);
  });

  test('is wrong without one of the partitions, replicas or configs, acked or not', () => {
    const admins = ledger();
    admins.noteCreated(['a'], 'unknown');
    const problemsOf = (topic: Partial<SeenTopic>): readonly string[] => admins.problems(seen({ a: { ...whole, ...topic } }));
    expect(problemsOf({ replicas: [[1, 2]] })).toEqual(['a has 1 of 2 partitions']);
    expect(problemsOf({ replicas: [[1, 2], [2]] })).toEqual(['a has a partition with the replicas 2 instead of 2']);
    expect(problemsOf({ configs: {} })).toEqual(['a has retention.ms=nothing instead of 7']);
  });
});

describe('a change of configs', () => {
  const changed = (...values: readonly [string, string]): ReadonlyMap<string, SeenTopic> =>
    seen({ a: { replicas: [], configs: { 'segment.ms': values[0], 'retention.bytes': values[1] } } });

  test('is right as it was acked last, or as it was asked for afterwards', () => {
    const admins = ledger();
    admins.noteChanged('a', '1', 'unknown');
    expect(admins.problems(seen({ a: { replicas: [], configs: {} } }))).toEqual([]);
    admins.noteChanged('a', '2', 'acked');
    admins.noteChanged('a', '3', 'unknown');
    expect(admins.problems(changed('2', '2'))).toEqual([]);
    expect(admins.problems(changed('3', '3'))).toEqual([]);
  });

  test('is wrong in parts, before what was acked, or on a resource that is gone', () => {
    const admins = ledger();
    for (const [value, outcome] of [['1', 'acked'], ['2', 'acked'], ['3', 'unknown']] as const) admins.noteChanged('a', value, outcome);
    expect(admins.problems(changed('2', '3'))).toEqual(['a has parts of several changes: 2, 3']);
    expect(admins.problems(changed('1', '1'))).toEqual(['a has 1, and the last acked change and those after it are 2, 3']);
    expect(admins.problems(seen({ a: { replicas: [], configs: {} } }))).toEqual([expect.stringMatching(/^a has nothing, /)]);
    expect(admins.problems(seen({}))).toEqual(['a, whose configs were changed, is not there']);
  });
});
