/** A controller core on its own: results are applied at once, as if committed. */
import type { ConfigRules } from '../../../controller/control/config-rules';
import { apiError } from '../../../controller/control/api-error';
import { registerBroker } from '../../../controller/control/brokers';
import { ControllerCore } from '../../../controller/control/controller-core';
import { createTopics } from '../../../controller/control/create-topics';
import { heartbeat } from '../../../controller/control/heartbeats';
import type { ControlResult } from '../../../controller/control/control-result';
import type { ControllerConfig, RequestContext } from '../../../controller/control/controls';
import { ConfigResourceType } from '../../../controller/metadata/config-resource';
import type { PartitionRegistration } from '../../../controller/metadata/partition-registration';
import {
  decodeMetadataRecord,
  encodeMetadataRecord,
  metadataRecord,
  type MetadataRecord,
} from '../../../controller/metadata/records';
import { SUPPORTED_FEATURES } from '../../../controller/metadata/supported-features';
import { ErrorCode } from '../../../wire/base/error-codes';
import type { BrokerHeartbeatRequest, BrokerRegistrationRequest } from '../../../wire/schema/broker';
import type { CreateTopicsRequest } from '../../../wire/schema/topic';
import { testRandom } from './test-ports';

export const CLUSTER_ID = 'Y2x1c3Rlci1vZi1hLXRlcw';
export const CONTEXT: RequestContext = { apiVersion: 7 };

const LIST_KEYS = new Set(['cleanup.policy', 'leader.replication.throttled.replicas']);
const DEFAULTS: Readonly<Record<string, string>> = {
  'cleanup.policy': 'delete',
  'min.insync.replicas': '1',
  'mirror.source': '',
  'retention.ms': '604800000',
  'unclean.leader.election.enable': 'false',
};

/** Few keys, checked as a broker would: retention.ms must be a number, unknown topic keys are refused. */
export const testRules: ConfigRules = {
  validate: (resource, all) => {
    if (resource.type !== ConfigResourceType.topic) return null;
    for (const [key, value] of all) {
      if (DEFAULTS[key] === undefined && !LIST_KEYS.has(key)) {
        return apiError(ErrorCode.INVALID_CONFIG, `Unknown topic config name: ${key}`);
      }
      if (key === 'retention.ms' && Number.isNaN(Number(value))) {
        return apiError(
          ErrorCode.INVALID_CONFIG,
          `Invalid value ${value} for configuration retention.ms: Not a number of type LONG`,
        );
      }
    }
    return null;
  },
  isList: (_, key) => LIST_KEYS.has(key),
  defaultValue: (_, key) => DEFAULTS[key] ?? null,
  effectiveTopicConfigs: (layers) =>
    Object.keys(DEFAULTS).map((name) => ({
      name,
      value: layers.topic.get(name) ?? DEFAULTS[name] ?? null,
      isReadOnly: false,
      source: layers.topic.has(name) ? 1 : 5,
      isSensitive: false,
    })),
  topicConfig: (key, { topic, node, cluster }) =>
    topic.get(key) ?? node.get(key) ?? cluster.get(key) ?? DEFAULTS[key] ?? null,
};

export const testConfig: ControllerConfig = {
  nodeId: 100,
  clusterId: CLUSTER_ID,
  defaultPartitions: 1,
  defaultReplicationFactor: 1,
  deleteTopicEnable: true,
};

export function directoryOfBroker(brokerId: number, index = 0): string {
  return `${String(brokerId).padStart(4, '0')}AAAAAAAAAAAAAAAAA${'AQgw'[index] ?? 'A'}`;
}

export function incarnation(brokerId: number, life = 1): string {
  return `${String(brokerId).padStart(4, '0')}${String(life).padStart(4, 'L')}AAAAAAAAAAAAAA`;
}

