/** One node of a quorum, put together as a broker does it: real log, real links and sockets, the real handlers. */
import { resolveTopicConfig } from '../../../../log/log-config';
import { DirectoryLocks } from '../../../../log/directory-locks';
import type { Env } from '../../../../log/env';
import { LogManager } from '../../../../log/log-manager';
import { logServerKeys } from '../../../../log/log-server-config';
import type { PartitionLog } from '../../../../log/partition-log';
import { apiByKey, apis, type ApiName } from '../../../../wire/api-keys';
import { METADATA_TOPIC_ID } from '../../../../wire/base/uuid';
import { ApiVersionsRequest, ApiVersionsResponse } from '../../../../wire/schema/metadata';
import { formatNode, loadOrFormat, type InitialVoters } from '../../../../controller/raft/format';
import { readMetaProperties } from '../../../../controller/raft/meta-properties';
import { PartitionRaftLog } from '../../../../controller/raft/partition-raft-log';
import { PeerChannel } from '../../../../controller/raft/peer-channel';
import { FileElectionStore } from '../../../../controller/raft/quorum-state';
import type { HostAndPort } from '../../../../controller/raft/raft-config';
import { RaftNode } from '../../../../controller/raft/raft-node';
import { SnapshotStore } from '../../../../controller/raft/snapshots';
import type { VoterSet } from '../../../../controller/raft/voter-set';
import * as quorum from '../../../../src/handlers/controller/quorum';
import type { QuorumServices } from '../../../../src/handlers/controller/quorum';
import { handler, type ApiHandler } from '../../../../src/handlers/handler';
import { SocketServer } from '../../../../src/network/listener';
import type { RequestHandler } from '../../../../src/network/request-handler';
import { managerSettings } from '../log-inspection';

export const LOG_DIRECTORY = '/data';
export const PARTITION_DIRECTORY = `${LOG_DIRECTORY}/__cluster_metadata-0`;
export const PORT = 9093;
export const CLUSTER_ID = 'c2ltdWxhdGVkLWNsdXN0ZQ';
const LISTENER = 'CONTROLLER';
/** Small segments, and only one snapshot is kept, so that a schedule meets logs that begin above 0. */
const RETENTION_BYTES = 0;
const LOG_OVERRIDES = new Map(Object.entries({ 'internal.segment.bytes': '1024', 'retention.ms': '-1', 'retention.bytes': '-1' }));

export interface NodeSpec {
  readonly nodeId: number;
  readonly host: string;
  /** Who is written into the 0-0 checkpoint. */
  readonly voters: InitialVoters;
  /** False for a broker, which only watches. */
  readonly canVote: boolean;
  /** Asks to become a voter by itself. */
  readonly autoJoin: boolean;
  readonly staticVoters: VoterSet | null;
  readonly bootstrapServers: readonly HostAndPort[];
}

export interface QuorumNode {
  readonly raft: RaftNode;
  readonly directoryId: string;
  readonly raftLog: PartitionRaftLog;
  readonly snapshots: SnapshotStore;
  readonly log: PartitionLog;
  stop(): void;
}

/** Formats the node where it was not, and opens it. `wrap` sees what peers are answered; `fatal` ends the process. */
export function openNode(env: Env, spec: NodeSpec, wrap: (raft: RaftNode) => Pick<RaftNode, 'handle'>, fatal: (why: string, error: unknown) => void): QuorumNode {
  const locks = DirectoryLocks.take(env.disk, [LOG_DIRECTORY]);
  const { endpoints, directoryId } = identityOf(env, spec);
  const config = resolveTopicConfig(logServerKeys.resolve(new Map()).config, LOG_OVERRIDES);
  const logs = LogManager.open(env, managerSettings(config), locks);
  const log = logs.openMetadataLog(LOG_DIRECTORY, METADATA_TOPIC_ID, config);
  const snapshots = new SnapshotStore(env.disk, PARTITION_DIRECTORY, env.random('snapshots'));
  const raftLog = new PartitionRaftLog(log, snapshots);
  const self = { id: spec.nodeId, directoryId };
  const raft = new RaftNode({
    config: {
      self,
      ownEntry: { ...self, endpoints, minKraftVersion: 0, maxKraftVersion: 1 },
      canVote: spec.canVote,
      listenerName: LISTENER,
      bootstrapServers: spec.bootstrapServers,
      electionTimeoutMs: 1000,
      electionBackoffMaxMs: 1000,
      fetchTimeoutMs: 2000,
      retryBackoffMs: 20,
      requestTimeoutMs: 2000,
      autoJoin: spec.autoJoin,
      fetchMaxBytes: 700,
      fetchSnapshotMaxBytes: 300,
      appendLingerMs: 25,
    },
    log: raftLog,
    snapshots,
    electionStore: new FileElectionStore(env.disk, PARTITION_DIRECTORY),
    channel: new PeerChannel(env, { nodeId: spec.nodeId, clusterId: CLUSTER_ID, listenerName: LISTENER, requestTimeoutMs: 2000 }),
    staticVoters: spec.staticVoters,
    retention: { maxBytes: RETENTION_BYTES, maxAgeMs: -1 },
    clock: env.clock,
    timers: env.timers,
    random: env.random('raft'),
    crc32c: env.crc32c,
    logger: env.logger,
    fatal,
  });
  // The handlers ask nothing of the node but what they are given here.
  const services = { clusterId: CLUSTER_ID, raft: Object.assign(Object.create(raft) as RaftNode, wrap(raft)) };
  const sockets = listen(env, services);
  const stop = (): void => {
    raft.stop();
    void sockets.stop(0);
  };
  return { raft, directoryId, raftLog, snapshots, log, stop };
}

