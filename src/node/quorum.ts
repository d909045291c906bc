/**
 * The node's part in the metadata quorum: the log with its snapshots, the raft node over it, the loader that turns what is
 * committed into an image, and the generator of snapshots.
 */
import { METADATA_LOG_DIRECTORY, type LogManager } from '../../log/log-manager';
import { resolveTopicConfig } from '../../log/log-config';
import type { Env } from '../../log/env';
import { METADATA_TOPIC_ID } from '../../wire/base/uuid';
import { MetadataLoader } from '../../controller/metadata/loader';
import { SnapshotGenerator } from '../../controller/metadata/snapshot-generator';
import type { NodeIdentity } from '../../controller/raft/format';
import { PeerChannel } from '../../controller/raft/peer-channel';
import { PartitionRaftLog } from '../../controller/raft/partition-raft-log';
import { FileElectionStore } from '../../controller/raft/quorum-state';
import type { RaftConfig } from '../../controller/raft/raft-config';
import { RaftNode } from '../../controller/raft/raft-node';
import { UNKNOWN_DIRECTORY } from '../../controller/raft/replica-key';
import { SnapshotStore } from '../../controller/raft/snapshots';
import { VoterSet, type VoterEndpoint } from '../../controller/raft/voter-set';
import type { BrokerConfig } from '../config/broker-config';

export interface Quorum {
  readonly raft: RaftNode;
  readonly loader: MetadataLoader;
  /** Hands leadership of the quorum over, if this node has it, for at most `graceMs`; before `stop`. */
  leave(graceMs: number): Promise<void>;
  stop(): void;
}

export interface QuorumParts {
  readonly env: Env;
  readonly config: BrokerConfig;
  readonly identity: NodeIdentity;
  readonly logs: LogManager;
  readonly controllerEndpoints: readonly VoterEndpoint[];
  readonly fatal: (why: string, error: unknown) => void;
}

/** Opens the metadata log and puts the quorum's parts over it; `raft.start()` sets it going. */
export function openQuorum(parts: QuorumParts): Quorum {
  const { env, config, logs, fatal } = parts;
  const { clock, timers, crc32c } = env;
  const directory = `${config.metadataLogDir}/${METADATA_LOG_DIRECTORY}`;
  const partitionLog = logs.openMetadataLog(config.metadataLogDir, METADATA_TOPIC_ID, metadataLogConfig(config));
  const snapshots = new SnapshotStore(env.disk, directory, env.random('raft.snapshots'));
  const raft = new RaftNode({
    config: raftConfig(parts),
    log: new PartitionRaftLog(partitionLog, snapshots),
    snapshots,
    electionStore: new FileElectionStore(env.disk, directory),
    channel: new PeerChannel(env, {
      nodeId: config.nodeId,
      clusterId: parts.identity.clusterId,
      listenerName: controllerListenerName(config),
      requestTimeoutMs: config.get('controller.quorum.request.timeout.ms'),
    }),
    staticVoters: staticVoters(config),
    retention: { maxBytes: config.get('metadata.max.retention.bytes'), maxAgeMs: config.get('metadata.max.retention.ms') },
    clock,
    timers,
    random: env.random('raft'),
    crc32c,
    logger: env.logger.child('raft'),
    fatal,
  });
  const loader = new MetadataLoader({ clock, timers, highWatermark: () => raft.highWatermark, fatal });
  const generator = new SnapshotGenerator({
    maxBytesBetweenSnapshots: config.get('metadata.log.max.record.bytes.between.snapshots'),
    maxIntervalMs: config.get('metadata.log.max.snapshot.interval.ms'),
    clock,
    timers,
    logger: env.logger.child('snapshots'),
    createSnapshot: (id, timestampMs) => raft.createSnapshot(id, timestampMs),
  });
  loader.installPublisher(generator);
  const stop = (): void => {
    raft.stop();
    loader.stop();
    generator.stop();
    partitionLog.close();
  };
  const leave = (graceMs: number): Promise<void> => new Promise((resolve) => raft.leave(graceMs, resolve));
  return { raft, loader, leave, stop };
}

function raftConfig({ config, identity, controllerEndpoints }: QuorumParts): RaftConfig {
  const self = { id: config.nodeId, directoryId: identity.metadataDirectoryId };
  return {
    self,
    ownEntry: { ...self, endpoints: controllerEndpoints, minKraftVersion: 0, maxKraftVersion: 1 },
    canVote: config.isController,
    listenerName: controllerListenerName(config),
    bootstrapServers: config.quorumBootstrapServers,
    electionTimeoutMs: config.get('controller.quorum.election.timeout.ms'),
    electionBackoffMaxMs: config.get('controller.quorum.election.backoff.max.ms'),
    fetchTimeoutMs: config.get('controller.quorum.fetch.timeout.ms'),
    requestTimeoutMs: config.get('controller.quorum.request.timeout.ms'),
    autoJoin: config.get('controller.quorum.auto.join.enable'),
    retryBackoffMs: config.get('controller.quorum.retry.backoff.ms'),
    fetchMaxBytes: config.get('controller.quorum.fetch.max.bytes'),
    fetchSnapshotMaxBytes: config.get('controller.quorum.fetch.snapshot.max.bytes'),
    appendLingerMs: config.get('controller.quorum.append.linger.ms'),
  };
}

/** The listener by which quorum nodes reach each other. */
function controllerListenerName(config: BrokerConfig): string {
  return (config.controllerListenerNames[0] ?? '').toUpperCase();
}

/** controller.quorum.voters: the voters of a cluster with kraft.version 0, whose disks nobody knows. */
function staticVoters(config: BrokerConfig): VoterSet | null {
  if (config.quorumVoters.length === 0) return null;
  const name = controllerListenerName(config);
  return new VoterSet(
    config.quorumVoters.map(({ id, host, port }) => ({
      id,
      directoryId: UNKNOWN_DIRECTORY,
      endpoints: [{ name, host, port }],
      minKraftVersion: 0,
      maxKraftVersion: 0,
    })),
  );
}

/** The metadata log's own settings; it is never cleaned by retention, snapshots shorten it. */
function metadataLogConfig(config: BrokerConfig): ReturnType<typeof resolveTopicConfig> {
  const overrides = new Map([
    ['segment.bytes', String(config.get('metadata.log.segment.bytes'))],
    ['segment.ms', String(config.get('metadata.log.segment.ms'))],
    ['max.message.bytes', String(8 * 1024 * 1024)],
    ['retention.ms', '-1'],
    ['retention.bytes', '-1'],
  ]);
  return resolveTopicConfig(config, overrides);
}
