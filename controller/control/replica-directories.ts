/** AssignReplicasToDirs: a broker says in which directory each of its replicas lies. (KIP-858) */
import { ErrorCode } from '../../wire/base/error-codes';
import type { AssignReplicasToDirsRequest, AssignReplicasToDirsResponse } from '../../wire/schema/replica';
import { mergeChange, type PartitionRegistration } from '../metadata/partition-registration';
import type { MetadataRecord } from '../metadata/records';
import type { BrokerRegistration } from '../metadata/registrations';
import { checkBrokerEpoch } from './broker-events';
import type { ControlResult } from './control-result';
import type { Controls } from './controls';
import { changePartition, hasDirectoryOf, topicPolicy } from './partition-changes';
import { without } from './partition-change';

/** Throws ApiException STALE_BROKER_EPOCH. A directory that is not online takes the replica out of the ISR. */
export function assignReplicasToDirs(
  controls: Controls,
  request: AssignReplicasToDirsRequest,
): ControlResult<AssignReplicasToDirsResponse> {
  const broker = checkBrokerEpoch(controls, request.brokerId, request.brokerEpoch);
  const records: MetadataRecord[] = [];
  const directories = request.directories.map(({ id, topics }) => ({
    id,
    topics: topics.map(({ topicId, partitions }) => ({
      topicId,
      partitions: partitions.map(({ partitionIndex }) => ({
        partitionIndex,
        errorCode: assign(controls, broker, id, topicId, partitionIndex, records),
      })),
    })),
  }));
  return { records, response: { throttleTimeMs: 0, errorCode: ErrorCode.NONE, directories } };
}

function assign(
  controls: Controls,
  broker: BrokerRegistration,
  directoryId: string,
  topicId: string,
  partitionId: number,
  records: MetadataRecord[],
): number {
  const { topics } = controls.state.image;
  const topic = topics.topicById(topicId);
  if (topic === undefined) return ErrorCode.UNKNOWN_TOPIC_ID;
  const partition = topics.partition(topic, partitionId);
  if (partition === null) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  if (!partition.replicas.includes(broker.id)) return ErrorCode.NOT_LEADER_OR_FOLLOWER;
  const policy = topicPolicy(controls, topic);
  const directories = new Map([[broker.id, directoryId]]);
  const target = hasDirectoryOf(broker, partition) ? { directories } : { directories, lostReplica: broker.id };
  let assigned: PartitionRegistration = partition;
  const online = { ...policy, election: 'online' as const };
  const moved = changePartition(controls, topic, partitionId, partition, target, online);
  if (moved !== null && moved.type === 'PartitionChangeRecord') {
    records.push(moved);
    assigned = mergeChange(partition, moved.value);
  }
  if (broker.directories.includes(directoryId)) return ErrorCode.NONE;
  const isr = without(assigned.isr, [broker.id]);
  const left = changePartition(controls, topic, partitionId, assigned, { isr }, policy, { removed: broker.id });
  if (left !== null) records.push(left);
  return ErrorCode.NONE;
}
