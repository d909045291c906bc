/**
 * DescribeConfigs of topics and of this broker. v1 sources and synonyms (KIP-226), v3 types and documentation (KIP-569).
 * A null or empty list of keys asks for all of them.
 */
import { isValidTopicName } from '../../controller/control/topic-names';
import type { Infer, Input } from '../../wire/schema';
import { DescribeConfigsRequest, DescribeConfigsResponse } from '../../wire/schema/config';
import { ConfigResourceType } from '../../controller/metadata/config-resource';
import { describeTopicConfigs } from '../../log/topic-config-describe';
import type { DescribedConfig, DescribeOptions } from '../../wire/base/config-describe';
import { ErrorCode } from '../../wire/base/error-codes';
import { describeBrokerConfigs, describeClusterDefaults } from '../config/describe-broker';
import { isOtherBroker, otherBrokerMessage } from './broker-resource';
import type { Services } from '../services';
import { handler, type ApiHandler, type Call } from './handler';
import { mapInTurns } from './in-turns';

type Resource = Infer<typeof DescribeConfigsRequest>['resources'][number];
type Result = Input<typeof DescribeConfigsResponse>['results'][number];

/** What a listener needs to have to describe configs. */
export type DescribingServices = Pick<Services, 'env' | 'metadata' | 'config' | 'brokerId'>;

export const describeConfigs = describeConfigsWith((services: Services) => services);

/** The handler for listeners with other services, brought into the form of these. */
export function describeConfigsWith<S>(servicesOf: (services: S) => DescribingServices): ApiHandler<S> {
  return handler({
    request: DescribeConfigsRequest,
    response: DescribeConfigsResponse,
    handle(outer: Call<S>, request, respond) {
      const call = { ...outer, services: servicesOf(outer.services) };
      const { includeSynonyms, includeDocumentation } = request;
      const options = { includeSynonyms, includeDocumentation };
      mapInTurns(
        call,
        request.resources,
        (resource) => describe(call.services, resource, options),
        (results) => respond({ results }),
      );
    },
  });
}

function describe(services: DescribingServices, resource: Resource, options: DescribeOptions): Result {
  switch (resource.resourceType) {
    case ConfigResourceType.topic:
      return describeTopic(services, resource, options);
    case ConfigResourceType.broker:
      return describeBroker(services, resource, options);
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

function describeTopic(services: DescribingServices, resource: Resource, options: DescribeOptions): Result {
  const { metadata, config } = services;
  const name = resource.resourceName;
  if (!isValidTopicName(name))
    return failed(resource, ErrorCode.INVALID_TOPIC_EXCEPTION, `Invalid topic name: ${name}`);
  if (metadata.topic(name) === undefined) return failed(resource, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, '');
  return succeeded(
    resource,
    describeTopicConfigs(config, metadata.topicOverrides(name), resource.configurationKeys, options),
  );
}

function describeBroker(services: DescribingServices, resource: Resource, options: DescribeOptions): Result {
  const { config } = services;
  const { resourceName, configurationKeys } = resource;
  if (isOtherBroker(services, resourceName))
    return failed(resource, ErrorCode.INVALID_REQUEST, otherBrokerMessage(services, resourceName));
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
