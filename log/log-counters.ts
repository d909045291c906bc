/** What happened to the logs of a broker, for metrics, and for the simulator to see that its faults were met. */
import { Histogram } from '../wire/metrics/histogram';

export interface LogCounters {
  rolls: number;
  recoveredSegments: number;
  tornTails: number;
  rebuiltIndexes: number;
  damagedSnapshots: number;
  duplicates: number;
  removedSegments: number;
  /** How long rounds of fsyncs took. */
  readonly flushTimes: Histogram;
}

export function newLogCounters(): LogCounters {
  return {
    rolls: 0,
    recoveredSegments: 0,
    tornTails: 0,
    rebuiltIndexes: 0,
    damagedSnapshots: 0,
    duplicates: 0,
    removedSegments: 0,
    flushTimes: new Histogram(),
  };
}
