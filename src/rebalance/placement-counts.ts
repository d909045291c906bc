/** How many replicas each broker has by the metadata, and how many partitions are being moved: kept by differences. */
import type { MetadataDelta } from '../../controller/metadata/delta';
import type { MetadataImage } from '../../controller/metadata/image';
import { isReassigning, type PartitionRegistration } from '../../controller/metadata/partition-registration';

export class PlacementCounts {
  private readonly replicas = new Map<number, number>();
  private reassigning = 0;

  get isReassigning(): boolean {
    return this.reassigning > 0;
  }

  replicasOf(brokerId: number): number {
    return this.replicas.get(brokerId) ?? 0;
  }

  /** Whether replicas of partitions that were there before have been moved, or are being moved now. */
  apply(delta: MetadataDelta, image: MetadataImage): boolean {
    if (delta.isWholeImage) {
      this.recount(image);
      return this.isReassigning;
    }
    for (const { partitions } of delta.deletedTopics()) for (const partition of partitions.values()) this.count(partition, -1);
    let isMoved = false;
    for (const change of delta.changedTopics()) {
      for (const { partitionId, previous } of change.partitions()) {
        const next = image.topics.partition(change.topic, partitionId);
        if (previous !== null) this.count(previous, -1);
        if (next !== null) this.count(next, 1);
        isMoved ||= previous !== null && next !== null && isAnother(previous, next);
      }
    }
    return isMoved;
  }

  private recount(image: MetadataImage): void {
    this.replicas.clear();
    this.reassigning = 0;
    for (const topic of image.topics.all()) {
      for (const partitionId of image.topics.partitionIds(topic)) {
        const partition = image.topics.partition(topic, partitionId);
        if (partition !== null) this.count(partition, 1);
      }
    }
  }

  private count(partition: PartitionRegistration, by: 1 | -1): void {
    for (const id of partition.replicas) this.replicas.set(id, (this.replicas.get(id) ?? 0) + by);
    if (isReassigning(partition)) this.reassigning += by;
  }
}

function isAnother(previous: PartitionRegistration, next: PartitionRegistration): boolean {
  return isReassigning(next) || isReassigning(previous) || previous.replicas.join() !== next.replicas.join();
}
