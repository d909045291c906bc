/**
 * IncrementalAlterConfigs (KIP-339) and the older AlterConfigs, which replaces a resource's whole set. Each resource is
 * changed whole or not at all. A broker's own configs are changed at that broker alone; everything else is the
 * controller's business.
 */
import { ConfigResourceType } from '../../controller/metadata/config-resource';
import { apis } from '../../wire/api-keys';
import { ErrorCode } from '../../wire/base/error-codes';
import { decode, encode } from '../../wire/codec';
import { isOtherBroker, otherBrokerMessage } from './broker-resource';
import { forward } from './forwarded';
import { handler, type Call } from './handler';

interface Resource {
  readonly resourceType: number;
  readonly resourceName: string;
}

interface Answer extends Resource {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export const incrementalAlterConfigs = handler({
  request: apis.IncrementalAlterConfigs.request,
  response: apis.IncrementalAlterConfigs.response,
  handle(call, request, respond) {
    const { request: schema, response } = apis.IncrementalAlterConfigs;
    const { mine, merge } = sift(call, request.resources);
    if (mine.length === 0) return respond({ responses: merge([]) });
    const body = encode(schema, call.apiVersion, { ...request, resources: mine });
    forward(call, 'IncrementalAlterConfigs', body, (answer) =>
      respond({ responses: merge(decode(response, call.apiVersion, answer).responses) }),
    );
  },
});

export const alterConfigs = handler({
  request: apis.AlterConfigs.request,
  response: apis.AlterConfigs.response,
  handle(call, request, respond) {
    const { request: schema, response } = apis.AlterConfigs;
    const { mine, merge } = sift(call, request.resources);
    if (mine.length === 0) return respond({ responses: merge([]) });
    const body = encode(schema, call.apiVersion, { ...request, resources: mine });
    forward(call, 'AlterConfigs', body, (answer) =>
      respond({ responses: merge(decode(response, call.apiVersion, answer).responses) }),
    );
  },
});

interface Sifted<R> {
  /** What the controller gets to see. */
  readonly mine: R[];
  /** Its answers and ours, in the order of the request. */
  merge(answers: readonly Answer[]): Answer[];
}

function sift<R extends Resource>(call: Call, resources: readonly R[]): Sifted<R> {
  const isForeign = ({ resourceType, resourceName }: Resource): boolean =>
    resourceType === ConfigResourceType.broker && isOtherBroker(call.services, resourceName);
  return {
    mine: resources.filter((resource) => !isForeign(resource)),
    merge(answers) {
      const left = [...answers];
      return resources.map((resource) =>
        isForeign(resource) ? refused(call, resource) : (left.shift() ?? failed(resource)),
      );
    },
  };
}

function refused(call: Call, { resourceType, resourceName }: Resource): Answer {
  return {
    resourceType,
    resourceName,
    errorCode: ErrorCode.INVALID_REQUEST,
    errorMessage: otherBrokerMessage(call.services, resourceName),
  };
}

/** The controller answers for every resource; if it ever did not, the client should know. */
function failed({ resourceType, resourceName }: Resource): Answer {
  return { resourceType, resourceName, errorCode: ErrorCode.UNKNOWN_SERVER_ERROR, errorMessage: null };
}
