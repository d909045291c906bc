/** The columns behind committed offsets, against a plain map. */
import * as fc from 'fast-check';
import { HashDirectory } from '../../../../src/coordinator/group/hash-directory';
import { OffsetStore } from '../../../../src/coordinator/group/offset-store';
import { OffsetTable, type StoredOffset } from '../../../../src/coordinator/group/offset-table';
import { StringPool } from '../../../../src/coordinator/group/string-pool';
import { UndoLog } from '../../../../src/coordinator/undo-log';
import { ZERO_UUID } from '../../../../wire/base/uuid';

const IDS = [ZERO_UUID, 'BBBBBBBBBBBBBBBBBBBBBA', 'CCCCCCCCCCCCCCCCCCCCCA'];

function value(offset: number): StoredOffset {
  return {
    offset,
    leaderEpoch: offset % 5,
    metadata: offset % 3 === 0 ? '' : `m${offset % 7}`,
    commitTimestampMs: offset * 2,
    expireTimestampMs: offset % 4 === 0 ? offset : -1,
    topicId: IDS[offset % IDS.length] as string,
    recordOffset: offset * 3,
  };
}

/** Every row of the table by its key. */
function contents(table: OffsetTable): Map<string, StoredOffset> {
  const found = new Map<string, StoredOffset>();
  for (let row = 0; row < table.rowCount; row++) {
    if (!table.isUsed(row)) continue;
    found.set(`${table.ownerOf(row)} ${table.topicOf(row)} ${table.partitionOf(row)}`, table.valueOf(row));
  }
  return found;
}

function ofOwner(table: OffsetTable, owner: string): string[] {
  const found: string[] = [];
  for (let row = table.firstOf(owner); row >= 0; row = table.nextOf(row)) {
    found.push(`${table.ownerOf(row)} ${table.topicOf(row)} ${table.partitionOf(row)}`);
  }
  return found.sort();
}

const place = fc.record({
  owner: fc.constantFrom('a', 'b', 'c'),
  topic: fc.constantFrom('t', 'u'),
  partition: fc.integer({ min: 0, max: 30 }),
});