function identityOf(env: Env, { nodeId, host, voters, canVote }: NodeSpec): { endpoints: { name: string; host: string; port: number }[]; directoryId: string } {
  const endpoints = !canVote ? [] : [{ name: LISTENER, host, port: PORT }];
  const request = { nodeId, logDirs: [LOG_DIRECTORY], metadataLogDir: LOG_DIRECTORY, clusterId: CLUSTER_ID, controllerEndpoints: endpoints };
  const ports = { disk: env.disk, random: env.random('format'), crc32c: env.crc32c, wallMs: env.clock.wallMs() };
  const isNew = readMetaProperties(env.disk, LOG_DIRECTORY) === null;
  const identity = isNew ? formatNode({ ...request, voters }, ports) : loadOrFormat({ ...request, otherQuorumHosts: [host] }, ports);
  return { endpoints, directoryId: identity.metadataDirectoryId };
}

function listen(env: Env, services: QuorumServices): SocketServer {
  const sockets = new SocketServer({
    env,
    handler: new QuorumRouter(services),
    maxRequestBytes: 1024 * 1024,
    maxUnfinishedBytes: 16 * 1024 * 1024,
    limits: { maxConnections: () => 1000, maxConnectionsOf: () => 1000 },
    maxIdleMs: () => -1,
    maxOverlap: 1,
    invariantBroken: (violation) => {
      throw violation;
    },
  });
  void sockets.listen(LISTENER, '', PORT);
  return sockets;
}

const HANDLERS: { readonly [N in ApiName]?: ApiHandler<QuorumServices> } = {
  Vote: quorum.vote,
  BeginQuorumEpoch: quorum.beginQuorumEpoch,
  EndQuorumEpoch: quorum.endQuorumEpoch,
  Fetch: quorum.fetchMetadata,
  FetchSnapshot: quorum.fetchSnapshot,
  DescribeQuorum: quorum.describeQuorum,
  AddRaftVoter: quorum.addRaftVoter,
  RemoveRaftVoter: quorum.removeRaftVoter,
  UpdateRaftVoter: quorum.updateRaftVoter,
  ApiVersions: handler<typeof ApiVersionsRequest, typeof ApiVersionsResponse, QuorumServices>({
    request: ApiVersionsRequest,
    response: ApiVersionsResponse,
    handle: (_, __, respond) => respond({ errorCode: 0, apiKeys: served(), supportedFeatures: [{ name: 'kraft.version', minVersion: 0, maxVersion: 1 }] }),
  }),
};

function served(): { apiKey: number; minVersion: number; maxVersion: number }[] {
  return Object.entries(HANDLERS).map(([name, { minVersion, maxVersion }]) => ({ apiKey: apis[name as ApiName].key, minVersion, maxVersion }));
}

class QuorumRouter implements RequestHandler {
  constructor(private readonly services: QuorumServices) {}

  served(apiKey: number): ApiHandler<QuorumServices> | undefined {
    const api = apiByKey(apiKey);
    return api === undefined ? undefined : HANDLERS[api.name as ApiName];
  }

  handle(request: Parameters<RequestHandler['handle']>[0], body: Uint8Array, respond: Parameters<RequestHandler['handle']>[2]): ReturnType<RequestHandler['handle']> {
    const { connection, apiVersion, clientId, api } = request;
    const call = { services: this.services, apiVersion, clientId: clientId ?? '', connection };
    return this.served(api.key)?.handle(call, body, respond);
  }
}
