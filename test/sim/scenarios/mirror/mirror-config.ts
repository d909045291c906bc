/** Two simulated clusters of one broker each, A and B, and the mirror between them, as their users would configure them. */

import { mirrorSettings } from '../../../../mirror/config/mirror-settings';
import type { MirrorSettings } from '../../../../mirror/flow/settings';
import type { MirrorOptions } from '../../../../mirror/mirror';
import type { BrokerConfig } from '../../../../src/config/broker-config';
import { buildBrokerConfig } from '../../../../src/config/build-config';
import { withNodeDefaults } from '../../../../src/config/layers';

export type ClusterName = 'a' | 'b';
export const CLUSTERS: readonly ClusterName[] = ['a', 'b'];
export const PORT = 9092;

/** What a schedule says once, at its beginning. */
export interface MirrorMode {
  /** offsets.preserve */
  readonly preserve: boolean;
  /** Brokers flush before they answer, so that they may lose power. */
  readonly flush: boolean;
  readonly processes: number;
}

/** Lives on through the whole play; the other may be deleted and made again. */
export const KEPT = 't';
export const REMADE = 'r';
export const PARTITIONS = 2;
export const GROUP = 'g';

export function brokerConfig(cluster: ClusterName, mode: MirrorMode): BrokerConfig {
  const texts = new Map([
    ['listeners', `PLAINTEXT://${cluster}:${PORT},CONTROLLER://${cluster}:9093`],
    ['log.dirs', '/data'],
    ['offsets.topic.num.partitions', '1'],
    ['group.initial.rebalance.delay.ms', '0'],
    ['auto.create.topics.enable', 'false'],
    ['metrics.listener', ''],
    ['log.flush.before.ack', String(mode.flush)],
  ]);
  const built = buildBrokerConfig(withNodeDefaults([{ origin: 'the simulation', texts }]));
  if (!built.ok) throw new Error(built.problems.join('\n'));
  return built.config;
}

/** A to B; in the ordinary mode B to A too, as whoever writes on both sides has it. */
export function settingsOf(mode: MirrorMode): MirrorSettings {
  const config = mirrorSettings(
    new Map([
      ['clusters', 'A, B'],
      ['A.bootstrap.servers', `a:${PORT}`],
      ['B.bootstrap.servers', `b:${PORT}`],
      ['A->B.enabled', 'true'],
      ['B->A.enabled', String(!mode.preserve)],
      ['offsets.preserve', String(mode.preserve)],
      ['replication.factor', '1'],
      ['offset-syncs.topic.replication.factor', '1'],
      ['checkpoints.topic.replication.factor', '1'],
      ['emit.heartbeats.enabled', 'false'],
      ['refresh.topics.interval.seconds', '1'],
      ['refresh.groups.interval.seconds', '1'],
      ['emit.checkpoints.interval.seconds', '1'],
      ['sync.group.offsets.enabled', 'true'],
      ['sync.group.offsets.interval.seconds', '1'],
    ]),
  );
  if (!config.ok) throw new Error(config.problems.join('\n'));
  return config.settings;
}

/** Answers of a few batches, so that a short play meets many, and patience to match. */
export const OPTIONS: MirrorOptions = {
  storeIntervalMs: 700,
  sharing: { heartbeatMs: 300, sessionTimeoutMs: 6_000 },
  copy: { partitionFetchMaxBytes: 1_500, fetchMaxBytes: 4_000, requestTimeoutMs: 3_000, stoppedRetryMs: 2_000 },
};
