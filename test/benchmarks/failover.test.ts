/** What the failover benchmark says of its rounds. */
import { idleShare, ticksOf } from '../../benchmarks/failover/machine';
import { csvOf, holds, reportOf } from '../../benchmarks/failover/report';
import type { Round } from '../../benchmarks/failover/rounds';

const round = (gapMs: number, more: Partial<Round> = {}): Round => ({
  node: 2,
  isController: false,
  gapMs,
  peakRssBytes: 100 * 2 ** 20,
  idleShare: 0.5,
  users: new Map(),
  ...more,
});

describe('the failover benchmark', () => {
  test('holds the bars by median, p99 and memory', () => {
    const quick = Array.from({ length: 99 }, () => round(60));
    expect(holds('leader', [...quick, round(900)])).toBe(true);
    expect(holds('leader', [round(301), round(301)])).toBe(false);
    expect(holds('leader', [...quick, round(1001), round(1001)])).toBe(false);
    expect(holds('leader', [...quick, round(60, { peakRssBytes: 401 * 2 ** 20 })])).toBe(false);
  });

  test('counts as idle what the kernel calls idle or waiting for a disk', () => {
    const before = ticksOf('cpu  10 0 10 70 10 0 0 0 0 0\ncpu0 5 0 5 35 5 0 0 0 0 0\n');
    expect(before).toEqual({ total: 100, idle: 80 });
    expect(idleShare(before, { total: 200, idle: 105 })).toBe(0.25);
    expect(idleShare(before, before)).toBeNull();
  });

  test('tells what users see: the gap, the errors, and how often no ack came at all', () => {
    const users = (gapMs: number | null, errors: string[]): Round['users'] => new Map([['java', { gapMs, errors }]]);
    const text = reportOf('kafka', 'both', [round(9000, { users: users(9100, ['TimeoutException']) }), round(9500, { users: users(null, ['TimeoutException']) })]);
    expect(text).toContain('java: p50 9100 ms, p99 9100 ms, longest 9100 ms, no ack in 1 rounds; errors: TimeoutException (2 rounds)');
    expect(text).not.toContain('bars');
  });

  test('writes a row for each round, with an empty field for who was not there', () => {
    const users: Round['users'] = new Map([['librdkafka', { gapMs: 12, errors: [] }]]);
    const lines = csvOf('moldau', 'leader', [round(61.4, { users })]).split('\n');
    expect(lines[1]).toBe('moldau,leader,1,2,false,61,100,50,,12,');
  });
});
