/**
 * Every partition's state in columns: typed arrays by row, and lists by id in pools. A million partitions are a dozen
 * arrays to the garbage collector, not millions of objects.
 *
 * Invariants: a topic's partitions lie in one range of rows, partition p at `first + p`; ranges have sizes of powers of
 * two and are handed out again after a topic is deleted. A row that is not present holds no lists.
 */
import { invariant } from '../../wire/base/invariant';
import { EMPTY_LIST, ListPool } from './list-pool';
import type { PartitionRegistration } from './partition-registration';

/** The largest range: 2^20 rows, above what one topic may have. */
const MAX_RANGE_LOG = 20;

type IntColumn =
  | 'topicIndex'
  | 'leader'
  | 'leaderEpoch'
  | 'partitionEpoch'
  | 'replicas'
  | 'directories'
  | 'isr'
  | 'removing'
  | 'adding'
  | 'elr'
  | 'lastKnownElr';

const COLUMNS: readonly IntColumn[] = [
  'topicIndex',
  'leader',
  'leaderEpoch',
  'partitionEpoch',
  'replicas',
  'directories',
  'isr',
  'removing',
  'adding',
  'elr',
  'lastKnownElr',
];

const BROKER_LISTS = ['replicas', 'isr', 'removing', 'adding', 'elr', 'lastKnownElr'] as const;

export class PartitionTable {
  /** Rows in use and rows between: every index below it may be asked for. */
  rowsEnd = 0;
  private columns: Record<IntColumn, Int32Array>;
  private present: Uint8Array;
  private recoveryState: Int8Array;
  private readonly freeRanges: number[][] = Array.from({ length: MAX_RANGE_LOG + 1 }, () => []);

  constructor(
    private readonly brokerLists = new ListPool<number>(),
    private readonly directoryLists = new ListPool<string>(),
    capacity = 64,
  ) {
    this.columns = Object.fromEntries(COLUMNS.map((name) => [name, new Int32Array(capacity)])) as Record<
      IntColumn,
      Int32Array
    >;
    this.present = new Uint8Array(capacity);
    this.recoveryState = new Int8Array(capacity);
  }

  /** A range of 2^`log` rows, all absent. */
  allocate(log: number): number {
    invariant(log <= MAX_RANGE_LOG, `a topic with more than 2^${MAX_RANGE_LOG} partitions`);
    const reused = this.freeRanges[log]?.pop();
    if (reused !== undefined) return reused;
    const first = this.rowsEnd;
    this.rowsEnd += 2 ** log;
    if (this.rowsEnd > this.present.length) this.grow(this.rowsEnd);
    return first;
  }

  /** Gives the range back; rows still present are removed. */
  free(first: number, log: number): void {
    for (let row = first; row < first + 2 ** log; row++) if (this.has(row)) this.remove(row);
    this.freeRanges[log]?.push(first);
  }

  /** Moves `rows` rows into another range, without touching the lists. */
  move(from: number, to: number, rows: number): void {
    for (const name of COLUMNS) this.columns[name].copyWithin(to, from, from + rows);
    this.recoveryState.copyWithin(to, from, from + rows);
    this.present.copyWithin(to, from, from + rows);
    this.present.fill(0, from, from + rows);
  }

  has(row: number): boolean {
    return this.present[row] === 1;
  }

  set(row: number, topicIndex: number, partition: PartitionRegistration): void {
    if (this.has(row)) this.remove(row);
    const { columns, brokerLists } = this;
    columns.topicIndex[row] = topicIndex;
    columns.leader[row] = partition.leader;
    columns.leaderEpoch[row] = partition.leaderEpoch;
    columns.partitionEpoch[row] = partition.partitionEpoch;
    columns.replicas[row] = brokerLists.acquire(partition.replicas);
    columns.isr[row] = brokerLists.acquire(partition.isr);
    columns.removing[row] = brokerLists.acquire(partition.removingReplicas);
    columns.adding[row] = brokerLists.acquire(partition.addingReplicas);
    columns.elr[row] = brokerLists.acquire(partition.elr);
    columns.lastKnownElr[row] = brokerLists.acquire(partition.lastKnownElr);
    columns.directories[row] = this.directoryLists.acquire(partition.directories);
    this.recoveryState[row] = partition.leaderRecoveryState;
    this.present[row] = 1;
  }

