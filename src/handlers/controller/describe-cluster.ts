/** DescribeCluster of a controller: the registered controllers, and which of them leads (KIP-919). */
import { DescribeClusterRequest, DescribeClusterResponse } from '../../../wire/schema/metadata';
import { ErrorCode } from '../../../wire/base/error-codes';
import type { ControllerServices } from '../../controller-services';
import { CLUSTER_OPERATIONS, NOT_ASKED } from '../authorized-operations';
import { EndpointType, wrongEndpoint } from '../endpoint-type';
import { handler, type Call } from '../handler';

export const describeControllers = handler({
  request: DescribeClusterRequest,
  response: DescribeClusterResponse,
  handle(call: Call<ControllerServices>, request, respond) {
    const { clusterId, raft, image } = call.services;
    const refused = wrongEndpoint(request.endpointType, EndpointType.controllers, call.apiVersion);
    if (refused !== null) return respond(refused);
    const registered = [...(image()?.cluster.controllers.values() ?? [])].sort((a, b) => a.id - b.id);
    respond({
      errorCode: ErrorCode.NONE,
      clusterId,
      endpointType: EndpointType.controllers,
      controllerId: raft.leader.leaderId,
      brokers: registered.flatMap(({ id, listeners }) => {
        const listener = listeners.find(({ name }) => name === call.connection.listenerName);
        return listener === undefined ? [] : [{ brokerId: id, host: listener.host, port: listener.port }];
      }),
      clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? CLUSTER_OPERATIONS : NOT_ASKED,
    });
  },
});
