/** Counts who has come to lead partitions, and whether that was clean, from the changes of the metadata. */
import type { MetadataDelta } from '../../../controller/metadata/delta';
import type { MetadataImage } from '../../../controller/metadata/image';
import { NO_LEADER, type PartitionRegistration } from '../../../controller/metadata/partition-registration';
import type { MetadataPublisher } from '../../../controller/metadata/publisher';

export class Elections implements MetadataPublisher {
  readonly name = 'elections';
  /** From the ISR; from the eligible leader replicas (KIP-966); from replicas that may lack acknowledged records. */
  readonly counts = { clean: 0, eligible: 0, unclean: 0 };

  /** Counted by the active controller alone, so that a sum over the nodes counts each once. */
  constructor(private readonly isActive: () => boolean) {}

  publish(delta: MetadataDelta, image: MetadataImage): void {
    if (delta.isWholeImage || !this.isActive()) return;
    for (const change of delta.changedTopics()) {
      for (const { partitionId, previous } of change.partitions()) {
        const now = image.topics.partition(change.topic, partitionId);
        if (previous !== null && now !== null) this.count(previous, now);
      }
    }
  }

  private count(before: PartitionRegistration, { leader, leaderEpoch }: PartitionRegistration): void {
    if (leader === NO_LEADER || leaderEpoch === before.leaderEpoch || leader === before.leader) return;
    if (before.isr.includes(leader)) this.counts.clean++;
    else if (before.elr.includes(leader)) this.counts.eligible++;
    else this.counts.unclean++;
  }
}
