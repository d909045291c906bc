/**
 * A topic in mirror mode, asked over the protocol: Produce with the tagged field of Moldau's leaders, and the topic config
 * `mirror.source`. Everything here rejects with an ExchangeError when nobody answers and with a ServerError otherwise.
 */
import { ErrorCode, errorName, isRetriable } from '../../wire/base/error-codes';
import type { BaseEnv } from '../../wire/base/env';
import { ServerError } from '../../wire/broker-link';
import type { ClusterClient } from '../../wire/cluster-client';
import type { RequestInput, ResponseOf } from '../../wire/exchange';

export const MIRROR_SOURCE = 'mirror.source';

export interface TargetPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface LogRange {
  readonly logStartOffset: number;
  readonly logEndOffset: number;
}

type ProducePartition = RequestInput<'Produce'>['topicData'][number]['partitionData'][number];
export type MirrorFields = NonNullable<ProducePartition['mirror']>;
type PartitionAnswer = ResponseOf<'Produce'>['responses'][number]['partitionResponses'][number];

const FIRST_FLEXIBLE = 9;
const BY_ID = 13;
const TIMEOUT_MS = 30_000;
const TOPIC = 2;
const SET = 0;
const DELETE = 1;

/** One request to the partition's leader, without records. */
async function ask(target: ClusterClient, { topic, partition }: TargetPartition, mirror: MirrorFields): Promise<PartitionAnswer> {
  const name = `${topic}-${partition}`;
  const [view] = await target.metadata([topic]);
  if (view === undefined || view.errorCode !== ErrorCode.NONE) {
    throw new ServerError(view?.errorCode ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `topic ${topic}`);
  }
  const leader = view.leaders[partition] ?? -1;
  if (leader < 0) throw new ServerError(ErrorCode.LEADER_NOT_AVAILABLE, name);
  const partitionData = [{ index: partition, records: null, mirror }];
  const response = await target.ask(leader, 'Produce', (version) => {
    if (version < FIRST_FLEXIBLE) throw new ServerError(ErrorCode.UNSUPPORTED_VERSION, `${name}: not a Moldau broker`);
    const topicData = [version >= BY_ID ? { topicId: view.topicId, partitionData } : { name: topic, partitionData }];
    return { acks: -1, timeoutMs: TIMEOUT_MS, topicData };
  });
  return response.responses[0]!.partitionResponses[0]!;
}

function rangeOf({ errorCode, errorMessage, baseOffset, logStartOffset }: PartitionAnswer, where: TargetPartition): LogRange {
  if (errorCode === ErrorCode.NONE) return { logStartOffset, logEndOffset: baseOffset };
  throw new ServerError(errorCode, errorMessage ?? `${where.topic}-${where.partition}: ${errorName(errorCode)}`);
}

/** The leader's log, if the topic mirrors `source`: a ServerError POLICY_VIOLATION when it does not. */
export async function mirroredRange(target: ClusterClient, where: TargetPartition, source: string): Promise<LogRange> {
  return rangeOf(await ask(target, where, { source }), where);
}

/** An empty log goes on at `offset`; returns what it is then. */
export async function startAt(target: ClusterClient, where: TargetPartition, source: string, range: LogRange, offset: number): Promise<LogRange> {
  const mirror = { source, expectedLogEndOffset: range.logEndOffset, sourceLogStartOffset: offset };
  return rangeOf(await ask(target, where, mirror), where);
}

/**
 * Cuts the log back so that it ends at `offset`, on every replica, if it ends at `range.logEndOffset` now. Takes effect in
 * another leader epoch, so it is asked for until it has; a no-op where it has been done.
 */
export async function cutTail(env: BaseEnv, target: ClusterClient, where: TargetPartition, source: string, logEndOffset: number, offset: number): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const answer = await ask(target, where, { source, expectedLogEndOffset: logEndOffset, truncateToOffset: offset });
    if (answer.errorCode === ErrorCode.NONE) return;
    if (!isRetriable(answer.errorCode) || attempt >= MAX_ATTEMPTS) return void rangeOf(answer, where);
    await new Promise<void>((resolve) => void env.timers.set(WAIT_MS, resolve));
  }
}
const MAX_ATTEMPTS = 300;
const WAIT_MS = 100;

/** Sets or removes (null) `mirror.source` of a topic; what a topic has already is no error. */
export async function setMirrorSource(cluster: ClusterClient, topic: string, source: string | null): Promise<void> {
  const config = { name: MIRROR_SOURCE, configOperation: source === null ? DELETE : SET, value: source };
  const resources = [{ resourceType: TOPIC, resourceName: topic, configs: [config] }];
  const { responses } = await cluster.ask('any', 'IncrementalAlterConfigs', { resources, validateOnly: false });
  const { errorCode, errorMessage } = responses[0]!;
  if (errorCode !== ErrorCode.NONE) throw new ServerError(errorCode, `${MIRROR_SOURCE} of ${topic}: ${errorMessage ?? errorName(errorCode)}`);
}

/** `mirror.source` of each topic; '' for those without it. */
export async function mirrorSources(cluster: ClusterClient, topics: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (topics.length === 0) return new Map();
  const resources = topics.map((resourceName) => ({ resourceType: TOPIC, resourceName, configurationKeys: [MIRROR_SOURCE] }));
  const { results } = await cluster.ask('any', 'DescribeConfigs', { resources });
  return new Map(
    results.map(({ errorCode, resourceName, configs }) => {
      if (errorCode !== ErrorCode.NONE) throw new ServerError(errorCode, `configs of ${resourceName}`);
      return [resourceName, configs.find(({ name }) => name === MIRROR_SOURCE)?.value ?? ''];
    }),
  );
}
