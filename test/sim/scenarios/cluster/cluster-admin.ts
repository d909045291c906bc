/** Who administers a simulated cluster: topics, configs, the group's coordinator, the voters of the quorum. */

import { ErrorCode, isRetriable } from '../../../../wire/base/error-codes';
import { describe, NO_ANSWER } from '../broker/sim-client';
import { CONTROLLER_PORT, hostOf } from './cluster-config';
import type { ClusterGhost } from './cluster-ghost';
import type { RoutedClient } from './routed-client';

const TOPIC_RESOURCE = 2;
const SET = 0;
const RETRY_MS = 50;
/** Tries of a change of voters: the quorum may be busy, or the new voter far behind. */
const MAX_VOTER_TRIES = 5;
export const GROUP = 'shop';

export interface AdminParts {
  readonly client: RoutedClient;
  readonly ghost: ClusterGhost;
  count(counter: string): void;
}

/** Three replicas, small segments. Resolves when it exists. */
export async function createTopic({ client, ghost, count }: AdminParts, name: string, numPartitions: number, segmentBytes: number): Promise<void> {
  const configs = [{ name: 'internal.segment.bytes', value: String(segmentBytes) }];
  const request = { topics: [{ name, numPartitions, replicationFactor: 3, assignments: [], configs }], timeoutMs: 1_500 };
  for (;;) {
    const response = await client.ask(client.nextNode(), 'CreateTopics', 7, request);
    const code = response === NO_ANSWER ? ErrorCode.NETWORK_EXCEPTION : (response.topics[0]?.errorCode ?? ErrorCode.NONE);
    // It exists already when an attempt without answer had its effect.
    if (code === ErrorCode.NONE || code === ErrorCode.TOPIC_ALREADY_EXISTS) return count('topic created');
    // Not enough brokers are registered yet.
    if (code !== ErrorCode.INVALID_REPLICATION_FACTOR && !isRetriable(code)) ghost.violate(`CreateTopics ${name} gave ${describe(code)}`);
    await client.pause(RETRY_MS);
  }
}

/** One attempt. */
export async function alterConfig({ client, ghost, count }: AdminParts, topic: string, key: string, value: string): Promise<void> {
  const configs = [{ name: key, configOperation: SET, value }];
  const request = { resources: [{ resourceType: TOPIC_RESOURCE, resourceName: topic, configs }], validateOnly: false };
  const response = await client.ask(client.nextNode(), 'IncrementalAlterConfigs', 1, request);
  const code = response === NO_ANSWER ? ErrorCode.NETWORK_EXCEPTION : (response.responses[0]?.errorCode ?? ErrorCode.NONE);
  if (code === ErrorCode.NONE) return count('config altered');
  if (!isRetriable(code)) ghost.violate(`IncrementalAlterConfigs of ${topic} gave ${describe(code)}`);
}

/** The coordinator of the group; null when there is none now. */
export async function findCoordinator({ client, ghost }: AdminParts): Promise<number | null> {
  const response = await client.ask(client.nextNode(), 'FindCoordinator', 4, { keyType: 0, coordinatorKeys: [GROUP] });
  const answer = response === NO_ANSWER ? undefined : response.coordinators[0];
  if (answer === undefined) return null;
  if (answer.errorCode === ErrorCode.NONE) return answer.nodeId;
  if (!isRetriable(answer.errorCode)) ghost.violate(`FindCoordinator gave ${describe(answer.errorCode)}`);
  return null;
}

/** A voter's disk was replaced: its former self leaves the quorum, its new one joins it. Gives up after many tries. */
export async function replaceVoter(parts: AdminParts, clusterId: string, nodeId: number, formerId: string, directoryId: string): Promise<void> {
  const { client, count } = parts;
  const listeners = [{ name: 'CONTROLLER', host: hostOf(nodeId), port: CONTROLLER_PORT }];
  const remove = { clusterId, voterId: nodeId, voterDirectoryId: formerId };
  const isRemoved = await untilDone(client, async (node) => {
    const response = await client.ask(node, 'RemoveRaftVoter', 0, remove);
    return response !== NO_ANSWER && [ErrorCode.NONE as number, ErrorCode.VOTER_NOT_FOUND].includes(response.errorCode);
  });
  const add = { clusterId, timeoutMs: 5_000, voterId: nodeId, voterDirectoryId: directoryId, listeners };
  const isAdded = await untilDone(client, async (node) => {
    const response = await client.ask(node, 'AddRaftVoter', 0, add);
    return response !== NO_ANSWER && [ErrorCode.NONE as number, ErrorCode.DUPLICATE_VOTER].includes(response.errorCode);
  });
  count(isRemoved && isAdded ? 'voter replaced' : 'voter not replaced');
}

async function untilDone(client: RoutedClient, attempt: (node: number) => Promise<boolean>): Promise<boolean> {
  for (let tries = 0; tries < MAX_VOTER_TRIES; tries++) {
    if (await attempt(client.nextNode())) return true;
    await client.pause(RETRY_MS * 4);
  }
  return false;
}
