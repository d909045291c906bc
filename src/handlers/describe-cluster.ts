/** DescribeCluster (KIP-700). v1 endpoint type, since controllers answer too (KIP-919); v2 fenced brokers (KIP-1073). */
import { DescribeClusterRequest, DescribeClusterResponse } from '../../wire/schema/metadata';
import { ErrorCode } from '../../wire/base/error-codes';
import { CLUSTER_OPERATIONS, NOT_ASKED } from './authorized-operations';
import { EndpointType, wrongEndpoint } from './endpoint-type';
import { handler } from './handler';

export const describeCluster = handler({
  request: DescribeClusterRequest,
  response: DescribeClusterResponse,
  handle(call, request, respond) {
    const { metadata: cache, clusterId } = call.services;
    const refused = wrongEndpoint(request.endpointType, EndpointType.brokers, call.apiVersion);
    if (refused !== null) return respond(refused);
    const brokers = cache.brokers(call.connection.listenerName, request.includeFencedBrokers);
    respond({
      errorCode: ErrorCode.NONE,
      clusterId,
      endpointType: EndpointType.brokers,
      controllerId: call.services.someBroker(),
      brokers: brokers.map(({ id, host, port, rack, isFenced }) => ({ brokerId: id, host, port, rack, isFenced })),
      clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? CLUSTER_OPERATIONS : NOT_ASKED,
    });
  },
});
