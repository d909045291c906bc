/** I34: what a healed cluster comes to: every broker unfenced, every partition led, every replica in its ISR. */

import type { MetadataImage } from '../../../../../controller/metadata/image';

/** What is still missing for these nodes, in a sentence each; empty when all is well. */
export function unsettled(image: MetadataImage, nodeIds: readonly number[]): readonly string[] {
  const missing: string[] = [];
  for (const id of nodeIds) {
    const broker = image.cluster.brokers.get(id);
    if (broker === undefined) missing.push(`broker ${id} is not registered`);
    else if (broker.fenced) missing.push(`broker ${id} is fenced`);
  }
  for (const topic of image.topics.all()) {
    for (const id of image.topics.partitionIds(topic)) {
      const partition = image.topics.partition(topic, id);
      if (partition === null) continue;
      const { leader, isr, replicas } = partition;
      if (leader < 0) missing.push(`${topic.name}-${id} has no leader`);
      else if (replicas.some((replica) => nodeIds.includes(replica) && !isr.includes(replica))) missing.push(`the ISR of ${topic.name}-${id} is [${isr.join()}] of [${replicas.join()}]`);
    }
  }
  return missing;
}
