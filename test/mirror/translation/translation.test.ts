/** Syncs as they are emitted, read and translated, beside a ghost that knows where each record lies. */
import type { Copied } from '../../../mirror/flow/flow-partition';
import { OffsetRuns } from '../../../mirror/translation/offset-runs-core';
import { OffsetSyncStore } from '../../../mirror/translation/offset-sync-store-core';
import { type RunSync, SyncEmission } from '../../../mirror/translation/sync-emission-core';

const ID = 'AbCdEfGhIjKlMnOpQrStUA';
const OTHER_ID = 'BbCdEfGhIjKlMnOpQrStUA';

function copied(
  firstSource: number,
  firstTarget: number,
  count: number,
  more: Partial<Copied> & { topicId?: string } = {},
): Copied {
  const { topicId = ID, ...rest } = more;
  return {
    partition: { sourceTopic: 't', sourceTopicId: topicId, partition: 0, targetTopic: 'A.t' },
    firstSourceOffset: firstSource,
    lastSourceOffset: firstSource + count - 1,
    firstTargetOffset: firstTarget,
    lastTargetOffset: firstTarget + count - 1,
    isContiguous: true,
    bytes: 1,
    records: count,
    maxTimestampMs: 0,
    ...rest,
  };
}

function storeOf(syncs: readonly RunSync[], withRuns = true, maxRuns?: number): OffsetSyncStore {
  const store = new OffsetSyncStore(maxRuns);
  for (const sync of syncs) store.add(sync, withRuns ? sync.run : null);
  return store;
}

const plain = ({ upstreamOffset, downstreamOffset }: RunSync): number[] => [upstreamOffset, downstreamOffset];

describe('offset syncs are emitted', () => {
  test('for the first record, each offset.lag.max records, and the rest when all are asked for', () => {
    const emission = new SyncEmission(100);
    for (let at = 0; at < 250; at += 10) emission.copied(copied(at, at, 10));
    expect(emission.takeDue().map(plain)).toEqual([
      [0, 0],
      [109, 109],
      [219, 219],
    ]);
    expect(emission.takeAll().map(plain)).toEqual([[249, 249]]);
    expect(emission.takeAll()).toEqual([]);
  });

  test('at a jump: the last record before it, and the first behind it', () => {
    const emission = new SyncEmission(100);
    emission.copied(copied(0, 0, 5));
    emission.copied(copied(6, 5, 3));
    expect(emission.takeAll().map(plain)).toEqual([
      [0, 0],
      [4, 4],
      [6, 5],
      [8, 7],
    ]);
  });

  test('at both ends of a batch with holes', () => {
    const emission = new SyncEmission(100);
    emission.copied({ ...copied(10, 3, 4), lastSourceOffset: 20, isContiguous: false });
    expect(emission.takeAll().map(plain)).toEqual([
      [10, 3],
      [20, 6],
    ]);
  });

  test('within a bound, however long nobody takes them', () => {
    const emission = new SyncEmission(100);
    for (let at = 0; at < 10_000; at++) emission.copied(copied(2 * at, at, 1));
    expect(emission.dueCount).toBeLessThanOrEqual(129);
    expect(emission.takeDue().length).toBeLessThanOrEqual(129);
  });
});

describe('translation', () => {
  test('of our own syncs is exact at every record of a run, however far behind', () => {
    const emission = new SyncEmission(100);
    for (let at = 0; at < 1_000_000; at += 1000) emission.copied(copied(at, at + 7, 1000));
    const store = storeOf(emission.takeAll());
    for (const offset of [0, 1, 12_345, 999_999, 1_000_000]) expect(store.translate('t', 0, offset)).toBe(offset + 7);
    expect(store.translateBack('t', 0, 507)).toBe(500);
  });

  test('of the last sync alone, as compaction leaves it, is exact for a topic without jumps', () => {
    const emission = new SyncEmission(100);
    for (let at = 0; at < 5000; at += 100) emission.copied(copied(at, at, 100));
    expect(storeOf(emission.takeAll().slice(-1)).translate('t', 0, 17)).toBe(17);
  });

  test("of MirrorMaker's syncs goes on at the record behind the nearest one", () => {
    const store = storeOf(
      [0, 100, 200].map((at) => ({
        topic: 't',
        partition: 0,
        upstreamOffset: at,
        downstreamOffset: at,
        run: { upstreamStart: 0, downstreamStart: 0, topicId: ID },
      })),
      false,
    );
    expect([0, 50, 100, 199, 1000].map((offset) => store.translate('t', 0, offset))).toEqual([0, 1, 100, 101, 201]);
  });

  test('says nothing about what lies before all syncs, or of a partition without any', () => {
    const store = storeOf([
      {
        topic: 't',
        partition: 1,
        upstreamOffset: 10,
        downstreamOffset: 3,
        run: { upstreamStart: 10, downstreamStart: 3, topicId: ID },
      },
    ]);
    expect([store.translate('t', 1, 9), store.translate('t', 0, 9), store.translate('u', 0, 9)]).toEqual([
      null,
      null,
      null,
    ]);
  });

  test('forgets what is known of a topic that was created again', () => {
    const emission = new SyncEmission(100);
    emission.copied(copied(0, 0, 50));
    emission.copied(copied(0, 50, 10, { topicId: OTHER_ID }));
    const store = storeOf(emission.takeAll());
    expect([store.translate('t', 0, 0), store.translate('t', 0, 5), store.translate('t', 0, 30)]).toEqual([50, 55, 60]);
  });

  test('drops what a target that began anew does not hold any more', () => {
    const store = storeOf([]);
    store.add({ topic: 't', partition: 0, upstreamOffset: 100, downstreamOffset: 100 }, null);
    store.add({ topic: 't', partition: 0, upstreamOffset: 101, downstreamOffset: 0 }, null);
    expect([store.translate('t', 0, 100), store.translate('t', 0, 101)]).toEqual([null, 0]);
  });

  test('is kept within a bound, and coarser the farther back', () => {
    const runs = new OffsetRuns(64);
    for (let at = 0; at < 100_000; at += 2) runs.add({ upstream: at, downstream: at / 2, length: 1 });
    expect(runs.size).toBeLessThanOrEqual(64);
    expect(runs.toDownstream(99_990)).toBe(49_995);
    expect(runs.toDownstream(0)).toBe(0);
    expect(runs.toDownstream(50_000)).toBeLessThanOrEqual(25_000);
  });
});

