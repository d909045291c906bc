/**
 * The metrics of a process: sources that write their families' present values when somebody asks, in slices of a few
 * milliseconds, so that a scrape of many thousand series holds the loop no longer than a request does.
 *
 * Invariants: no two families have one name; one scrape is rendered at a time, and whoever asks meanwhile gets the same text.
 */
import type { Clock, Timers } from '../base/env';
import { InvariantViolation } from '../base/invariant';
import { type MetricFamily, familyProblem, labelText } from './metric-family';
import { MetricsWriter } from './metrics-text';

/** A part of the process that has metrics. */
export interface MetricsSource {
  /** What `collect` may write. */
  readonly families: readonly MetricFamily[];
  /**
   * Writes the present values: for each family `begin` and then its samples. Whatever walks over much yields every hundred
   * samples or so; then another turn may come, and what it walks over may have changed.
   */
  collect(out: MetricsWriter): Iterable<void>;
  /** What has to be asked of others first, within a second or so; a failure is for the source to bear. */
  prepare?(): Promise<void>;
}

const SLICE_MS = 2;

const SCRAPES: MetricFamily = { name: 'moldau_metrics_scrapes_total', type: 'counter', help: 'Scrapes rendered before this one' };
const SCRAPE_SECONDS: MetricFamily = {
  name: 'moldau_metrics_scrape_loop_seconds',
  type: 'gauge',
  help: 'Time of the event loop that the last scrape took, in all',
};
const LONGEST_SLICE: MetricFamily = {
  name: 'moldau_metrics_scrape_longest_slice_seconds',
  type: 'gauge',
  help: 'Longest time for which the last scrape held the event loop at a stretch',
};
const LEFT_OUT: MetricFamily = {
  name: 'moldau_metrics_series_left_out',
  type: 'gauge',
  help: 'Series of a family that were left out of this scrape because it has more than metrics.max.series',
  labels: ['family'],
};

export class MetricsRegistry {
  private readonly sources: MetricsSource[] = [];
  private readonly names = new Set<string>();
  private underWay: Promise<readonly Uint8Array[]> | null = null;
  private scrapes = 0;
  private lastLoopMs = 0;
  private longestSliceMs = 0;

  constructor(
    private readonly env: { readonly clock: Clock; readonly timers: Timers },
    /** Of one family. */
    private readonly maxSeries: number,
  ) {
    for (const family of [SCRAPES, SCRAPE_SECONDS, LONGEST_SLICE, LEFT_OUT]) this.claim(family);
  }

  register(...sources: readonly MetricsSource[]): void {
    for (const source of sources) {
      for (const family of source.families) this.claim(family);
      this.sources.push(source);
    }
  }

  private claim(family: MetricFamily): void {
    const problem = this.names.has(family.name) ? `${family.name} is registered twice` : familyProblem(family);
    if (problem !== null) throw new InvariantViolation(problem);
    this.names.add(family.name);
  }

  /** All that may be served, for the documentation. */
  get families(): readonly MetricFamily[] {
    return [...this.sources.flatMap(({ families }) => families), SCRAPES, SCRAPE_SECONDS, LONGEST_SLICE, LEFT_OUT];
  }

  /** The text, in pieces. Rejects with what a source throws. */
  render(): Promise<readonly Uint8Array[]> {
    this.underWay ??= this.renderOnce().finally(() => {
      this.underWay = null;
    });
    return this.underWay;
  }

  private async renderOnce(): Promise<readonly Uint8Array[]> {
    const { clock, timers } = this.env;
    const writer = new MetricsWriter(this.maxSeries);
    const pieces: Uint8Array[] = [];
    await Promise.all(this.sources.flatMap((source) => source.prepare?.() ?? []));
    let loopMs = 0;
    let longestMs = 0;
    let beganMs = clock.monotonicMs();
    const endSlice = (): void => {
      pieces.push(...writer.take());
      const sliceMs = clock.monotonicMs() - beganMs;
      loopMs += sliceMs;
      longestMs = Math.max(longestMs, sliceMs);
    };
    for (const source of [...this.sources, this.ownSource()]) {
      for (const _ of source.collect(writer)) {
        if (clock.monotonicMs() - beganMs < SLICE_MS) continue;
        endSlice();
        await new Promise<void>((resolve) => timers.soon(resolve));
        beganMs = clock.monotonicMs();
      }
    }
    endSlice();
    this.scrapes++;
    this.lastLoopMs = loopMs;
    this.longestSliceMs = longestMs;
    return pieces;
  }

  private ownSource(): MetricsSource {
    const { scrapes, lastLoopMs, longestSliceMs } = this;
    return {
      families: [],
      *collect(out) {
        yield;
        for (const [family, value] of [
          [SCRAPES, scrapes],
          [SCRAPE_SECONDS, lastLoopMs / 1000],
          [LONGEST_SLICE, longestSliceMs / 1000],
        ] as const) {
          out.begin(family);
          out.add('', value);
        }
        const leftOut = [...out.leftOut];
        out.begin(LEFT_OUT);
        for (const [family, count] of leftOut) out.add(labelText({ family }), count);
      },
    };
  }
}

/** A source of single numbers; null: there is nothing to say now. */
export function numbers(entries: readonly (readonly [family: MetricFamily, read: () => number | null])[]): MetricsSource {
  return {
    families: entries.map(([family]) => family),
    *collect(out) {
      for (const [family, read] of entries) {
        const value = read();
        out.begin(family);
        if (value !== null) out.add('', value);
      }
      yield;
    },
  };
}

/** A source of one family whose series `read` gives: labels as `labelText` makes them, and the value. */
export function series(family: MetricFamily, read: () => Iterable<readonly [labels: string, value: number]>): MetricsSource {
  return {
    families: [family],
    *collect(out) {
      let written = 0;
      out.begin(family);
      for (const [labels, value] of read()) {
        out.add(labels, value);
        if (++written % 64 === 0) yield;
      }
      yield;
    },
  };
}