describe('the table of offsets', () => {
  test('holds what a map would hold, whatever is put and removed', () => {
    const change = fc.record({ place, offset: fc.integer({ min: 0, max: 1000 }), isRemoval: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 400 }), (changes) => {
        const table = new OffsetTable();
        const model = new Map<string, StoredOffset>();
        for (const { place: at, offset, isRemoval } of changes) {
          const key = `${at.owner} ${at.topic} ${at.partition}`;
          const row = table.find(at.owner, at.topic, at.partition);
          expect(row >= 0).toBe(model.has(key));
          if (!isRemoval) {
            table.put(at.owner, at.topic, at.partition, value(offset), 3 * offset);
            model.set(key, value(offset));
          } else if (row >= 0) {
            table.remove(row);
            model.delete(key);
          }
        }
        expect(contents(table)).toEqual(model);
        expect(table.size).toBe(model.size);
        for (const owner of ['a', 'b', 'c']) {
          const expected = [...model.keys()].filter((key) => key.startsWith(owner)).sort();
          expect(ofOwner(table, owner)).toEqual(expected);
          expect(table.countOf(owner)).toBe(expected.length);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('grows over pages and gives the rows of removed offsets again', () => {
    const table = new OffsetTable();
    const count = 20_000;
    for (let i = 0; i < count; i++) table.put(`g${i % 7}`, `t${i % 11}`, i, value(i), 3 * i);
    for (let i = 0; i < count; i++) {
      const row = table.find(`g${i % 7}`, `t${i % 11}`, i);
      expect(table.offsetOf(row)).toBe(i);
    }
    for (let i = 0; i < count; i += 2) table.remove(table.find(`g${i % 7}`, `t${i % 11}`, i));
    for (let i = 0; i < count; i += 2) table.put('again', 't', i, value(i), 3 * i);
    expect(table.rowCount).toBe(count);
    expect(table.size).toBe(count);
    expect(table.countOf('again')).toBe(count / 2);
    expect(table.find('g0', 't0', 0)).toBe(-1);
  });

  test('forgets owners and topics that have no offsets left', () => {
    const table = new OffsetTable();
    for (let i = 0; i < 100; i++) {
      table.put(`g${i}`, `t${i}`, 0, value(1), 3 * 1);
      table.remove(table.find(`g${i}`, `t${i}`, 0));
    }
    table.put('g', 't', 0, value(1), 3 * 1);
    expect(table.ownerNumberOf(table.find('g', 't', 0))).toBe(0);
    expect(table.topicNumberOf(table.find('g', 't', 0))).toBe(0);
    expect(table.topicNumber('t99')).toBe(-1);
  });
});

describe('numbers of strings', () => {
  test('are given again only when nobody claims them', () => {
    const pool = new StringPool();
    const a = pool.acquire('a');
    expect(pool.acquire('a')).toBe(a);
    const b = pool.acquire('b');
    pool.release(a);
    expect(pool.find('a')).toBe(a);
    pool.release(a);
    expect(pool.find('a')).toBe(-1);
    expect(pool.acquire('c')).toBe(a);
    expect([pool.text(a), pool.text(b), pool.size]).toEqual(['c', 'b', 2]);
  });
});

describe('the directory of buckets', () => {
  test('always points a hash at a bucket that exists, and divides them one by one', () => {
    const directory = new HashDirectory();
    const rows = new Map<number, number>();
    for (let hash = 0; hash < 10_000; hash++) {
      const before = directory.buckets;
      const divided = directory.split();
      expect(directory.buckets).toBe(before + 1);
      expect(divided).toBeLessThan(before);
      expect(directory.head(before)).toBe(-1);
      directory.setHead(before, hash);
      rows.set(before, hash);
      const scrambled = Math.imul(hash, 0x9e3779b1) & 0x7fffffff;
      expect(directory.bucketOf(scrambled)).toBeLessThan(directory.buckets);
    }
    for (const [bucket, row] of rows) expect(directory.head(bucket)).toBe(row);
  });
});

describe('the store of offsets', () => {
  const event = fc.oneof(
    fc.record({
      kind: fc.constant('commit' as const),
      place,
      producerId: fc.constantFrom(-1, -1, 7, 8),
      offset: fc.integer({ min: 0, max: 1000 }),
    }),
    fc.record({ kind: fc.constant('tombstone' as const), place }),
    fc.record({ kind: fc.constant('end' as const), producerId: fc.constantFrom(7, 8), isCommit: fc.boolean() }),
  );
  type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

  function apply(store: OffsetStore, events: readonly Event[], from: number, undo: UndoLog | null): void {
    events.forEach((each, i) => {
      if (each.kind === 'end') return store.endTransaction(each.producerId, each.isCommit, undo);
      const { owner: groupId, topic, partition } = each.place;
      const stored = each.kind === 'commit' ? value(each.offset) : null;
      const producerId = each.kind === 'commit' ? each.producerId : -1;
      store.replay({ kind: 'offsetCommit', groupId, topic, partition, value: stored }, from + i, producerId, undo);
    });
  }

  function snapshot(store: OffsetStore): unknown {
    const pending: string[] = [];
    store.forEachPendingOffset((...each) => pending.push(each.join(' ')));
    const open = ['a', 'b', 'c'].map((groupId) => {
      const places: string[] = [];
      store.forEachPending(groupId, (topic, partition) => places.push(`${topic} ${partition}`));
      return places.sort();
    });
    // What is pending shows in what its commit would come to.
    const trial = new UndoLog();
    for (const producerId of [7, 8]) store.endTransaction(producerId, true, trial);
    const afterCommit = contents(store.committed);
    trial.revert();
    return { committed: contents(store.committed), pending: pending.sort(), open, afterCommit };
  }

  test('is as before when what was replayed is taken back', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 80 }), fc.array(event, { maxLength: 80 }), (first, second) => {
        const store = new OffsetStore();
        apply(store, first, 0, null);
        const before = snapshot(store);
        const undo = new UndoLog();
        apply(store, second, 1000, undo);
        undo.revert();
        expect(snapshot(store)).toEqual(before);
      }),
      { numRuns: 150 },
    );
  });

  test('gives a pending offset back that was changed and then dropped with its transaction', () => {
    const store = new OffsetStore();
    const at = { owner: 'c', topic: 't', partition: 17 } as const;
    apply(store, [{ kind: 'commit', place: at, producerId: 8, offset: 0 }], 0, null);
    const before = snapshot(store);
    const undo = new UndoLog();
    apply(
      store,
      [
        { kind: 'commit', place: at, producerId: 8, offset: 4 },
        { kind: 'end', producerId: 8, isCommit: false },
      ],
      1,
      undo,
    );
    undo.revert();
    expect(snapshot(store)).toEqual(before);
  });

  test('is the same whether it was changed live or loaded', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 120 }), (events) => {
        const live = new OffsetStore();
        apply(live, events, 0, new UndoLog());
        const loaded = new OffsetStore();
        apply(loaded, events, 0, null);
        expect(snapshot(loaded)).toEqual(snapshot(live));
      }),
      { numRuns: 60 },
    );
  });
});
