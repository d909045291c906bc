/**
 * Dynamic configs of topics, brokers, groups and client metrics. (KIP-226, KIP-339)
 *
 * Each resource is changed whole or not at all. An unchanged value gives no record, except on brokers: writing it again
 * makes them read their key stores anew (KAFKA-14136). AlterConfigs replaces all of a resource's configs.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import type {
  AlterConfigsRequest,
  AlterConfigsResponse,
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from '../../wire/schema/config';
import { ConfigResourceType, type ConfigResource, type Configs } from '../metadata/config-resource';
import { metadataRecord, type MetadataRecord } from '../metadata/records';
import { NO_ERROR, apiError, type ApiError } from './api-error';
import { assertBounded, type ControlResult } from './control-result';
import type { Controls } from './controls';
import { withOwnProducerIds } from './producer-ids';

export const ConfigOperation = { set: 0, delete: 1, append: 2, subtract: 3 } as const;

const OPERATION_NAMES = ['SET', 'DELETE', 'APPEND', 'SUBTRACT'];
const MIN_INSYNC_REPLICAS = 'min.insync.replicas';
const MAX_VALUE_LENGTH = 32767;

export interface ConfigChange {
  readonly name: string;
  readonly operation: number;
  readonly value: string | null;
}

type Alteration = { readonly records: readonly MetadataRecord[] } | { readonly error: ApiError };

type ResourceAnswer = AlterConfigsResponse['responses'][number];

export function incrementalAlterConfigs(
  controls: Controls,
  request: IncrementalAlterConfigsRequest,
): ControlResult<IncrementalAlterConfigsResponse> {
  const { records, responses } = alterAll(request.resources, (resource, given) => {
    const changes = given.map(({ name, configOperation, value }) => ({ name, operation: configOperation, value }));
    const refused = changes.filter(({ operation, value }) => operation !== ConfigOperation.delete && value === null);
    const error = malformed(changes, refused);
    return error === null ? alterResource(controls, resource, changes, false) : { error };
  });
  return { records: request.validateOnly ? [] : withOwnProducerIds(controls, records), response: { throttleTimeMs: 0, responses } };
}

export function alterConfigs(controls: Controls, request: AlterConfigsRequest): ControlResult<AlterConfigsResponse> {
  const { records, responses } = alterAll(request.resources, (resource, given) => {
    const error = malformed(
      given,
      given.filter(({ value }) => value === null),
    );
    return error === null ? replaceResource(controls, resource, given) : { error };
  });
  return { records: request.validateOnly ? [] : withOwnProducerIds(controls, records), response: { throttleTimeMs: 0, responses } };
}

/** Config records for one resource, or why there are none. `isNew`: it does not exist yet, this very write creates it. */
export function alterResource(
  controls: Controls,
  resource: ConfigResource,
  changes: readonly ConfigChange[],
  isNew: boolean,
): Alteration {
  const existing = controls.state.image.configs.of(resource);
  const values = new Map<string, string | null>();
  for (const change of changes) {
    const altered = alteredValue(controls, resource, change, existing.get(change.name) ?? null);
    if (typeof altered === 'object' && altered !== null) return { error: altered };
    values.set(change.name, altered);
  }
  return finish(controls, resource, existing, values, isNew);
}

function replaceResource(
  controls: Controls,
  resource: ConfigResource,
  given: readonly { readonly name: string; readonly value: string | null }[],
): Alteration {
  const existing = controls.state.image.configs.of(resource);
  const values = new Map<string, string | null>(given.map(({ name, value }) => [name, value]));
  for (const name of existing.keys()) if (!values.has(name)) values.set(name, null);
  return finish(controls, resource, existing, values, false);
}

function finish(
  controls: Controls,
  resource: ConfigResource,
  existing: Configs,
  values: ReadonlyMap<string, string | null>,
  isNew: boolean,
): Alteration {
  const all = new Map(existing);
  for (const [name, value] of values) {
    const error = refusedByRule(controls, resource, name, value);
    if (error !== null) return { error };
    if (value === null) all.delete(name);
    else all.set(name, value);
  }
  const error =
    controls.rules.validate(resource, all, existing) ?? (isNew ? null : missingResource(controls, resource));
  if (error !== null) return { error };
  const mustWrite = ([name, value]: readonly [string, string | null]): boolean =>
    resource.type === ConfigResourceType.broker || (existing.get(name) ?? null) !== value;
  const written = [...values].filter(mustWrite);
  return {
    records: [
      ...written.map(([name, value]) => configRecord(resource, name, value)),
      ...clearElr(controls, resource, written),
    ],
  };
}

function configRecord(resource: ConfigResource, name: string, value: string | null): MetadataRecord {
  return metadataRecord('ConfigRecord', 0, { resourceType: resource.type, resourceName: resource.name, name, value });
}

/** Who was eligible under another min.insync.replicas need not be so any more. (KIP-966) */
function clearElr(
  controls: Controls,
  resource: ConfigResource,
  written: readonly (readonly [string, string | null])[],
): MetadataRecord[] {
  if (!controls.state.isElrEnabled || !written.some(([name]) => name === MIN_INSYNC_REPLICAS)) return [];
  const topicName = resource.type === ConfigResourceType.topic ? resource.name : '';
  return [metadataRecord('ClearElrRecord', 0, { topicName })];
}

