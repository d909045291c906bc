/**
 * The APIs that come down to one call of the controller, by name: for its listeners, and for the broker of the same process,
 * which asks without a connection.
 */
import type { Controller } from '../../../controller/control/controller';
import type { HeartbeatConnection } from '../../../controller/control/failure-detector';
import type { ApiName, RequestOf } from '../../../wire/api-keys';
import type { ResponseOf } from '../../../wire/exchange';

export interface OperationContext {
  readonly apiVersion: number;
  /** That the request came on; the broker of this process has none. */
  readonly connection?: HeartbeatConnection;
}

type Operation<N extends ApiName> = (
  controller: Controller,
  request: RequestOf<N>,
  context: OperationContext,
  respond: (response: ResponseOf<N>) => void,
) => void;

export type OperationName =
  | 'AllocateProducerIds'
  | 'AlterConfigs'
  | 'AlterPartition'
  | 'AlterPartitionReassignments'
  | 'AssignReplicasToDirs'
  | 'BrokerHeartbeat'
  | 'BrokerRegistration'
  | 'ControllerRegistration'
  | 'CreatePartitions'
  | 'CreateTopics'
  | 'DeleteTopics'
  | 'ElectLeaders'
  | 'IncrementalAlterConfigs'
  | 'ListPartitionReassignments'
  | 'UnregisterBroker'
  | 'UpdateFeatures';

export const operations: { readonly [N in OperationName]: Operation<N> } = {
  AllocateProducerIds: (controller, request, _, respond) => controller.allocateProducerIds(request, respond),
  AlterConfigs: (controller, request, _, respond) => controller.alterConfigs(request, respond),
  AlterPartition: (controller, request, context, respond) => controller.alterPartition(request, context, respond),
  AlterPartitionReassignments: (controller, request, _, respond) =>
    controller.alterPartitionReassignments(request, respond),
  AssignReplicasToDirs: (controller, request, _, respond) => controller.assignReplicasToDirs(request, respond),
  BrokerHeartbeat: (controller, request, { connection }, respond) => controller.heartbeat(request, connection ?? null, respond),
  BrokerRegistration: (controller, request, _, respond) => controller.registerBroker(request, respond),
  ControllerRegistration: (controller, request, _, respond) => controller.registerController(request, respond),
  CreatePartitions: (controller, request, context, respond) => controller.createPartitions(request, context, respond),
  CreateTopics: (controller, request, context, respond) => controller.createTopics(request, context, respond),
  DeleteTopics: (controller, request, context, respond) => controller.deleteTopics(request, context, respond),
  ElectLeaders: (controller, request, _, respond) => controller.electLeaders(request, respond),
  IncrementalAlterConfigs: (controller, request, _, respond) => controller.incrementalAlterConfigs(request, respond),
  ListPartitionReassignments: (controller, request, _, respond) =>
    controller.listPartitionReassignments(request, respond),
  UnregisterBroker: (controller, request, _, respond) => controller.unregisterBroker(request, respond),
  UpdateFeatures: (controller, request, context, respond) => controller.updateFeatures(request, context, respond),
};

export function isOperation(name: ApiName): name is OperationName {
  return name in operations;
}
