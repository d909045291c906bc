/** What happened to the logs of a broker, for metrics, and for the simulator to see that its faults were met. */
export interface LogCounters {
  rolls: number;
  recoveredSegments: number;
  tornTails: number;
  rebuiltIndexes: number;
  damagedSnapshots: number;
  duplicates: number;
  removedSegments: number;
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
  };
}