/** The value after the change; null: unset. */
function alteredValue(
  controls: Controls,
  resource: ConfigResource,
  { name, operation, value }: ConfigChange,
  present: string | null,
): string | null | ApiError {
  if (operation === ConfigOperation.set) return value;
  if (operation === ConfigOperation.delete) return null;
  if (operation !== ConfigOperation.append && operation !== ConfigOperation.subtract) {
    return apiError(ErrorCode.INVALID_REQUEST, `Unknown operations type ${operation}`);
  }
  if (!controls.rules.isList(resource.type, name)) {
    const message = `Can't ${OPERATION_NAMES[operation] ?? ''} to key ${name} because its type is not LIST.`;
    return apiError(ErrorCode.INVALID_CONFIG, message);
  }
  const start = present ?? controls.rules.defaultValue(resource.type, name) ?? '';
  let parts = start.split(',').filter((part) => part !== '');
  for (const part of (value ?? '').split(',')) {
    if (operation === ConfigOperation.subtract) parts = parts.filter((known) => known !== part);
    else if (!parts.includes(part)) parts.push(part);
  }
  return parts.join(',');
}

function refusedByRule(
  controls: Controls,
  resource: ConfigResource,
  name: string,
  value: string | null,
): ApiError | null {
  if (value !== null && value.length > MAX_VALUE_LENGTH) {
    return apiError(
      ErrorCode.INVALID_CONFIG,
      `The configuration value cannot be added because it exceeds the maximum value size of ${MAX_VALUE_LENGTH} bytes.`,
    );
  }
  const isBrokerMinIsr = name === MIN_INSYNC_REPLICAS && resource.type === ConfigResourceType.broker;
  if (!isBrokerMinIsr || !controls.state.isElrEnabled) return null;
  if (resource.name !== '') {
    return apiError(
      ErrorCode.INVALID_CONFIG,
      'Broker-level min.insync.replicas cannot be altered while ELR is enabled.',
    );
  }
  if (value !== null) return null;
  return apiError(
    ErrorCode.INVALID_CONFIG,
    'Cluster-level min.insync.replicas cannot be removed while ELR is enabled.',
  );
}

function missingResource(controls: Controls, { type, name }: ConfigResource): ApiError | null {
  const { cluster, topics } = controls.state.image;
  if (type === ConfigResourceType.topic && topics.topicByName(name) === undefined) {
    return apiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `The topic '${name}' does not exist.`);
  }
  if (type !== ConfigResourceType.broker || name === '') return null;
  const id = Number(name);
  if (!/^[+-]?\d+$/.test(name)) return apiError(ErrorCode.INVALID_REQUEST, `Invalid broker name ${name}`);
  if (cluster.brokers.has(id) || cluster.controllers.has(id) || id === controls.config.nodeId) return null;
  return apiError(ErrorCode.BROKER_ID_NOT_REGISTERED, `No node with id ${id} found.`);
}

function malformed(
  all: readonly { readonly name: string }[],
  withNull: readonly { readonly name: string }[],
): ApiError | null {
  if (new Set(all.map(({ name }) => name)).size !== all.length) {
    return apiError(ErrorCode.INVALID_REQUEST, 'Error due to duplicate config keys');
  }
  if (withNull.length === 0) return null;
  return apiError(
    ErrorCode.INVALID_REQUEST,
    `Null value not supported for : ${withNull.map(({ name }) => name).join(', ')}`,
  );
}

function alterAll<T>(
  resources: readonly {
    readonly resourceType: number;
    readonly resourceName: string;
    readonly configs: readonly T[];
  }[],
  alter: (resource: ConfigResource, configs: readonly T[]) => Alteration,
): { records: MetadataRecord[]; responses: ResourceAnswer[] } {
  const records: MetadataRecord[] = [];
  const seen = new Map<string, number>();
  for (const { resourceType, resourceName } of resources) {
    const key = `${resourceType}:${resourceName}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  const responses = resources.map(({ resourceType, resourceName, configs }): ResourceAnswer => {
    let error = NO_ERROR;
    if ((seen.get(`${resourceType}:${resourceName}`) ?? 0) > 1) {
      error = apiError(ErrorCode.INVALID_REQUEST, 'Each resource must appear at most once.');
    } else if (!isStoredType(resourceType)) {
      error = apiError(ErrorCode.INVALID_REQUEST, `Unknown resource type ${resourceType}`);
    } else {
      const altered = alter({ type: resourceType, name: resourceName }, configs);
      if ('error' in altered) error = altered.error;
      else records.push(...altered.records);
    }
    return { errorCode: error.code, errorMessage: error.message, resourceType, resourceName };
  });
  assertBounded(records);
  return { records, responses };
}

/** Log levels (type 8) are a broker's own affair and never come here. */
function isStoredType(type: number): boolean {
  const { topic, broker, clientMetrics, group } = ConfigResourceType;
  return type === topic || type === broker || type === clientMetrics || type === group;
}
