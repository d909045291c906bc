/**
 * The controller as its callers see it: one method per API, decoded request in, decoded response out, once it is committed.
 *
 * What is refused as a whole comes back as the response that says so: per topic, per resource or at the top, as Kafka's
 * does. Callbacks may come before the call returns, and must not throw. Messages are for direct use: throttling is the
 * caller's business.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import { ZERO_UUID } from '../../wire/base/uuid';
import type * as broker from '../../wire/schema/broker';
import type * as config from '../../wire/schema/config';
import type { UpdateFeaturesRequest, UpdateFeaturesResponse } from '../../wire/schema/quota';
import type * as reassignment from '../../wire/schema/reassignment';
import type * as replica from '../../wire/schema/replica';
import type * as topic from '../../wire/schema/topic';
import type { ApiError } from './api-error';
import { alterPartition } from './alter-partition';
import { unregisterRecords } from './broker-events';
import { registerBroker, registerController } from './brokers';
import { alterConfigs, incrementalAlterConfigs } from './configs';
import type { ControllerCore } from './controller-core';
import type { ControllerShell, WriteOutcome } from './controller-shell';
import type { ControlResult } from './control-result';
import type { RequestContext } from './controls';
import { createPartitions } from './create-partitions';
import { createTopics } from './create-topics';
import { deleteTopics } from './delete-topics';
import { electLeaders } from './elections';
import type { FailureDetector, HeartbeatConnection } from './failure-detector';
import { updateFeatures, type QuorumFeatures } from './features';
import { heartbeat } from './heartbeats';
import { allocateProducerIds } from './producer-ids';
import { alterPartitionReassignments, listPartitionReassignments } from './reassignments';
import { assignReplicasToDirs } from './replica-directories';

export type Respond<T> = (response: T) => void;

export class Controller {
  constructor(
    private readonly shell: ControllerShell,
    private readonly monotonicMs: () => number,
    private readonly quorum: () => QuorumFeatures,
    private readonly detector: Pick<FailureDetector, 'heard'>,
  ) {}

  /** This node leads the quorum and has applied everything before: requests are served here. */
  get isActive(): boolean {
    return this.shell.isActive;
  }

  createTopics(
    request: topic.CreateTopicsRequest,
    context: RequestContext,
    respond: Respond<topic.CreateTopicsResponse>,
  ): void {
    this.serve(
      'createTopics',
      (core) => createTopics(core, request, context),
      respond,
      ({ code, message }) => ({
        throttleTimeMs: 0,
        topics: request.topics.map(({ name }) => ({
          name,
          topicId: ZERO_UUID,
          errorCode: code,
          errorMessage: message,
          topicConfigErrorCode: 0,
          numPartitions: -1,
          replicationFactor: -1,
          configs: [],
        })),
      }),
    );
  }

  deleteTopics(
    request: topic.DeleteTopicsRequest,
    context: RequestContext,
    respond: Respond<topic.DeleteTopicsResponse>,
  ): void {
    const named = request.topicNames.map((name) => ({ name, topicId: ZERO_UUID }));
    this.serve(
      'deleteTopics',
      (core) => deleteTopics(core, request, context),
      respond,
      ({ code, message }) => ({
        throttleTimeMs: 0,
        responses: [...named, ...request.topics].map(({ name, topicId }) => ({
          name,
          topicId,
          errorCode: code,
          errorMessage: message,
        })),
      }),
    );
  }

  createPartitions(
    request: topic.CreatePartitionsRequest,
    context: RequestContext,
    respond: Respond<topic.CreatePartitionsResponse>,
  ): void {
    this.serve(
      'createPartitions',
      (core) => createPartitions(core, request, context),
      respond,
      ({ code, message }) => ({
        throttleTimeMs: 0,
        results: request.topics.map(({ name }) => ({ name, errorCode: code, errorMessage: message })),
      }),
    );
  }

  incrementalAlterConfigs(
    request: config.IncrementalAlterConfigsRequest,
    respond: Respond<config.IncrementalAlterConfigsResponse>,
  ): void {
    const refused = (error: ApiError): config.IncrementalAlterConfigsResponse =>
      refusedResources(request.resources, error);
    this.serve('incrementalAlterConfigs', (core) => incrementalAlterConfigs(core, request), respond, refused);
  }

  alterConfigs(request: config.AlterConfigsRequest, respond: Respond<config.AlterConfigsResponse>): void {
    const refused = (error: ApiError): config.AlterConfigsResponse => refusedResources(request.resources, error);
    this.serve('alterConfigs', (core) => alterConfigs(core, request), respond, refused);
  }

  registerBroker(request: broker.BrokerRegistrationRequest, respond: Respond<broker.BrokerRegistrationResponse>): void {
    const { kraftVersion } = this.quorum();
    this.serve(
      'registerBroker',
      (core, nextWriteOffset) => registerBroker(core, request, nextWriteOffset, kraftVersion, this.monotonicMs()),
      respond,
      ({ code }) => ({ throttleTimeMs: 0, errorCode: code, brokerEpoch: -1 }),
    );
  }

  /** `connection`: that it came on, whose end says something of the broker; null for the broker of this process. */
  heartbeat(
    request: broker.BrokerHeartbeatRequest,
    connection: HeartbeatConnection | null,
    respond: Respond<broker.BrokerHeartbeatResponse>,
  ): void {
    if (connection !== null) this.detector.heard(request.brokerId, request.brokerEpoch, connection);
    const { state } = this.shell.activeCore ?? {};
    const registered = state?.image.cluster.brokers.get(request.brokerId);
    if (registered?.epoch === request.brokerEpoch) {
      state?.heartbeats.contact(request.brokerId, request.brokerEpoch, this.monotonicMs());
    }
    this.serve(
      'heartbeat',
      (core, nextWriteOffset) => heartbeat(core, request, nextWriteOffset),
      respond,
      ({ code }) => ({
        throttleTimeMs: 0,
        errorCode: code,
        isCaughtUp: false,
        isFenced: true,
        shouldShutDown: false,
      }),
    );
  }

  unregisterBroker(request: broker.UnregisterBrokerRequest, respond: Respond<broker.UnregisterBrokerResponse>): void {
    const answer = (errorCode: number, errorMessage: string | null = null): broker.UnregisterBrokerResponse => ({
      throttleTimeMs: 0,
      errorCode,
      errorMessage,
    });
    this.serve(
      'unregisterBroker',
      (core) => ({ records: unregisterRecords(core, request.brokerId), response: answer(ErrorCode.NONE) }),
      respond,
      ({ code, message }) => answer(code, message),
    );
  }

  registerController(
    request: broker.ControllerRegistrationRequest,
    respond: Respond<broker.ControllerRegistrationResponse>,
  ): void {
    this.serve(
      'registerController',
      (core) => registerController(core, request),
      respond,
      ({ code, message }) => ({
        throttleTimeMs: 0,
        errorCode: code,
        errorMessage: message,
      }),
    );
  }

  allocateProducerIds(
    request: replica.AllocateProducerIdsRequest,
    respond: Respond<replica.AllocateProducerIdsResponse>,
  ): void {
    this.serve(
      'allocateProducerIds',
      (core) => allocateProducerIds(core, request),
      respond,
      ({ code }) => ({
        throttleTimeMs: 0,
        errorCode: code,
        producerIdStart: 0,
        producerIdLen: 0,
      }),
    );
  }

  alterPartition(
    request: replica.AlterPartitionRequest,
    context: RequestContext,
    respond: Respond<replica.AlterPartitionResponse>,
  ): void {
    this.serve(
      'alterPartition',
      (core) => alterPartition(core, request, context.apiVersion),
      respond,
      ({ code }) => ({
        throttleTimeMs: 0,
        errorCode: code,
        topics: [],
      }),
    );
  }

  assignReplicasToDirs(
    request: replica.AssignReplicasToDirsRequest,
    respond: Respond<replica.AssignReplicasToDirsResponse>,
  ): void {
    this.serve(
      'assignReplicasToDirs',
      (core) => assignReplicasToDirs(core, request),
      respond,
      ({ code }) => ({
        throttleTimeMs: 0,
        errorCode: code,
        directories: [],
      }),
    );
  }

  electLeaders(request: reassignment.ElectLeadersRequest, respond: Respond<reassignment.ElectLeadersResponse>): void {
    this.serve(
      'electLeaders',
      (core) => electLeaders(core, request),
      respond,
      ({ code, message }) => ({
        throttleTimeMs: 0,
        errorCode: code,
        replicaElectionResults: (request.topicPartitions ?? []).map(({ topic: name, partitions }) => ({
          topic: name,
          partitionResult: partitions.map((partitionId) => ({ partitionId, errorCode: code, errorMessage: message })),
        })),
      }),
    );
  }

  alterPartitionReassignments(
    request: reassignment.AlterPartitionReassignmentsRequest,
    respond: Respond<reassignment.AlterPartitionReassignmentsResponse>,
  ): void {
    const { allowReplicationFactorChange } = request;
    this.serve(
      'alterPartitionReassignments',
      (core) => alterPartitionReassignments(core, request),
      respond,
      (error) => ({
        throttleTimeMs: 0,
        allowReplicationFactorChange,
        errorCode: error.code,
        errorMessage: error.message,
        responses: [],
      }),
    );
  }

  listPartitionReassignments(
    request: reassignment.ListPartitionReassignmentsRequest,
    respond: Respond<reassignment.ListPartitionReassignmentsResponse>,
  ): void {
    this.serve(
      'listPartitionReassignments',
      (core) => listPartitionReassignments(core, request),
      respond,
      (error) => ({
        throttleTimeMs: 0,
        errorCode: error.code,
        errorMessage: error.message,
        topics: [],
      }),
    );
  }

  updateFeatures(
    request: UpdateFeaturesRequest,
    context: RequestContext,
    respond: Respond<UpdateFeaturesResponse>,
  ): void {
    const quorum = this.quorum();
    this.serve(
      'updateFeatures',
      (core) => updateFeatures(core, request, context.apiVersion, quorum),
      respond,
      (error) => ({
        throttleTimeMs: 0,
        errorCode: error.code,
        errorMessage: error.message,
        results: [],
      }),
    );
  }

  private serve<T>(
    name: string,
    operation: (core: ControllerCore, nextWriteOffset: number) => ControlResult<T>,
    respond: Respond<T>,
    refused: (error: ApiError) => T,
  ): void {
    this.shell.write(name, operation, (outcome: WriteOutcome<T>) =>
      respond(outcome.ok ? outcome.response : refused(outcome.error)),
    );
  }
}

function refusedResources(
  resources: readonly { readonly resourceType: number; readonly resourceName: string }[],
  error: ApiError,
): config.AlterConfigsResponse {
  return {
    throttleTimeMs: 0,
    responses: resources.map(({ resourceType, resourceName }) => ({
      errorCode: error.code,
      errorMessage: error.message,
      resourceType,
      resourceName,
    })),
  };
}
