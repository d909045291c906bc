/**
 * AlterPartition: a leader proposes another ISR. (KIP-497, KIP-841, KIP-903)
 *
 * A leader that is ahead of this controller is right and the controller stale: NOT_CONTROLLER. A change that finishes a
 * reassignment may move the leader away: then NEW_LEADER_ELECTED goes out *with* the record.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import type { AlterPartitionRequest, AlterPartitionResponse } from '../../wire/schema/replica';
import {
  LeaderRecoveryState,
  NO_LEADER_CHANGE,
  mergeChange,
  type PartitionRegistration,
} from '../metadata/partition-registration';
import type { MetadataRecord } from '../metadata/records';
import type { Topic } from '../metadata/topic';
import { checkBrokerEpoch } from './broker-events';
import type { ControlResult } from './control-result';
import type { Controls } from './controls';
import { changePartition, TopicPolicies } from './partition-changes';

type Proposal = AlterPartitionRequest['topics'][number]['partitions'][number];
type Answer = AlterPartitionResponse['topics'][number]['partitions'][number];

interface IsrMember {
  readonly brokerId: number;
  /** -1: not said, and not checked. */
  readonly brokerEpoch: number;
}

/** Throws ApiException STALE_BROKER_EPOCH. */
export function alterPartition(
  controls: Controls,
  request: AlterPartitionRequest,
  apiVersion: number,
): ControlResult<AlterPartitionResponse> {
  checkBrokerEpoch(controls, request.brokerId, request.brokerEpoch);
  const records: MetadataRecord[] = [];
  const policies = new TopicPolicies(controls);
  const topics = request.topics.map(({ topicId, partitions }) => {
    const topic = controls.state.image.topics.topicById(topicId);
    return {
      topicId,
      partitions: partitions.map((proposal) =>
        topic === undefined
          ? failure(proposal, ErrorCode.UNKNOWN_TOPIC_ID)
          : alterOne(controls, topic, request.brokerId, proposal, apiVersion, policies, records),
      ),
    };
  });
  return { records, response: { throttleTimeMs: 0, errorCode: ErrorCode.NONE, topics } };
}

function alterOne(
  controls: Controls,
  topic: Topic,
  brokerId: number,
  proposal: Proposal,
  apiVersion: number,
  policies: TopicPolicies,
  records: MetadataRecord[],
): Answer {
  const partitionId = proposal.partitionIndex;
  const partition = controls.state.image.topics.partition(topic, partitionId);
  if (partition === null) return failure(proposal, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  const isr = proposedIsr(proposal, apiVersion);
  const error = refusal(controls, partition, brokerId, proposal, isr);
  if (error !== ErrorCode.NONE) return failure(proposal, error);
  const { leaderRecoveryState, beginsLeaderEpoch } = proposal;
  const target = { isr: isr.map((member) => member.brokerId), leaderRecoveryState, beginsLeaderEpoch };
  const record = changePartition(controls, topic, partitionId, partition, target, policies.of(topic));
  if (record === null || record.type !== 'PartitionChangeRecord') return success(proposal, partition);
  records.push(record);
  const { leader } = record.value;
  if (leader !== NO_LEADER_CHANGE && leader !== brokerId) return failure(proposal, ErrorCode.NEW_LEADER_ELECTED);
  return success(proposal, mergeChange(partition, record.value));
}

function proposedIsr(proposal: Proposal, apiVersion: number): readonly IsrMember[] {
  if (apiVersion >= 3) return proposal.newIsrWithEpochs;
  return proposal.newIsr.map((brokerId) => ({ brokerId, brokerEpoch: -1 }));
}

function refusal(
  controls: Controls,
  partition: PartitionRegistration,
  brokerId: number,
  proposal: Proposal,
  isr: readonly IsrMember[],
): number {
  if (proposal.leaderEpoch > partition.leaderEpoch) return ErrorCode.NOT_CONTROLLER;
  if (proposal.partitionEpoch > partition.partitionEpoch) return ErrorCode.NOT_CONTROLLER;
  if (proposal.leaderEpoch < partition.leaderEpoch) return ErrorCode.FENCED_LEADER_EPOCH;
  if (brokerId !== partition.leader) return ErrorCode.INVALID_REQUEST;
  if (proposal.partitionEpoch < partition.partitionEpoch) return ErrorCode.INVALID_UPDATE_VERSION;
  const ids = isr.map((member) => member.brokerId);
  const isValid =
    ids.length > 0 && new Set(ids).size === ids.length && ids.every((id) => partition.replicas.includes(id));
  if (!isValid || !ids.includes(partition.leader)) return ErrorCode.INVALID_REQUEST;
  const { recovered, recovering } = LeaderRecoveryState;
  const isRecovering = proposal.leaderRecoveryState === recovering;
  if (isRecovering && ids.length > 1) return ErrorCode.INVALID_REQUEST;
  if (isRecovering && partition.leaderRecoveryState === recovered) return ErrorCode.INVALID_REQUEST;
  return isr.every((member) => isEligible(controls, member)) ? ErrorCode.NONE : ErrorCode.INELIGIBLE_REPLICA;
}

function isEligible(controls: Controls, { brokerId, brokerEpoch }: IsrMember): boolean {
  const broker = controls.state.image.cluster.brokers.get(brokerId);
  if (broker === undefined || broker.inControlledShutdown || broker.fenced) return false;
  return brokerEpoch === -1 || brokerEpoch === broker.epoch;
}

function failure(proposal: Proposal, errorCode: number): Answer {
  return {
    partitionIndex: proposal.partitionIndex,
    errorCode,
    leaderId: 0,
    leaderEpoch: 0,
    isr: [],
    leaderRecoveryState: 0,
    partitionEpoch: 0,
  };
}

function success(proposal: Proposal, partition: PartitionRegistration): Answer {
  return {
    partitionIndex: proposal.partitionIndex,
    errorCode: ErrorCode.NONE,
    leaderId: partition.leader,
    leaderEpoch: partition.leaderEpoch,
    isr: [...partition.isr],
    leaderRecoveryState: partition.leaderRecoveryState,
    partitionEpoch: partition.partitionEpoch,
  };
}