  /** The whole partition as an object; its lists are shared and frozen. */
  get(row: number): PartitionRegistration {
    invariant(this.has(row), `no partition in row ${row}`);
    return {
      replicas: this.replicas(row),
      directories: this.directories(row),
      isr: this.isr(row),
      removingReplicas: this.listAt('removing', row),
      addingReplicas: this.listAt('adding', row),
      elr: this.listAt('elr', row),
      lastKnownElr: this.listAt('lastKnownElr', row),
      leader: this.leader(row),
      leaderRecoveryState: this.recoveryState[row] as number,
      leaderEpoch: this.leaderEpoch(row),
      partitionEpoch: this.partitionEpoch(row),
    };
  }

  topicIndex(row: number): number {
    return this.columns.topicIndex[row] as number;
  }
  leader(row: number): number {
    return this.columns.leader[row] as number;
  }
  leaderEpoch(row: number): number {
    return this.columns.leaderEpoch[row] as number;
  }
  partitionEpoch(row: number): number {
    return this.columns.partitionEpoch[row] as number;
  }
  replicas(row: number): readonly number[] {
    return this.listAt('replicas', row);
  }
  isr(row: number): readonly number[] {
    return this.listAt('isr', row);
  }
  elr(row: number): readonly number[] {
    return this.listAt('elr', row);
  }
  lastKnownElr(row: number): readonly number[] {
    return this.listAt('lastKnownElr', row);
  }
  directories(row: number): readonly string[] {
    return this.directoryLists.get(this.columns.directories[row] as number);
  }

  /** Rows led by `brokerId` (NO_LEADER finds those without a leader). One pass over one column. */
  rowsLedBy(brokerId: number): number[] {
    const { leader } = this.columns;
    const rows: number[] = [];
    for (let row = 0; row < this.rowsEnd; row++)
      if (leader[row] === brokerId && this.present[row] === 1) rows.push(row);
    return rows;
  }

  leadsAny(brokerId: number): boolean {
    const { leader } = this.columns;
    for (let row = 0; row < this.rowsEnd; row++) if (leader[row] === brokerId && this.present[row] === 1) return true;
    return false;
  }

  /** Rows whose list of that name holds `brokerId`. */
  rowsWith(list: (typeof BROKER_LISTS)[number], brokerId: number): number[] {
    return this.rowsFlagged(this.columns[list], this.brokerLists.flagsOfListsWith(brokerId));
  }

  rowsInDirectory(directoryId: string): number[] {
    return this.rowsFlagged(this.columns.directories, this.directoryLists.flagsOfListsWith(directoryId));
  }

  /** A table that later changes do not reach; lists are shared. */
  copy(): PartitionTable {
    const copy = new PartitionTable(this.brokerLists.copy(), this.directoryLists.copy(), 0);
    copy.rowsEnd = this.rowsEnd;
    copy.columns = Object.fromEntries(COLUMNS.map((name) => [name, this.columns[name].slice()])) as Record<
      IntColumn,
      Int32Array
    >;
    copy.present = this.present.slice();
    copy.recoveryState = this.recoveryState.slice();
    this.freeRanges.forEach((ranges, log) => copy.freeRanges[log]?.push(...ranges));
    return copy;
  }

  private remove(row: number): void {
    for (const name of BROKER_LISTS) {
      this.brokerLists.release(this.columns[name][row] as number);
      this.columns[name][row] = EMPTY_LIST;
    }
    this.directoryLists.release(this.columns.directories[row] as number);
    this.columns.directories[row] = EMPTY_LIST;
    this.present[row] = 0;
  }

  private listAt(name: (typeof BROKER_LISTS)[number], row: number): readonly number[] {
    return this.brokerLists.get(this.columns[name][row] as number);
  }

  private rowsFlagged(column: Int32Array, flags: Uint8Array): number[] {
    const rows: number[] = [];
    for (let row = 0; row < this.rowsEnd; row++) {
      if (flags[column[row] as number] === 1 && this.present[row] === 1) rows.push(row);
    }
    return rows;
  }

  private grow(rows: number): void {
    const capacity = Math.max(rows, this.present.length * 2);
    for (const name of COLUMNS) {
      const column = new Int32Array(capacity);
      column.set(this.columns[name]);
      this.columns[name] = column;
    }
    const present = new Uint8Array(capacity);
    present.set(this.present);
    this.present = present;
    const recoveryState = new Int8Array(capacity);
    recoveryState.set(this.recoveryState);
    this.recoveryState = recoveryState;
  }
}
