/** One measurement of one broker, in the units of its line of the table. */
import type { Window } from './client/gauge';

export interface Sample {
  /** The line of the table: a row's name, or for memory the row and the moment. */
  readonly line: string;
  readonly target: string;
  readonly pair: number;
  readonly value: number;
  readonly unit: Unit;
  /** Seconds per GB of batches, or microseconds per request where the unit is requests. */
  readonly cpu: number | null;
  readonly stallMs: number | null;
  /** The share of one core that the load generator used: near 1 it may be what was measured. */
  readonly clientBusy: number | null;
  readonly note: string;
}

export type Unit = 'MB/s' | 'requests/s' | 'MB' | 'ms';

/** Of throughput more is better, of memory and time less. */
export function isMoreBetter(unit: Unit): boolean {
  return unit === 'MB/s' || unit === 'requests/s';
}

export interface SampleKey {
  readonly line: string;
  readonly target: string;
  readonly pair: number;
}

export function throughputSample(key: SampleKey, window: Window, isPerRequest: boolean, note: string): Sample {
  const gigabytes = window.batchBytes / 1e9;
  const cpu = window.brokerCpuSeconds;
  const { clientCpuSeconds } = window;
  return {
    ...key,
    value: (isPerRequest ? window.requests : window.batchBytes / 1e6) / window.seconds,
    unit: isPerRequest ? 'requests/s' : 'MB/s',
    cpu: cpu === null ? null : isPerRequest ? (cpu * 1e6) / window.requests : cpu / gigabytes,
    stallMs: window.longestStallMs,
    clientBusy: clientCpuSeconds === null ? null : clientCpuSeconds / window.seconds,
    note,
  };
}

export function plainSample(key: SampleKey, value: number, unit: Unit): Sample {
  return { ...key, value, unit, cpu: null, stallMs: null, clientBusy: null, note: '' };
}
