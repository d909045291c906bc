/** DescribeCluster (KIP-700). v1 endpoint type, since controllers answer too (KIP-919); v2 fenced brokers. */
import { DescribeClusterRequest, DescribeClusterResponse } from '../../wire/schema/metadata';
import type { Input } from '../../wire/schema';
import { ErrorCode } from '../../wire/base/error-codes';
import { CLUSTER_OPERATIONS, NOT_ASKED } from './authorized-operations';
import { handler } from './handler';

const EndpointType = { brokers: 1, controllers: 2 } as const;

export const describeCluster = handler({
  request: DescribeClusterRequest,
  response: DescribeClusterResponse,
  handle(call, request, respond) {
    const { metadata: cache, clusterId } = call.services;
    if (request.endpointType !== EndpointType.brokers) {
      respond(wrongEndpoint(request.endpointType));
      return;
    }
    const brokers = cache.aliveBrokers(call.connection.listenerName);
    respond({
      errorCode: ErrorCode.NONE,
      clusterId,
      endpointType: EndpointType.brokers,
      controllerId: brokers[0]?.id ?? -1,
      brokers: brokers.map(({ id, host, port, rack }) => ({ brokerId: id, host, port, rack, isFenced: false })),
      clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? CLUSTER_OPERATIONS : NOT_ASKED,
    });
  },
});

function wrongEndpoint(endpointType: number): Input<typeof DescribeClusterResponse> {
  const nothing = { clusterId: '', brokers: [] };
  if (endpointType === EndpointType.controllers) {
    const errorMessage = 'The request was sent to an endpoint of the wrong type: this is a broker.';
    return { errorCode: ErrorCode.MISMATCHED_ENDPOINT_TYPE, errorMessage, ...nothing };
  }
  return {
    errorCode: ErrorCode.UNSUPPORTED_ENDPOINT_TYPE,
    errorMessage: `There is no endpoint type ${endpointType}.`,
    ...nothing,
  };
}
