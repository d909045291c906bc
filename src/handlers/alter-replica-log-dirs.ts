/** AlterReplicaLogDirs (KIP-113): moves replicas between the log directories of this broker. v1 and v2 say the same. */
import type { Infer, Input } from '../../wire/schema';
import { AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse } from '../../wire/schema/reassignment';
import type { TopicPartition } from '../../log/file-names';
import { alterLogDir } from '../replication/alter-log-dirs';
import { handler } from './handler';
import { mapInTurns } from './in-turns';

type Result = Input<typeof AlterReplicaLogDirsResponse>['results'][number];

interface Asked extends TopicPartition {
  readonly path: string;
}

interface Answer extends TopicPartition {
  readonly errorCode: number;
}

export const alterReplicaLogDirs = handler({
  request: AlterReplicaLogDirsRequest,
  response: AlterReplicaLogDirsResponse,
  handle(call, request, respond) {
    const { replicas, logs, metadata } = call.services;
    const alter = ({ topic, partition, path }: Asked): Answer => {
      const isKnown = metadata.partition(topic, partition) !== null;
      return { topic, partition, errorCode: alterLogDir(replicas, logs, { topic, partition }, path, isKnown) };
    };
    mapInTurns(call, eachOnce(request), alter, (answers) => respond({ results: resultsOf(answers) }));
  },
});

/** Of a replica that is named twice the last directory is meant. */
function eachOnce({ dirs }: Infer<typeof AlterReplicaLogDirsRequest>): Asked[] {
  const asked = new Map<string, Asked>();
  for (const { path, topics } of dirs) {
    for (const { name, partitions } of topics) {
      for (const partition of partitions) asked.set(`${name}-${partition}`, { topic: name, partition, path });
    }
  }
  return [...asked.values()];
}

function resultsOf(answers: readonly Answer[]): Result[] {
  const topics = new Map<string, Result['partitions'][number][]>();
  for (const { topic, partition, errorCode } of answers) {
    const partitions = topics.get(topic) ?? [];
    topics.set(topic, partitions);
    partitions.push({ partitionIndex: partition, errorCode });
  }
  return [...topics].map(([topicName, partitions]) => ({ topicName, partitions }));
}
