/** The bounds of the copying, by the names of the client keys that they come from where there is one. */

export interface CopySettings {
  /** fetch.max.bytes: one answer of a source broker. */
  readonly fetchMaxBytes: number;
  /** max.partition.fetch.bytes: one partition's part of it. A larger batch comes all the same, alone. */
  readonly partitionFetchMaxBytes: number;
  /** fetch.max.wait.ms: how long a source broker may wait for new records. */
  readonly fetchMaxWaitMs: number;
  /** fetch.min.bytes */
  readonly fetchMinBytes: number;
  /** buffer.memory: fetched and not yet acknowledged, of all partitions together; exceeded by one answer of each broker at most. */
  readonly maxBufferedBytes: number;
  /** The same for one partition: while it has more, it is not fetched. */
  readonly maxPartitionBufferedBytes: number;
  /** max.request.size: one Produce; a larger batch goes alone. */
  readonly maxRequestBytes: number;
  /** max.in.flight.requests.per.connection: at most 5, so that the target knows a batch that comes again. (KIP-98) */
  readonly maxInFlight: number;
  /** request.timeout.ms */
  readonly requestTimeoutMs: number;
  /** retry.backoff.ms and retry.backoff.max.ms */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** How long a partition that stopped waits before it is looked at again. */
  readonly stoppedRetryMs: number;
  /** How long a source topic must be missing in the metadata to be deleted: a broker that has just started may lack it. */
  readonly missingTopicMs: number;
}

export const DEFAULT_COPY_SETTINGS: CopySettings = {
  fetchMaxBytes: 1024 * 1024,
  partitionFetchMaxBytes: 1024 * 1024,
  fetchMaxWaitMs: 500,
  fetchMinBytes: 1,
  maxBufferedBytes: 32 * 1024 * 1024,
  maxPartitionBufferedBytes: 2 * 1024 * 1024,
  maxRequestBytes: 1024 * 1024,
  maxInFlight: 5,
  requestTimeoutMs: 30_000,
  backoffMs: 100,
  maxBackoffMs: 5_000,
  stoppedRetryMs: 30_000,
  missingTopicMs: 5_000,
};

/** Doubles with each failure, from the first on. */
export function backoffOf(failures: number, settings: Pick<CopySettings, 'backoffMs' | 'maxBackoffMs'>): number {
  return Math.min(settings.maxBackoffMs, settings.backoffMs * 2 ** Math.min(failures, 20));
}
