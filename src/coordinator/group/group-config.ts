/** The broker's keys that the group coordinator reads, Kafka's names in camel case. Pure. */

export interface GroupConfig {
  readonly groupMinSessionTimeoutMs: number;
  readonly groupMaxSessionTimeoutMs: number;
  readonly groupMaxSize: number;
  readonly groupInitialRebalanceDelayMs: number;
  readonly groupCoordinatorAppendLingerMs: number;
  /** Counted in UTF-16 units, as Kafka does. */
  readonly offsetMetadataMaxBytes: number;
  readonly offsetsRetentionMinutes: number;
  readonly offsetsRetentionCheckIntervalMs: number;
  readonly offsetsCommitTimeoutMs: number;
  readonly offsetsLoadBufferSize: number;
  /** The id of a compression codec. */
  readonly offsetsTopicCompressionCodec: number;
}

/** Kafka 4.3's defaults. */
export const DEFAULT_GROUP_CONFIG: GroupConfig = {
  groupMinSessionTimeoutMs: 6_000,
  groupMaxSessionTimeoutMs: 1_800_000,
  groupMaxSize: 2_147_483_647,
  groupInitialRebalanceDelayMs: 3_000,
  groupCoordinatorAppendLingerMs: -1,
  offsetMetadataMaxBytes: 4_096,
  offsetsRetentionMinutes: 10_080,
  offsetsRetentionCheckIntervalMs: 600_000,
  offsetsCommitTimeoutMs: 5_000,
  offsetsLoadBufferSize: 5_242_880,
  offsetsTopicCompressionCodec: 0,
};
