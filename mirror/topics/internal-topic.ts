/** MirrorMaker's own topics: one partition, compacted. */
import { ErrorCode } from '../../wire/base/error-codes';
import { createTopics } from '../../wire/cluster-admin';
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
  if (refusal !== undefined) throw new Error(`topic ${name} cannot be created: ${refusal.message}`);
}
