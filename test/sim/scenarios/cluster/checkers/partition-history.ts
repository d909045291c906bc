/**
 * What the committed metadata may say of partitions, change by change:
 * I10 whoever joins an ISR is registered, unfenced and not shutting down, and no fenced broker leads.
 * I11 the leader is in the ISR, or there is none; nobody is elected who was in neither ISR nor ELR, but a last known leader.
 * KIP-966 who leaves an ISR that is smaller than min.insync.replicas then stays eligible, unless he came back unclean.
 * I12 the partition epoch rises by one with every change, the leader epoch never falls.
 */

import type { MetadataImage } from '../../../../../controller/metadata/image';
import type { PartitionRegistration } from '../../../../../controller/metadata/partition-registration';

export type PartitionStep = 'election' | 'leader lost' | 'isr shrink' | 'isr expand' | 'elr' | 'last known leader elected';

export interface PartitionChange {
  /** For messages: topic-partition. */
  readonly key: string;
  readonly before: PartitionRegistration | null;
  readonly after: PartitionRegistration;
}

/** Why the change is not allowed, in a sentence; null when it is. `image` is what precedes it. */
export function objectionTo({ key, before, after }: PartitionChange, image: MetadataImage): string | null {
  const strangers = after.isr.filter((id) => !after.replicas.includes(id));
  if (strangers.length > 0) return `I10 the ISR of ${key} has ${strangers.join()}, which hold no replica`;
  if (after.leader >= 0 && !after.isr.includes(after.leader)) return `I11 ${after.leader} leads ${key}, and is not in its ISR [${after.isr.join()}]`;
  const isActive = (id: number): boolean => {
    const broker = image.cluster.brokers.get(id);
    return broker !== undefined && !broker.fenced && !broker.inControlledShutdown;
  };
  const joined = after.isr.filter((id) => before === null || !before.isr.includes(id));
  const unfit = joined.find((id) => !isActive(id));
  if (unfit !== undefined) return `I10 broker ${unfit} joins the ISR of ${key}, fenced, shutting down or unknown`;
  if (after.leader >= 0 && after.leader !== before?.leader && !isActive(after.leader)) {
    return `I10 broker ${after.leader} becomes leader of ${key}, fenced, shutting down or unknown`;
  }
  return before === null ? null : objectionToStep(key, before, after);
}

function objectionToStep(key: string, before: PartitionRegistration, after: PartitionRegistration): string | null {
  if (after.partitionEpoch !== before.partitionEpoch + 1) return `I12 the partition epoch of ${key} goes from ${before.partitionEpoch} to ${after.partitionEpoch}`;
  if (after.leaderEpoch < before.leaderEpoch) return `I14 the leader epoch of ${key} goes from ${before.leaderEpoch} back to ${after.leaderEpoch}`;
  const { leader } = after;
  if (leader < 0 || leader === before.leader) return null;
  if (after.leaderEpoch === before.leaderEpoch) return `I6 ${key} has leaders ${before.leader} and ${leader} in epoch ${after.leaderEpoch}`;
  const mayLead = [before.isr, before.elr, before.lastKnownElr].some((ids) => ids.includes(leader));
  return mayLead ? null : `I11 ${key} elects ${leader}, of neither its ISR [${before.isr.join()}] nor its ELR [${before.elr.join()}]`;
}

/** What happened, for counting. */
export function stepsOf({ before, after }: PartitionChange): readonly PartitionStep[] {
  if (before === null) return [];
  const steps: PartitionStep[] = [];
  if (after.leader !== before.leader) steps.push(after.leader < 0 ? 'leader lost' : 'election');
  if (before.isr.some((id) => !after.isr.includes(id))) steps.push('isr shrink');
  if (after.isr.some((id) => !before.isr.includes(id))) steps.push('isr expand');
  if (after.elr.length > before.elr.length) steps.push('elr');
  const isElected = after.leader >= 0 && after.leader !== before.leader;
  if (isElected && !before.isr.includes(after.leader) && !before.elr.includes(after.leader)) steps.push('last known leader elected');
  return steps;
}

/** Who was in the ISR or eligible, and is neither any more, though the ISR is smaller than it should be. */
export function forgotten({ before, after }: PartitionChange, minIsr: number): readonly number[] {
  if (before === null || after.isr.length >= minIsr) return [];
  return [...new Set([...before.isr, ...before.elr])].filter((id) => !after.isr.includes(id) && !after.elr.includes(id));
}
