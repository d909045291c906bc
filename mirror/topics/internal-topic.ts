/** MirrorMaker's own topics: one partition, compacted. */
import { ErrorCode } from '../../wire/base/error-codes';
import { type Refusal, createTopics } from '../../wire/cluster-admin';
import type { ClusterClient } from '../../wire/cluster-client';

/** Rejects with a sentence when the cluster does not let it be created. */
export async function ensureInternalTopic(
  client: ClusterClient,
  name: string,
  replicationFactor: number,
): Promise<void> {
  const [view] = await client.metadata([name]);
  if (view?.errorCode === ErrorCode.NONE) return;
  const configs = [{ name: 'cleanup.policy', value: 'compact' }];
  const refused = await createTopics(client, [{ name, partitions: 1, replicationFactor, configs }]);
  const refusal = refused.get(name);
  if (refusal !== undefined)
    throw new Error(
      `topic ${name} cannot be created: ${refusal.message}${adviceOn(refusal, 'the key for it that ends in topic.replication.factor')}`,
    );
}

/** What to do about it, where the property file can: MirrorMaker's defaults take two and three brokers. */
export function adviceOn({ errorCode }: Refusal, key: string): string {
  return errorCode === ErrorCode.INVALID_REPLICATION_FACTOR ? ` Lower ${key} in the property file.` : '';
}
