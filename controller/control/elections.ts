/** Elections on demand (KIP-460), and those that the controller holds by itself. */
import { ErrorCode } from '../../wire/base/error-codes';
import type { ElectLeadersRequest, ElectLeadersResponse } from '../../wire/schema/reassignment';
import { NO_LEADER } from '../metadata/partition-registration';
import type { MetadataRecord } from '../metadata/records';
import type { Topic } from '../metadata/topic';
import { ApiException, NO_ERROR, apiError, type ApiError } from './api-error';
import { assertBounded, type ControlResult } from './control-result';
import type { Controls } from './controls';
import { changePartition, topicPolicy, TopicPolicies } from './partition-changes';

const ElectionType = { preferred: 0, unclean: 1 } as const;
/** What a periodic round elects at most; a full round is followed by another at once. */
export const MAX_ELECTIONS_PER_ROUND = 1000;

type PartitionAnswer = ElectLeadersResponse['replicaElectionResults'][number]['partitionResult'][number];

/** Throws ApiException INVALID_REQUEST for a type of election that there is not. */
export function electLeaders(controls: Controls, request: ElectLeadersRequest): ControlResult<ElectLeadersResponse> {
  const { electionType } = request;
  if (electionType !== ElectionType.preferred && electionType !== ElectionType.unclean) {
    throw new ApiException(ErrorCode.INVALID_REQUEST, `Unknown election type ${electionType}`);
  }
  const isUnclean = electionType === ElectionType.unclean;
  const records: MetadataRecord[] = [];
  const replicaElectionResults =
    request.topicPartitions === null
      ? electEverywhere(controls, isUnclean, records)
      : request.topicPartitions.map(({ topic, partitions }) => ({
          topic,
          partitionResult: partitions.map((id) => answer(id, electLeader(controls, topic, id, isUnclean, records))),
        }));
  assertBounded(records);
  return { records, response: { throttleTimeMs: 0, errorCode: ErrorCode.NONE, replicaElectionResults } };
}

/** Asked for all partitions, those that need no election are left out of the answer. */
function electEverywhere(
  controls: Controls,
  isUnclean: boolean,
  records: MetadataRecord[],
): ElectLeadersResponse['replicaElectionResults'] {
  const { topics } = controls.state.image;
  return [...topics.all()].map((topic) => {
    const partitionResult: PartitionAnswer[] = [];
    for (const id of topics.partitionIds(topic)) {
      const error = electLeader(controls, topic.name, id, isUnclean, records);
      if (error.code !== ErrorCode.ELECTION_NOT_NEEDED) partitionResult.push(answer(id, error));
    }
    return { topic: topic.name, partitionResult };
  });
}

function answer(partitionId: number, error: ApiError): PartitionAnswer {
  return { partitionId, errorCode: error.code, errorMessage: error.message };
}

function electLeader(
  controls: Controls,
  topicName: string,
  partitionId: number,
  isUnclean: boolean,
  records: MetadataRecord[],
): ApiError {
  const { topics } = controls.state.image;
  const topic = topics.topicByName(topicName);
  if (topic === undefined) return apiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `No such topic as ${topicName}`);
  const partition = topics.partition(topic, partitionId);
  if (partition === null) {
    return apiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `No such partition as ${topicName}-${partitionId}`);
  }
  const isNeedless = isUnclean ? partition.leader !== NO_LEADER : partition.leader === partition.replicas[0];
  if (isNeedless) return apiError(ErrorCode.ELECTION_NOT_NEEDED);
  const policy = {
    ...topicPolicy(controls, topic),
    election: isUnclean ? ('unclean' as const) : ('preferred' as const),
  };
  const record = changePartition(controls, topic, partitionId, partition, {}, policy);
  if (record === null) {
    return apiError(isUnclean ? ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE : ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE);
  }
  records.push(record);
  return NO_ERROR;
}

/** Moves leaders to their first replicas. `response`: the round was full, there may be more. (auto.leader.rebalance.enable) */
export function balanceLeaders(controls: Controls): ControlResult<boolean> {
  const { topics } = controls.state.image;
  const policies = new TopicPolicies(controls);
  return electionRound(controls, allRows(topics.partitions.rowsEnd), (topic, partitionId, records) => {
    const partition = topics.partition(topic, partitionId);
    if (partition === null || partition.leader === partition.replicas[0]) return;
    const policy = { ...policies.of(topic), election: 'preferred' as const };
    const record = changePartition(controls, topic, partitionId, partition, {}, policy);
    if (record !== null) records.push(record);
  });
}

/** Elects anybody for partitions without leader whose topics allow it. */
export function electUncleanLeaders(controls: Controls): ControlResult<boolean> {
  const { partitions } = controls.state.image.topics;
  return electionRound(controls, partitions.rowsLedBy(NO_LEADER), (topic, partitionId, records) => {
    if (topicPolicy(controls, topic).election === 'unclean')
      electLeader(controls, topic.name, partitionId, true, records);
  });
}

function electionRound(
  controls: Controls,
  rows: Iterable<number>,
  elect: (topic: Topic, partitionId: number, records: MetadataRecord[]) => void,
): ControlResult<boolean> {
  const { topics } = controls.state.image;
  const records: MetadataRecord[] = [];
  for (const row of rows) {
    if (records.length >= MAX_ELECTIONS_PER_ROUND) break;
    if (!topics.partitions.has(row)) continue;
    const { topic, partitionId } = topics.ownerOf(row);
    elect(topic, partitionId, records);
  }
  return { records, response: records.length >= MAX_ELECTIONS_PER_ROUND };
}

function* allRows(end: number): Iterable<number> {
  for (let row = 0; row < end; row++) yield row;
}