export function registration(
  brokerId: number,
  changes: Partial<BrokerRegistrationRequest> = {},
): BrokerRegistrationRequest {
  return {
    brokerId,
    clusterId: CLUSTER_ID,
    incarnationId: incarnation(brokerId),
    listeners: [{ name: 'PLAINTEXT', host: 'localhost', port: 9092 + brokerId, securityProtocol: 0 }],
    features: [...SUPPORTED_FEATURES].map(([name, { min, max }]) => ({
      name,
      minSupportedVersion: min,
      maxSupportedVersion: max,
    })),
    rack: null,
    isMigratingZkBroker: false,
    logDirs: [directoryOfBroker(brokerId)],
    previousBrokerEpoch: -1,
    ...changes,
  };
}

export class TestControls extends ControllerCore {
  nextOffset = 0;
  nowMs = 0;
  /** Everything written, for replaying it elsewhere. */
  readonly written: { readonly record: MetadataRecord; readonly offset: number }[] = [];

  constructor(config: Partial<ControllerConfig> = {}, features: Readonly<Record<string, number>> = {}) {
    super({ ...testConfig, ...config }, testRules, testRandom(), { sessionMs: 9000, fastSessionMs: 3000 });
    this.apply([metadataRecord('FeatureLevelRecord', 0, { name: 'metadata.version', featureLevel: 30 })]);
    for (const [name, featureLevel] of Object.entries(features)) {
      this.apply([metadataRecord('FeatureLevelRecord', 0, { name, featureLevel })]);
    }
    this.state.activate({ nodeId: this.config.nodeId, incarnationId: null }, 0);
  }

  /** Applies records as they come back from the log. */
  apply(records: readonly MetadataRecord[]): void {
    for (const record of records) {
      const read = decodeMetadataRecord(encodeMetadataRecord(record));
      expect(read).toEqual(record);
      this.written.push({ record: read, offset: this.nextOffset });
      this.replay(read, this.nextOffset++);
    }
  }

  commit<T>(result: ControlResult<T>): T {
    this.apply(result.records);
    return result.response;
  }

  register(brokerId: number, changes: Partial<BrokerRegistrationRequest> = {}): number {
    const result = registerBroker(this, registration(brokerId, changes), this.nextOffset, 1, this.nowMs);
    return this.commit(result).brokerEpoch;
  }

  epochOf(brokerId: number): number {
    return this.state.image.cluster.brokers.get(brokerId)?.epoch ?? -1;
  }

  beat(brokerId: number, changes: Partial<BrokerHeartbeatRequest> = {}): ReturnType<typeof heartbeat> {
    const request = {
      brokerId,
      brokerEpoch: this.epochOf(brokerId),
      currentMetadataOffset: this.nextOffset,
      wantFence: false,
      wantShutDown: false,
      offlineLogDirs: [],
      cordonedLogDirs: null,
      ...changes,
    };
    this.state.heartbeats.contact(brokerId, request.brokerEpoch, this.nowMs);
    const result = heartbeat(this, request, this.nextOffset);
    this.commit(result);
    return result;
  }

  /** Registers brokers and unfences them. */
  start(...brokerIds: readonly number[]): this {
    for (const id of brokerIds) {
      this.register(id);
      this.beat(id);
    }
    return this;
  }

  /** A topic with the given replicas for each partition. */
  topic(name: string, ...replicas: readonly (readonly number[])[]): string {
    const assignments = replicas.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds: [...brokerIds] }));
    const response = this.commit(createTopics(this, topicsRequest([{ name, assignments }]), CONTEXT));
    expect(response.topics[0]).toMatchObject({ errorCode: 0 });
    return response.topics[0]?.topicId ?? '';
  }

  partition(topicName: string, partitionId = 0): PartitionRegistration {
    const { topics } = this.state.image;
    const topic = topics.topicByName(topicName);
    const partition = topic === undefined ? null : topics.partition(topic, partitionId);
    if (partition === null) throw new Error(`no partition ${topicName}-${partitionId}`);
    return partition;
  }
}

type TopicSpec = Partial<CreateTopicsRequest['topics'][number]> & { readonly name: string };

export function topicsRequest(topics: readonly TopicSpec[], validateOnly = false): CreateTopicsRequest {
  return {
    topics: topics.map((spec) => ({ numPartitions: -1, replicationFactor: -1, assignments: [], configs: [], ...spec })),
    timeoutMs: 1000,
    validateOnly,
  };
}
