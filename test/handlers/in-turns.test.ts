import { mapInTurns } from '../../src/handlers/in-turns';
import type { Call } from '../../src/handlers/handler';
import { ManualTime, manualEnv } from '../src/network/support/manual-world';

function world(): { time: ManualTime; call: Call; failures: unknown[] } {
  const time = new ManualTime();
  const failures: unknown[] = [];
  const connection = { failed: (error: unknown) => failures.push(error) };
  return { time, failures, call: { services: { env: manualEnv(time) }, connection } as unknown as Call };
}

describe('many things for one request', () => {
  test('are done at once when they are quick', () => {
    const { call } = world();
    const done: number[][] = [];
    mapInTurns(
      call,
      [1, 2, 3],
      (n) => n * 2,
      (results) => done.push(results),
    );
    mapInTurns(
      call,
      [],
      (n) => n,
      (results) => done.push(results),
    );
    expect(done).toEqual([[2, 4, 6], []]);
  });

  test('are done in turns when they take long, in order', () => {
    const { call, time } = world();
    const done: number[][] = [];
    let mapped = 0;
    const slow = (n: number): number => {
      time.nowMs += 2;
      mapped += 1;
      return n;
    };
    mapInTurns(call, [1, 2, 3, 4, 5, 6, 7], slow, (results) => done.push(results));
    expect([mapped, done]).toEqual([3, []]);
    time.turn();
    expect([mapped, done]).toEqual([6, []]);
    time.turn();
    expect(done).toEqual([[1, 2, 3, 4, 5, 6, 7]]);
  });

  test('that fail in a later turn end their connection, nothing else', () => {
    const { call, time, failures } = world();
    const error = new Error('broken');
    mapInTurns(
      call,
      [1, 2],
      (n) => {
        time.nowMs += 10;
        if (n === 2) throw error;
      },
      () => undefined,
    );
    time.settle();
    expect(failures).toEqual([error]);
  });
});
