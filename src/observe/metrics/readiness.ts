/**
 * Whether a node can take traffic, with what is in the way as sentences for people. A load balancer reads the status, a person
 * the reasons.
 */
import type { LogManager } from '../../../log/log-manager';
import type { MetadataLoader } from '../../../controller/metadata/loader';
import type { RaftNode } from '../../../controller/raft/raft-node';
import type { BrokerLifecycle } from '../../lifecycle';

export interface BrokerReadiness {
  readonly lifecycle: BrokerLifecycle | null;
  /** False when the controller may have given its leaderships to others. */
  readonly isConfirmed: boolean;
  /** Replicas wait for their logs. */
  readonly isOpening: boolean;
  /** The metadata has it as registered and not fenced. */
  readonly isUnfenced: boolean;
}

export interface ReadinessParts {
  readonly isStopping: boolean;
  readonly logs: LogManager;
  readonly loader: MetadataLoader;
  readonly raft: RaftNode;
  /** Null on a node that is only a controller. */
  readonly broker: BrokerReadiness | null;
}

/** Empty when nothing is in the way. */
export function whyNotReady(parts: ReadinessParts): readonly string[] {
  if (parts.isStopping) return ['This node is stopping.'];
  return [...metadataReasons(parts), ...(parts.broker === null ? [] : brokerReasons(parts.broker)), ...directoryReasons(parts.logs)];
}

function metadataReasons({ loader, raft, broker }: ReadinessParts): readonly string[] {
  if (!loader.isCaughtUp) return ['The metadata of the cluster is not known yet: too few controllers answer, or it is still being read.'];
  // A broker serves on for as long as it is confirmed: an election of the quorum must not take all of them out of a rotation.
  return broker === null && raft.leader.leaderId < 0 ? ['No controller is active, as far as this node knows: nobody can be elected, and no topic made.'] : [];
}

function brokerReasons({ lifecycle, isConfirmed, isOpening, isUnfenced }: BrokerReadiness): readonly string[] {
  if (lifecycle === null) return ['The logs are being read; after a crash that takes as long as it takes to read their ends.'];
  if (lifecycle.standing === 'stopping' || lifecycle.standing === 'ended') return ['This broker is leaving the cluster.'];
  if (lifecycle.brokerEpoch < 0) return ['The controller has not registered this broker yet.'];
  if (lifecycle.standing === 'starting' || !isUnfenced) return ['The controller has fenced this broker: it has just started, or its heartbeats did not arrive.'];
  if (!isConfirmed) return [`The controller has not answered a heartbeat for ${seconds(lifecycle.unansweredMs)}: others may lead in this broker's place.`];
  return isOpening ? ['The logs of new replicas are being opened.'] : [];
}

function directoryReasons({ directoryList }: LogManager): readonly string[] {
  return directoryList.flatMap(({ path, state }) => {
    if (state.isOffline) return [`The log directory ${path} has failed (${state.failure?.message ?? 'no reason is known'}): check the disk, then restart this node.`];
    return state.condition === 'full' ? [`The log directory ${path} is full: records are refused until there is space. Delete topics, lower retention or add space.`] : [];
  });
}

function seconds(ms: number): string {
  return Number.isFinite(ms) ? `${(ms / 1000).toFixed(1)} s` : 'its whole life';
}
