/** DescribeLogDirs: which replicas lie where, or are on their way there (KIP-113), and how large they are. v4 has the size of the volume (KIP-827). */
import { ErrorCode } from '../../wire/base/error-codes';
import type { Infer, Input } from '../../wire/schema';
import { DescribeLogDirsRequest, DescribeLogDirsResponse } from '../../wire/schema/reassignment';
import { isDiskError } from '../../log/directory-state';
import type { LogDirectory } from '../../log/log-directory';
import type { PartitionLog } from '../../log/partition-log';
import { handler, type Call } from './handler';
import { mapInTurns } from './in-turns';

type Result = Input<typeof DescribeLogDirsResponse>['results'][number];
type Topics = Map<string, { name: string; partitions: Result['topics'][number]['partitions'][number][] }>;

export const describeLogDirs = handler({
  request: DescribeLogDirsRequest,
  response: DescribeLogDirsResponse,
  handle(call, request, respond) {
    const { directoryList, all, futures } = call.services.logs;
    const isAsked = selectionOf(request);
    const topicsIn = new Map(directoryList.map(({ state }) => [state, new Map() as Topics]));
    const add = (log: PartitionLog): void => {
      const topics = topicsIn.get(log.directoryState);
      if (topics !== undefined && isAsked(log)) addTo(topics, log, lagOf(log), false);
    };
    const addFuture = (log: PartitionLog): void => {
      const topics = topicsIn.get(log.directoryState);
      if (topics !== undefined && isAsked(log)) addTo(topics, log, futureLagOf(call, log), true);
    };
    const logs = [...all, ...futures.all];
    mapInTurns(call, logs, (log) => (futures.get(log.topicPartition) === log ? addFuture(log) : add(log)), () => {
      const results = directoryList.map((directory) => describe(call, directory, topicsIn.get(directory.state)));
      respond({ errorCode: ErrorCode.NONE, results });
    });
  },
});

function selectionOf({ topics }: Infer<typeof DescribeLogDirsRequest>): (log: PartitionLog) => boolean {
  if (topics === null) return () => true;
  const asked = new Map<string, Set<number>>();
  for (const { topic, partitions } of topics) {
    asked.set(topic, new Set([...(asked.get(topic) ?? []), ...partitions]));
  }
  return ({ topicPartition: { topic, partition } }) => asked.get(topic)?.has(partition) === true;
}

/** No log runs behind its own high watermark. */
function lagOf({ highWatermark, logEndOffset }: PartitionLog): number {
  return Math.max(0, highWatermark - logEndOffset);
}

/** Records that the copy does not have yet; -1 when the replica itself is not here. */
function futureLagOf({ services }: Call, { topicPartition: { topic, partition }, logEndOffset }: PartitionLog): number {
  const log = services.logs.get(topic, partition);
  return log === undefined ? UNKNOWN_LAG : log.logEndOffset - logEndOffset;
}

const UNKNOWN_LAG = -1;

function addTo(topics: Topics, { topicPartition, sizeBytes }: PartitionLog, offsetLag: number, isFutureKey: boolean): void {
  const { topic: name, partition: partitionIndex } = topicPartition;
  const topic = topics.get(name) ?? { name, partitions: [] };
  topics.set(name, topic);
  topic.partitions.push({ partitionIndex, partitionSize: sizeBytes, offsetLag, isFutureKey });
}

function describe({ services }: Call, { path, state }: LogDirectory, topics: Topics = new Map()): Result {
  const logDir = services.env.disk.absolutePath(path);
  const failed = { errorCode: ErrorCode.KAFKA_STORAGE_ERROR, logDir, topics: [] };
  if (state.isOffline) return failed;
  try {
    const { disk } = services.env;
    const space = { totalBytes: disk.totalBytes(path), usableBytes: disk.freeBytes(path) };
    return { errorCode: ErrorCode.NONE, logDir, topics: [...topics.values()], ...space };
  } catch (error) {
    if (isDiskError(error)) return failed;
    throw error;
  }
}
