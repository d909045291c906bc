/** What tests of the quorum share: Kafka's defaults, and a channel for nodes that have nobody to ask. */
import type { RaftChannel } from '../../../controller/raft/raft-channel';

export const RAFT_TIMES = {
  canVote: true,
  listenerName: 'CONTROLLER',
  bootstrapServers: [],
  electionTimeoutMs: 1000,
  electionBackoffMaxMs: 1000,
  fetchTimeoutMs: 2000,
  retryBackoffMs: 20,
  requestTimeoutMs: 2000,
  autoJoin: false,
  fetchMaxBytes: 1024 * 1024,
  fetchSnapshotMaxBytes: 1024 * 1024,
  appendLingerMs: 25,
} as const;

export const NO_PEERS: RaftChannel = {
  send: (to) => {
    throw new Error(`there is nobody at ${to.host}:${to.port}`);
  },
  close: () => undefined,
};
