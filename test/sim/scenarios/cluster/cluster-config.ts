/** The three nodes of a simulated cluster: who they are, how they are configured and formatted. */

import { bootstrapRecords } from '../../../../controller/metadata/bootstrap';
import { ELR_FEATURE } from '../../../../controller/metadata/supported-features';
import type { ExplicitFormat } from '../../../../controller/raft/format';
import type { Voter } from '../../../../controller/raft/voter-set';
import type { BrokerConfig } from '../../../../src/config/broker-config';
import { buildBrokerConfig } from '../../../../src/config/build-config';
import { withNodeDefaults } from '../../../../src/config/layers';
import { RACK_AWARE_SELECTOR } from '../../../../src/replication/replica-selector';

export const NODE_IDS = [1, 2, 3] as const;
export const DATA_DIRECTORY = '/data';
export const METADATA_DIRECTORY = `${DATA_DIRECTORY}/__cluster_metadata-0`;
export const CLIENTS = 'clients';
export const BROKER_PORT = 9092;
export const CONTROLLER_PORT = 9093;
export const OFFSETS_TOPIC = '__consumer_offsets';
export const MIN_ISR = 2;
/** A replica that does not catch up for so long leaves the ISR. */
export const LAG_TIME_MS = 2_000;

export const hostOf = (nodeId: number): string => `node${nodeId}`;
export const rackOf = (nodeId: number): string => `rack${nodeId}`;
export const nodeHosts: readonly string[] = NODE_IDS.map(hostOf);
export const processOf = (nodeId: number): string => `broker-${nodeId}`;

/** What one play may draw differently from another. */
export interface ClusterMode {
  /** Nothing is acknowledged that is not flushed on every member of the ISR. */
  readonly flush: boolean;
  /** Failures are detected as they are by default; else as by Kafka, whose keys are set then. */
  readonly fastDetection: boolean;
  /** Each node is a rack of its own, and consumers read from followers in theirs. (KIP-392) */
  readonly hasRacks: boolean;
  readonly offsetsPartitions: number;
  /** Bytes of metadata between two snapshots. */
  readonly snapshotBytes: number;
}

/** Either of these turns our own detection off. */
const KAFKAS_DETECTION = [
  ['broker.heartbeat.interval.ms', '500'],
  ['broker.session.timeout.ms', '3000'],
] as const;

/** Short times, so that a schedule of half a minute meets elections, lagging replicas and snapshots. */
export function nodeConfig(nodeId: number, mode: ClusterMode): BrokerConfig {
  const host = hostOf(nodeId);
  const quorum = NODE_IDS.map((id) => `${hostOf(id)}:${CONTROLLER_PORT}`).join();
  const texts = new Map([
    ['node.id', String(nodeId)],
    ['process.roles', 'broker,controller'],
    ['listeners', `PLAINTEXT://${host}:${BROKER_PORT},CONTROLLER://${host}:${CONTROLLER_PORT}`],
    ['controller.listener.names', 'CONTROLLER'],
    ['controller.quorum.bootstrap.servers', quorum],
    ['log.dirs', DATA_DIRECTORY],
    ['default.replication.factor', '3'],
    ['min.insync.replicas', String(MIN_ISR)],
    ['auto.create.topics.enable', 'false'],
    ['offsets.topic.num.partitions', String(mode.offsetsPartitions)],
    ['offsets.topic.replication.factor', '3'],
    ['group.initial.rebalance.delay.ms', '0'],
    ['replica.lag.time.max.ms', String(LAG_TIME_MS)],
    ['replica.fetch.backoff.ms', '100'],
    ['replica.high.watermark.checkpoint.interval.ms', '1000'],
    ['metadata.max.idle.interval.ms', '1500'],
    ['leader.imbalance.check.interval.seconds', '5'],
    ['log.flush.before.ack', String(mode.flush)],
    ['metadata.log.max.record.bytes.between.snapshots', String(mode.snapshotBytes)],
    ['metadata.max.retention.bytes', String(mode.snapshotBytes * 4)],
  ]);
  if (!mode.fastDetection) for (const [key, value] of KAFKAS_DETECTION) texts.set(key, value);
  if (mode.hasRacks) {
    texts.set('broker.rack', rackOf(nodeId));
    texts.set('replica.selector.class', RACK_AWARE_SELECTOR);
  }
  const built = buildBrokerConfig(withNodeDefaults([{ origin: 'the simulation', texts }]));
  if (!built.ok) throw new Error(built.problems.join('\n'));
  return built.config;
}

/** The voters of the quorum with the directories that they are formatted with at the beginning. */
export function voterOf(nodeId: number, directoryId: string): Voter {
  return { id: nodeId, directoryId, endpoints: controllerEndpoints(nodeId), minKraftVersion: 0, maxKraftVersion: 1 };
}

/** `voters` 'none': the node joins a quorum that there is already. */
export function formatRequest(nodeId: number, clusterId: string, voters: readonly Voter[] | 'none'): ExplicitFormat {
  return {
    nodeId,
    logDirs: [DATA_DIRECTORY],
    metadataLogDir: DATA_DIRECTORY,
    clusterId,
    controllerEndpoints: controllerEndpoints(nodeId),
    voters,
    // Without eligible leaders the last replica standing may be one that lost what was acknowledged (KIP-966).
    bootstrap: bootstrapRecords(undefined, new Map([[ELR_FEATURE, 1]])),
  };
}

function controllerEndpoints(nodeId: number): Voter['endpoints'] {
  return [{ name: 'CONTROLLER', host: hostOf(nodeId), port: CONTROLLER_PORT }];
}
