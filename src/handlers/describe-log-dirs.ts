/** DescribeLogDirs: which replicas lie where, and how large they are. v4 has the size of the volume (KIP-827). */
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
    const { directoryList, all } = call.services.logs;
    const isAsked = selectionOf(request);
    const topicsIn = new Map(directoryList.map(({ state }) => [state, new Map() as Topics]));
    const add = (log: PartitionLog): void => {
      const topics = topicsIn.get(log.directoryState);
      if (topics !== undefined && isAsked(log)) addTo(topics, log);
    };
    mapInTurns(call, [...all], add, () => {
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

function addTo(topics: Topics, { topicPartition, sizeBytes }: PartitionLog): void {
  const { topic: name, partition: partitionIndex } = topicPartition;
  const topic = topics.get(name) ?? { name, partitions: [] };
  topics.set(name, topic);
  // No log runs behind its own high watermark, and no replica moves between directories: no lag, no future replicas.
  topic.partitions.push({ partitionIndex, partitionSize: sizeBytes, offsetLag: 0, isFutureKey: false });
}

function describe({ services }: Call, { path, state }: LogDirectory, topics: Topics = new Map()): Result {
  const failed = { errorCode: ErrorCode.KAFKA_STORAGE_ERROR, logDir: path, topics: [] };
  if (state.isOffline) return failed;
  try {
    const { disk } = services.env;
    const space = { totalBytes: disk.totalBytes(path), usableBytes: disk.freeBytes(path) };
    return { errorCode: ErrorCode.NONE, logDir: path, topics: [...topics.values()], ...space };
  } catch (error) {
    if (isDiskError(error)) return failed;
    throw error;
  }
}
