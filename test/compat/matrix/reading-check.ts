/**
 * Judges what readers report of a topic whose records are known: nothing missing, nothing changed, each partition in order.
 *
 * A lone reader sees each record once. In a group a record may come again after a change of owners, but only at or past the
 * offset that was committed when the new owner took over: `floor` of its partition.
 */
import type { RecordLine } from './client-lines';
import type { Expectation } from './plan';

const MAX_PROBLEMS = 20;

interface PartitionState {
  /** Offsets that have been seen, and by whom the last was read. */
  readonly seen: Set<number>;
  reader: string;
  lastOffset: number;
  committed: number;
  /** What was committed when the current owner took over. */
  floor: number;
}

export class ReadingCheck {
  /** What is wrong so far. */
  readonly problems: string[] = [];
  duplicates = 0;
  private readonly partitions = new Map<number, PartitionState>();
  private readonly places = new Map<string, string>();

  constructor(private readonly expected: Expectation) {}

  record(reader: string, line: RecordLine): void {
    const place = `${line.p}:${line.o}`;
    this.checkContent(line, place);
    this.checkOrder(reader, line, this.partition(line.p));
    const earlier = this.places.get(line.id);
    if (earlier !== undefined && earlier !== place) this.fail(`${line.id} is at ${earlier} and again at ${place}`);
    this.places.set(line.id, place);
  }

  /** An acknowledged commit: everything below `offset` has been processed. */
  committed(partition: number, offset: number): void {
    const state = this.partition(partition);
    state.committed = Math.max(state.committed, offset);
  }

  /** A member owns these partitions from now on and starts at what is committed. */
  assigned(partitions: readonly number[]): void {
    for (const partition of partitions) {
      const state = this.partition(partition);
      state.floor = state.committed;
      state.lastOffset = -1;
    }
  }

  get recordsSeen(): number {
    return this.places.size;
  }

  get missing(): string[] {
    return [...this.expected.keys()].filter((id) => !this.places.has(id));
  }

  /** The offsets below `ends` (partition to end) that nobody has read. */
  unread(ends: ReadonlyMap<number, number>): { partition: number; offset: number }[] {
    return [...ends].flatMap(([partition, end]) => {
      const { seen } = this.partition(partition);
      const offsets = Array.from({ length: end }, (_, offset) => offset).filter((offset) => !seen.has(offset));
      return offsets.map((offset) => ({ partition, offset }));
    });
  }

  private checkContent(line: RecordLine, place: string): void {
    const expected = this.expected.get(line.id);
    if (expected === undefined) {
      this.fail(`${line.id} at ${place} was never written`);
      return;
    }
    const isSame = expected.key === line.k && expected.digest === line.d;
    if (!isSame) this.fail(`${line.id} at ${place} has another key or value`);
    const headers = JSON.stringify([...line.h].sort());
    if (headers !== JSON.stringify([...expected.headers].sort()))
      this.fail(`${line.id} at ${place} has headers ${headers}`);
  }

  private checkOrder(reader: string, line: RecordLine, state: PartitionState): void {
    if (state.reader === reader && line.o <= state.lastOffset) {
      this.fail(`${reader} read offset ${line.o} of partition ${line.p} after ${state.lastOffset}`);
    }
    if (state.seen.has(line.o)) {
      this.duplicates++;
      if (line.o < state.floor)
        this.fail(`offset ${line.o} of partition ${line.p} came again, ${state.floor} was committed`);
    }
    state.seen.add(line.o);
    state.reader = reader;
    state.lastOffset = line.o;
  }

  private partition(partition: number): PartitionState {
    let state = this.partitions.get(partition);
    if (state === undefined) {
      state = { seen: new Set(), reader: '', lastOffset: -1, committed: 0, floor: 0 };
      this.partitions.set(partition, state);
    }
    return state;
  }

  private fail(problem: string): void {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push(problem);
  }
}

/** Each producer's records of a partition lie in the order in which it sent them: `places` are (id, partition, offset). */
export function outOfOrder(lines: Iterable<RecordLine>): string[] {
  const last = new Map<string, number>();
  const problems: string[] = [];
  for (const { id, p } of lines) {
    const dash = id.lastIndexOf('-');
    const sequence = Number(id.slice(dash + 1));
    const lane = `${id.slice(0, dash)} in partition ${p}`;
    const before = last.get(lane) ?? -1;
    if (sequence <= before && problems.length < MAX_PROBLEMS) problems.push(`${lane}: ${sequence} after ${before}`);
    last.set(lane, sequence);
  }
  return problems;
}
