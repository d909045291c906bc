/**
 * Where each partition ended when it was promoted, kept on the promoted cluster itself: as offsets of a group of our own. What
 * lies below came from the source, what lies from there on was written here. A failback starts from it.
 */
import type { ClusterClient } from '../../wire/cluster-client';
import { alterGroupOffsets, committedOffsets } from '../../wire/group-admin';

/** Ten years: a primary may be gone for longer than offsets of groups without members are kept. */
const KEPT_MS = 10 * 365 * 86_400_000;

export interface Promotion {
  readonly topic: string;
  readonly partition: number;
  /** The log's end when the last mirrored record was in it. */
  readonly endOffset: number;
  readonly sourceTopic: string;
  readonly isSourceLost: boolean;
}

/** Hidden from group filters, as MirrorMaker 2's default excludes `__.*`. */
export function promotionGroup(sourceAlias: string, targetAlias: string): string {
  return `__moldau-promoted.${sourceAlias}.${targetAlias}`;
}

export async function readPromotions(cluster: ClusterClient, group: string): Promise<Promotion[]> {
  const rows = await committedOffsets(cluster, group);
  return rows.map(({ topic, partition, offset, metadata }) => {
    const kept: unknown = metadata === '' ? {} : JSON.parse(metadata);
    const { sourceTopic = topic, isSourceLost = false } = kept as Partial<Promotion>;
    return { topic, partition, endOffset: offset, sourceTopic, isSourceLost };
  });
}

export async function storePromotions(cluster: ClusterClient, group: string, promotions: readonly Promotion[]): Promise<void> {
  const rows = promotions.map(({ topic, partition, endOffset, sourceTopic, isSourceLost }) => ({
    topic,
    partition,
    offset: endOffset,
    metadata: JSON.stringify({ sourceTopic, isSourceLost }),
  }));
  await alterGroupOffsets(cluster, group, rows, KEPT_MS);
}
