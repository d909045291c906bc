/**
 * DescribeLogDirs (KIP-113): which replicas lie in which log directory of this broker, and how large they are. v4 has the
 * space of the directory (KIP-827); its total is not known here, and told as such.
 */
import { resolve } from 'node:path';
import type { PartitionLog } from '../../log/partition-log';
import type { LogDirectory } from '../../log/log-directory';
import { apis, type RequestOf } from '../../wire/api-keys';
import { ErrorCode } from '../../wire/base/error-codes';
import type { Input } from '../../wire/schema';
import type { DescribeLogDirsResponse } from '../../wire/schema/reassignment';
import { handler, type Call } from './handler';

type Result = Input<typeof DescribeLogDirsResponse>['results'][number];
type Topic = { name: string; partitions: Result['topics'][number]['partitions'][number][] };
type Wish = (log: PartitionLog) => boolean;

export const describeLogDirs = handler({
  request: apis.DescribeLogDirs.request,
  response: apis.DescribeLogDirs.response,
  handle(call, request, respond) {
    const isWanted = wishOf(request.topics);
    const results = call.services.logs.directoryList.map((directory) => describe(call, directory, isWanted));
    respond({ errorCode: ErrorCode.NONE, results });
  },
});

function wishOf(topics: RequestOf<'DescribeLogDirs'>['topics']): Wish {
  if (topics === null) return () => true;
  const wanted = new Map<string, Set<number>>();
  for (const { topic, partitions } of topics) {
    const known = wanted.get(topic) ?? new Set();
    wanted.set(topic, known);
    for (const partition of partitions) known.add(partition);
  }
  return ({ topicPartition: { topic, partition } }) => wanted.get(topic)?.has(partition) === true;
}

function describe(call: Call, directory: LogDirectory, isWanted: Wish): Result {
  const { logs, env } = call.services;
  const logDir = resolve(directory.path);
  if (directory.state.isOffline) return { errorCode: ErrorCode.KAFKA_STORAGE_ERROR, logDir, topics: [] };
  const topics = new Map<string, Topic>();
  for (const log of logs.all) {
    if (log.directoryState !== directory.state || !isWanted(log)) continue;
    const { topic: name, partition: partitionIndex } = log.topicPartition;
    const topic = topics.get(name) ?? { name, partitions: [] };
    topics.set(name, topic);
    // A replica that lies in its place is behind nobody.
    topic.partitions.push({ partitionIndex, partitionSize: log.sizeBytes, offsetLag: 0, isFutureKey: false });
  }
  const usableBytes = env.disk.freeBytes(directory.path);
  return { errorCode: ErrorCode.NONE, logDir, topics: [...topics.values()], totalBytes: -1, usableBytes };
}
