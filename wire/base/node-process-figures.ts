/** Part of the binding (`node-env.ts`): what this process knows of itself beside the usual: descriptors, the loop's delays. */
import { readFileSync, readdir, statSync } from 'node:fs';
import { type IntervalHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import * as v8 from 'node:v8';
import type { LoopDelay, ProcessFigures } from './monitoring';

const LOOP_RESOLUTION_MS = 20;
/** Readings closer to each other than this tell of the same stretch of time: several may watch. */
const MIN_STRETCH_MS = 10_000;
const NANOSECONDS = 1e9;
const DESCRIPTORS = '/proc/self/fd';

/** One for the process, whoever watches and however many brokers it runs. */
let watcher: ProcessWatcher | undefined;

export function processFigures(): ProcessFigures {
  watcher ??= new ProcessWatcher();
  return watcher.figures();
}

class ProcessWatcher {
  private readonly histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  private stretchBeganMs = performance.now();
  private longestEverSeconds = 0;
  /** As of the last time; null before the first. */
  private listedDescriptors: number | null = null;

  constructor() {
    this.histogram.enable();
  }

  figures(): ProcessFigures {
    return {
      heapLimitBytes: v8.getHeapStatistics().heap_size_limit,
      arrayBuffersBytes: process.memoryUsage().arrayBuffers,
      openDescriptors: this.openDescriptors(),
      maxDescriptors: maxDescriptors(),
      loopDelay: this.loopDelay(),
    };
  }

  /** Newer kernels tell it as the directory's size. Older ones have it listed, on another thread: thousands take milliseconds. */
  private openDescriptors(): number | null {
    try {
      const { size } = statSync(DESCRIPTORS);
      if (size > 0) return size;
    } catch {
      // Not Linux.
      return null;
    }
    readdir(DESCRIPTORS, (error, names) => {
      if (error === null) this.listedDescriptors = names.length - 1;
    });
    return this.listedDescriptors;
  }

  private loopDelay(): LoopDelay {
    const { histogram } = this;
    const longestSeconds = delaySeconds(histogram.max);
    this.longestEverSeconds = Math.max(this.longestEverSeconds, longestSeconds);
    const delay = {
      meanSeconds: delaySeconds(histogram.mean),
      p50Seconds: delaySeconds(histogram.percentile(50)),
      p99Seconds: delaySeconds(histogram.percentile(99)),
      longestSeconds,
      longestEverSeconds: this.longestEverSeconds,
    };
    const nowMs = performance.now();
    if (nowMs - this.stretchBeganMs >= MIN_STRETCH_MS) {
      histogram.reset();
      this.stretchBeganMs = nowMs;
    }
    return delay;
  }
}

/** What the histogram has is the time between two ticks of its timer; an empty one says NaN or nonsense. */
function delaySeconds(nanoseconds: number): number {
  const seconds = nanoseconds / NANOSECONDS - LOOP_RESOLUTION_MS / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : 0;
}

function maxDescriptors(): number | null {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return limit === undefined ? null : Number(limit);
  } catch {
    // Not Linux.
    return null;
  }
}
