import { FetchSessionCache, MAX_CACHED_PARTITIONS, type FetchPartition } from '../../../src/replication/fetch-session';

function partitions(count: number): Map<string, FetchPartition> {
  return new Map(Array.from({ length: count }, (_, index) => [String(index), {} as FetchPartition]));
}

function cache(): { sessions: FetchSessionCache; advance(ms: number): void } {
  let nowMs = 0;
  let id = 0;
  const clock = { wallMs: () => nowMs, monotonicMs: () => nowMs };
  const random = { below: () => id++, bytes: () => undefined };
  return { sessions: new FetchSessionCache(10, clock, random), advance: (ms) => (nowMs += ms) };
}

describe('fetch sessions', () => {
  test('remember so many partitions together, and then who asks goes on without a session', () => {
    const { sessions, advance } = cache();
    expect(sessions.create(partitions(MAX_CACHED_PARTITIONS - 1), true)).not.toBeNull();
    expect(sessions.create(partitions(1), true)).not.toBeNull();
    expect(sessions.create(partitions(1), true)).toBeNull();
    advance(120_001);
    expect(sessions.create(partitions(2), true)).not.toBeNull();
    expect(sessions.size).toBe(2);
  });

  test('of followers take the place of consumers’, and not the other way round', () => {
    const { sessions, advance } = cache();
    for (let i = 0; i < 10; i++) sessions.create(partitions(5), true);
    expect(sessions.create(partitions(1), true)).toBeNull();
    for (let i = 0; i < 10; i++) expect(sessions.create(partitions(1), true, true)).not.toBeNull();
    expect(sessions.create(partitions(1), true, true)).toBeNull();
    advance(119_000);
    expect(sessions.create(partitions(9), true)).toBeNull();
    expect(sessions.size).toBe(10);
  });

  test('end when they grow over that bound', () => {
    const { sessions } = cache();
    const growing = sessions.create(partitions(1), true);
    sessions.create(partitions(MAX_CACHED_PARTITIONS - 1), true);
    expect(growing !== null && sessions.mayKeep(growing)).toBe(true);
    growing?.partitions.set('more', {} as FetchPartition);
    expect(growing !== null && sessions.mayKeep(growing)).toBe(false);
    expect(sessions.size).toBe(1);
  });
});
