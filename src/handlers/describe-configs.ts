/**
 * DescribeConfigs of topics and of this broker. v1 sources and synonyms (KIP-226), v3 types and documentation (KIP-569).
 * A null or empty list of keys asks for all of them.
 */
import type { Infer, Input } from '../../wire/schema';
import { DescribeConfigsRequest, DescribeConfigsResponse } from '../../wire/schema/config';
import { ConfigResourceType } from '../../controller/metadata/config-resource';
import { describeTopicConfigs } from '../../log/topic-config-describe';
import type { DescribedConfig, DescribeOptions } from '../../wire/base/config-describe';
import { ErrorCode } from '../../wire/base/error-codes';
import { describeBrokerConfigs, describeClusterDefaults } from '../config/describe-broker';
import { isOtherBroker, otherBrokerMessage } from './broker-resource';
import { handler, type Call } from './handler';
import { mapInTurns } from './in-turns';
import { isValidTopicName } from './topic-name';

type Resource = Infer<typeof DescribeConfigsRequest>['resources'][number];
type Result = Input<typeof DescribeConfigsResponse>['results'][number];

export const describeConfigs = handler({
  request: DescribeConfigsRequest,
  response: DescribeConfigsResponse,
  handle(call, request, respond) {
    const { includeSynonyms, includeDocumentation } = request;
    const options = { includeSynonyms, includeDocumentation };
    mapInTurns(
      call,
      request.resources,
      (resource) => describe(call, resource, options),
      (results) => respond({ results }),
    );
  },
});

function describe(call: Call, resource: Resource, options: DescribeOptions): Result {
  switch (resource.resourceType) {
    case ConfigResourceType.topic:
      return describeTopic(call, resource, options);
    case ConfigResourceType.broker:
      return describeBroker(call, resource, options);
    case ConfigResourceType.brokerLogger:
    case ConfigResourceType.clientMetrics:
    case ConfigResourceType.group:
      return failed(
        resource,
        ErrorCode.UNSUPPORTED_VERSION,
        `Configs of resource type ${resource.resourceType} are not served by this broker yet.`,
      );
    default:
      return failed(resource, ErrorCode.INVALID_REQUEST, `Unsupported resource type: ${resource.resourceType}`);
  }
}

function describeTopic(call: Call, resource: Resource, options: DescribeOptions): Result {
  const { metadata, config } = call.services;
  const name = resource.resourceName;
  if (!isValidTopicName(name))
    return failed(resource, ErrorCode.INVALID_TOPIC_EXCEPTION, `Invalid topic name: ${name}`);
  if (metadata.topic(name) === undefined) return failed(resource, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, '');
  return succeeded(
    resource,
    describeTopicConfigs(config, metadata.topicOverrides(name), resource.configurationKeys, options),
  );
}

function describeBroker(call: Call, resource: Resource, options: DescribeOptions): Result {
  const { config } = call.services;
  const { resourceName, configurationKeys } = resource;
  if (isOtherBroker(call, resourceName))
    return failed(resource, ErrorCode.INVALID_REQUEST, otherBrokerMessage(call, resourceName));
  if (resourceName === '') return succeeded(resource, describeClusterDefaults(config, configurationKeys, options));
  return succeeded(resource, describeBrokerConfigs(config, configurationKeys, options));
}

function succeeded(resource: Resource, configs: readonly DescribedConfig[]): Result {
  const { resourceType, resourceName } = resource;
  return { errorCode: ErrorCode.NONE, errorMessage: '', resourceType, resourceName, configs };
}

function failed(resource: Resource, errorCode: number, errorMessage: string): Result {
  const { resourceType, resourceName } = resource;
  return { errorCode, errorMessage, resourceType, resourceName, configs: [] };
}
