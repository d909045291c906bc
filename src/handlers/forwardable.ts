/** The requests of clients that a broker hands on to the active controller, whole, in an Envelope. (KIP-590) */
import type { ApiName } from '../../wire/api-keys';

export const FORWARDABLE = [
  'CreateTopics',
  'DeleteTopics',
  'CreatePartitions',
  'AlterConfigs',
  'IncrementalAlterConfigs',
  'ElectLeaders',
  'AlterPartitionReassignments',
  'ListPartitionReassignments',
  'UpdateFeatures',
  'UnregisterBroker',
  'DescribeQuorum',
  'AddRaftVoter',
  'RemoveRaftVoter',
] as const satisfies readonly ApiName[];

export type ForwardableApi = (typeof FORWARDABLE)[number];

export function isForwardable(name: string): name is ForwardableApi {
  return (FORWARDABLE as readonly string[]).includes(name);
}
