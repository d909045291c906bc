/**
 * Which target offset belongs to which source offset, for one partition: runs in which both go in step, in columns.
 *
 * Invariants: runs are in order on both sides and do not overlap on either. From each source offset at or behind the first
 * run's start a reader can be led to a target offset behind which every copied record from there on has a copy: forgetting a
 * run makes it read again what the run held, and never skip. Pure.
 */

/** `length` offsets from `upstream` on lie at `downstream` and the offsets behind it. */
export interface OffsetRun {
  readonly upstream: number;
  readonly downstream: number;
  readonly length: number;
}

const FIRST_CAPACITY = 4;

export class OffsetRuns {
  private upstream = new Float64Array(FIRST_CAPACITY);
  private downstream = new Float64Array(FIRST_CAPACITY);
  private lengths = new Float64Array(FIRST_CAPACITY);
  private count = 0;

  /** When `maxRuns` are there, every second one of the older half is forgotten: the farther back, the coarser. */
  constructor(private readonly maxRuns: number) {}

  get size(): number {
    return this.count;
  }

  /** A later run counts where it contradicts earlier ones: copies that were made again, or a topic that began anew. */
  add({ upstream, downstream, length }: OffsetRun): void {
    while (this.count > 0 && !this.isBeforeLast(upstream, downstream)) {
      const last = this.count - 1;
      if (this.upstream[last] === upstream && this.downstream[last] === downstream) {
        this.lengths[last] = Math.max(this.lengths[last]!, length);
        return;
      }
      this.count--;
    }
    if (this.count > 0) {
      const last = this.count - 1;
      const [up, down] = [this.upstream[last]!, this.downstream[last]!];
      this.lengths[last] = Math.min(this.lengths[last]!, upstream - up, downstream - down);
      if (upstream - up === downstream - down && this.lengths[last] === upstream - up) {
        this.lengths[last] = upstream - up + length;
        return;
      }
    }
    this.push(upstream, downstream, length);
  }

  clear(): void {
    this.count = 0;
  }

  /** Where a reader goes on that has everything before `upstream`; null when that lies before all that is known. */
  toDownstream(upstream: number): number | null {
    const at = lastUpTo(this.upstream, this.count, upstream);
    return at < 0 ? null : this.downstream[at]! + Math.min(upstream - this.upstream[at]!, this.lengths[at]!);
  }

  /** The way back: where a reader of the copy that has everything before `downstream` goes on at the source. */
  toUpstream(downstream: number): number | null {
    const at = lastUpTo(this.downstream, this.count, downstream);
    return at < 0 ? null : this.upstream[at]! + Math.min(downstream - this.downstream[at]!, this.lengths[at]!);
  }

  private isBeforeLast(upstream: number, downstream: number): boolean {
    const last = this.count - 1;
    return this.upstream[last]! < upstream && this.downstream[last]! < downstream;
  }

  private push(upstream: number, downstream: number, length: number): void {
    if (this.count === this.maxRuns) this.thin();
    if (this.count === this.upstream.length) this.grow();
    this.upstream[this.count] = upstream;
    this.downstream[this.count] = downstream;
    this.lengths[this.count] = length;
    this.count++;
  }

  /** The first run stays: before it nothing can be translated. */
  private thin(): void {
    const half = Math.floor(this.count / 2);
    let kept = 0;
    for (let at = 0; at < this.count; at++) {
      if (at < half && at % 2 === 1) continue;
      this.upstream[kept] = this.upstream[at]!;
      this.downstream[kept] = this.downstream[at]!;
      this.lengths[kept] = this.lengths[at]!;
      kept++;
    }
    this.count = kept;
  }

  private grow(): void {
    const capacity = Math.min(this.maxRuns, this.upstream.length * 2);
    const larger = (column: Float64Array): Float64Array<ArrayBuffer> => {
      const grown = new Float64Array(capacity);
      grown.set(column);
      return grown;
    };
    this.upstream = larger(this.upstream);
    this.downstream = larger(this.downstream);
    this.lengths = larger(this.lengths);
  }
}

/** The index of the last of the first `count` ascending values that is not above `value`; -1 when there is none. */
function lastUpTo(values: Float64Array, count: number, value: number): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