/** A small generator, so that a failure names its seed. */
function chance(seed: number): (below: number) => number {
  let state = seed * 2654435761 + 1;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * below);
  };
}

/** Where each source record's copies lie, and the syncs that were told meanwhile. */
function history(seed: number): {
  readonly copies: Map<number, number[]>;
  readonly syncs: RunSync[];
  readonly end: number;
} {
  const draw = chance(seed);
  const emission = new SyncEmission(1 + draw(20));
  const copies = new Map<number, number[]>();
  const syncs: RunSync[] = [];
  let [source, target] = [draw(50), draw(50)];
  const copy = (from: number, count: number, hole: number): void => {
    const offsets = Array.from({ length: count }, (_, i) => from + i + (i >= count / 2 ? hole : 0));
    // What is passed over is not at the source any more, and nobody misses it.
    for (let gone = from; gone < offsets.at(-1)!; gone++) if (!offsets.includes(gone)) copies.delete(gone);
    for (const [i, offset] of offsets.entries()) copies.set(offset, [...(copies.get(offset) ?? []), target + i]);
    emission.copied({
      ...copied(from, target, count),
      lastSourceOffset: offsets.at(-1)!,
      isContiguous: hole === 0 || count === 1,
    });
    target += count;
    source = offsets.at(-1)! + 1;
  };
  for (let step = 0; step < 120; step++) {
    const what = draw(10);
    if (what === 0) for (let gone = 1 + draw(3); gone > 0; gone--) copies.delete(source++);
    else if (what === 1) source = Math.max(0, source - draw(30));
    else if (what === 2) syncs.push(...emission.takeAll());
    else if (what === 3) target += draw(2);
    else if (what === 4) syncs.push(...emission.takeDue());
    copy(source, 1 + draw(12), what === 5 ? 1 + draw(4) : 0);
  }
  syncs.push(...emission.takeAll());
  return { copies, syncs, end: source };
}

/**
 * For each source offset, the least of the target offsets behind which some record from there on is not found any more. What
 * lies at or behind the copy's position will be copied (again), so nobody misses it.
 */
function limits({ copies, end }: { readonly copies: Map<number, number[]>; readonly end: number }): number[] {
  const found: number[] = [];
  let least = Infinity;
  for (let offset = end; offset >= 0; offset--) {
    if (offset < end) least = Math.min(least, Math.max(...(copies.get(offset) ?? [Infinity])));
    found[offset] = least;
  }
  return found;
}

function expectNothingSkipped(seed: number, store: OffsetSyncStore, limit: readonly number[]): number {
  let translations = 0;
  for (const [offset, most] of limit.entries()) {
    const translated = store.translate('t', 0, offset);
    if (translated === null) continue;
    translations++;
    if (translated > most)
      throw new Error(`seed ${seed}: ${offset} becomes ${translated}, and a record behind it lies at ${most}`);
  }
  return translations;
}

describe('whatever is copied, lost on the way, copied again or left out', () => {
  test.each([
    ['our own syncs', true, 4096],
    ['syncs without runs', false, 4096],
    ['few runs kept', true, 8],
  ])('translation never skips a record: %s', (_what, withRuns, maxRuns) => {
    let translations = 0;
    for (let seed = 0; seed < 300; seed++) {
      const told = history(seed);
      translations += expectNothingSkipped(seed, storeOf(told.syncs, withRuns, maxRuns), limits(told));
    }
    expect(translations).toBeGreaterThan(10_000);
  });

  test('syncs that were lost cost tightness, and never a record', () => {
    for (let seed = 0; seed < 300; seed++) {
      const told = history(seed);
      const draw = chance(seed + 1000);
      expectNothingSkipped(seed, storeOf(told.syncs.filter(() => draw(3) > 0)), limits(told));
    }
  });

  test('a translated offset that is one too far is seen', () => {
    const told = history(1);
    const store = storeOf(told.syncs);
    const ahead = Object.assign(Object.create(store) as OffsetSyncStore, {
      translate: (topic: string, partition: number, offset: number) =>
        (store.translate(topic, partition, offset) ?? -1) + 1,
    });
    expect(() => expectNothingSkipped(1, ahead, limits(told))).toThrow(/and a record behind it lies at/);
  });
});

describe('a record that no mirror has written among the syncs', () => {
  test('is passed over: partitions and offsets below zero', () => {
    const store = new OffsetSyncStore();
    store.add({ topic: 't', partition: -1, upstreamOffset: 1, downstreamOffset: 1 }, null);
    store.add({ topic: 't', partition: 0, upstreamOffset: -5, downstreamOffset: 1 }, null);
    expect([store.translate('t', -1, 1), store.translate('t', 0, 1)]).toEqual([null, null]);
  });

  test('costs what one partition costs, whatever number it has', () => {
    const store = new OffsetSyncStore();
    store.add({ topic: 't', partition: 2 ** 31 - 1, upstreamOffset: 4, downstreamOffset: 7 }, null);
    expect(store.translate('t', 2 ** 31 - 1, 4)).toBe(7);
  });
});
