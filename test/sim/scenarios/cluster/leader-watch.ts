/**
 * Sees into the leaders themselves: each time that a high watermark moves it is told which replica moved it, and all that
 * lead can be looked at. Partitions of all simulated nodes live in this process, so their class is watched, not their node.
 *
 * One play at a time: the latest watcher hears, until it is closed.
 */

import type { PartitionCore } from '../../../../src/replication/partition-core';
import { Partition } from '../../../../src/replication/partition';

/** What is looked at; `Partition` is one. */
export interface WatchedPartition {
  readonly key: string;
  readonly core: PartitionCore;
  readonly log: { readonly highWatermark: number };
}

type Registration = Parameters<Partition['apply']>[0];
type Role = ReturnType<Partition['apply']>;

interface Inside {
  apply(this: Partition, registration: Registration): Role;
  /** Called whenever the high watermark has moved. */
  tellHighWatermark(this: Partition): void;
  readonly context: { readonly core: { readonly brokerId: number } };
}

type Watcher = (brokerId: number, partition: WatchedPartition) => void;

const inside = Partition.prototype as unknown as Inside;
const brokerOf = (partition: Partition): number => (partition as unknown as Inside).context.core.brokerId;
let current: LeaderWatch | null = null;

export class LeaderWatch {
  private readonly replicas = new Map<string, { readonly brokerId: number; readonly partition: WatchedPartition }>();

  constructor(private readonly moved: Watcher) {
    plant();
    current = this;
  }

  /** The play is over: what other plays do is none of its business. */
  close(): void {
    if (current === this) current = null;
  }

  /** Replicas that believe to lead, of processes that live or have lived: of each node and partition the latest. */
  *leading(): Generator<{ readonly brokerId: number; readonly partition: WatchedPartition }> {
    for (const replica of this.replicas.values()) if (replica.partition.core.role === 'leading') yield replica;
  }

  /** The process of a node has ended, and its replicas with it. */
  forget(brokerId: number): void {
    for (const [place, replica] of this.replicas) if (replica.brokerId === brokerId) this.replicas.delete(place);
  }

  /** @internal */
  applied(partition: Partition): void {
    const brokerId = brokerOf(partition);
    this.replicas.set(`${brokerId}/${partition.key}`, { brokerId, partition });
  }

  /** @internal */
  hasMoved(partition: Partition): void {
    if (partition.core.role === 'leading') this.moved(brokerOf(partition), partition);
  }
}

let isPlanted = false;

function plant(): void {
  if (isPlanted) return;
  isPlanted = true;
  const { apply, tellHighWatermark } = inside;
  inside.apply = function (registration) {
    current?.applied(this);
    return apply.call(this, registration);
  };
  inside.tellHighWatermark = function () {
    current?.hasMoved(this);
    tellHighWatermark.call(this);
  };
}
