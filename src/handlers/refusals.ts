/** A whole request refused with one error: per topic, per resource or at the top, wherever the API has a place for it. */
import type { RequestOf, ResponseInputOf } from '../../wire/api-keys';
import { errorMessage } from '../../wire/base/error-codes';
import { ZERO_UUID } from '../../wire/base/uuid';
import type { Input, Message } from '../../wire/schema';
import type { ForwardableApi } from './forwardable';

type Refusal<N extends ForwardableApi> = (request: RequestOf<N>, errorCode: number, message: string) => ResponseInputOf<N>;

const REFUSALS: { readonly [N in ForwardableApi]: Refusal<N> } = {
  CreateTopics: ({ topics }, errorCode, message) => ({
    topics: topics.map(({ name }) => ({ name, topicId: ZERO_UUID, errorCode, errorMessage: message })),
  }),
  DeleteTopics: ({ topics, topicNames }, errorCode, message) => ({
    responses: [...topicNames.map((name) => ({ name, topicId: ZERO_UUID })), ...topics].map(({ name, topicId }) => ({
      name,
      topicId,
      errorCode,
      errorMessage: message,
    })),
  }),
  CreatePartitions: ({ topics }, errorCode, message) => ({
    results: topics.map(({ name }) => ({ name, errorCode, errorMessage: message })),
  }),
  AlterConfigs: ({ resources }, errorCode, message) => ({ responses: refusedResources(resources, errorCode, message) }),
  IncrementalAlterConfigs: ({ resources }, errorCode, message) => ({
    responses: refusedResources(resources, errorCode, message),
  }),
  ElectLeaders: ({ topicPartitions }, errorCode, message) => ({
    errorCode,
    replicaElectionResults: (topicPartitions ?? []).map(({ topic, partitions }) => ({
      topic,
      partitionResult: partitions.map((partitionId) => ({ partitionId, errorCode, errorMessage: message })),
    })),
  }),
  AlterPartitionReassignments: ({ topics }, errorCode, message) => ({
    errorCode,
    errorMessage: message,
    responses: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode, errorMessage: message })),
    })),
  }),
  ListPartitionReassignments: (_, errorCode, message) => ({ errorCode, errorMessage: message, topics: [] }),
  UpdateFeatures: (_, errorCode, message) => ({ errorCode, errorMessage: message, results: [] }),
  UnregisterBroker: (_, errorCode, message) => ({ errorCode, errorMessage: message }),
  DescribeQuorum: (_, errorCode, message) => ({ errorCode, errorMessage: message, topics: [], nodes: [] }),
  AddRaftVoter: (_, errorCode, message) => ({ errorCode, errorMessage: message }),
  RemoveRaftVoter: (_, errorCode, message) => ({ errorCode, errorMessage: message }),
};

/** The answer in its API's words, for a request that was decoded as that API's. */
export function refusal(name: ForwardableApi, request: unknown, errorCode: number): Input<Message> {
  // The table's row ties name, request and answer together; the compiler does not follow it through an index.
  const make = REFUSALS[name] as unknown as (request: unknown, errorCode: number, message: string) => Input<Message>;
  return make(request, errorCode, errorMessage(errorCode));
}

function refusedResources(
  resources: readonly { readonly resourceType: number; readonly resourceName: string }[],
  errorCode: number,
  message: string,
): { errorCode: number; errorMessage: string; resourceType: number; resourceName: string }[] {
  return resources.map(({ resourceType, resourceName }) => ({
    errorCode,
    errorMessage: message,
    resourceType,
    resourceName,
  }));
}
