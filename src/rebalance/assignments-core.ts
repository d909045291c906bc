/** Where replicas are while a plan is being made, with counts for each broker. */
export interface PlanBroker {
  readonly id: number;
  readonly rack: string | null;
}

export interface PlanPartition {
  readonly topic: string;
  readonly partition: number;
  /** The preferred leader first. */
  readonly replicas: readonly number[];
  /** Of one replica. */
  readonly bytes: number;
}

export interface Assigned {
  readonly source: PlanPartition;
  /** Its place among all, by topic and partition. */
  readonly order: number;
  readonly replicas: number[];
}

interface Load {
  readonly assigned: Set<Assigned>;
  readonly topics: Map<string, number>;
  bytes: number;
  leaders: number;
}

export class Assignments {
  readonly all: readonly Assigned[];
  private readonly racks = new Map<number, string | null>();
  private readonly loads = new Map<number, Load>();

  constructor(brokers: readonly PlanBroker[], partitions: readonly PlanPartition[]) {
    for (const { id, rack } of [...brokers].sort((a, b) => a.id - b.id)) {
      this.racks.set(id, rack);
      this.loads.set(id, { assigned: new Set(), topics: new Map(), bytes: 0, leaders: 0 });
    }
    this.all = [...partitions].sort(byName).map((source, order) => ({ source, order, replicas: [...source.replicas] }));
    for (const assigned of this.all) {
      for (const id of assigned.replicas) this.add(assigned, id, 1);
      this.countLeader(assigned, 1);
    }
  }

  /** Whether the broker is to have replicas. */
  isTarget(id: number): boolean {
    return this.racks.has(id);
  }

  replicaCount(id: number): number {
    return this.loads.get(id)?.assigned.size ?? 0;
  }

  leaderCount(id: number): number {
    return this.loads.get(id)?.leaders ?? 0;
  }

  bytesOn(id: number): number {
    return this.loads.get(id)?.bytes ?? 0;
  }

  topicCount(topic: string, id: number): number {
    return this.loads.get(id)?.topics.get(topic) ?? 0;
  }

  on(id: number): Iterable<Assigned> {
    return this.loads.get(id)?.assigned ?? [];
  }

  /** Those that move anyway first, then in order. */
  ledBy(id: number): readonly Assigned[] {
    const led = [...this.on(id)].filter(({ replicas }) => replicas[0] === id);
    const stays = ({ source, replicas }: Assigned): number => (replicas.every((each) => source.replicas.includes(each)) ? 1 : 0);
    return led.sort((a, b) => stays(a) - stays(b) || a.order - b.order);
  }

  fewestReplicasFirst(): readonly number[] {
    return [...this.loads.keys()].sort((a, b) => this.replicaCount(a) - this.replicaCount(b) || a - b);
  }

  mostLeadershipsFirst(): readonly number[] {
    return [...this.loads.keys()].sort((a, b) => this.leaderCount(b) - this.leaderCount(a) || a - b);
  }

  /** Not twice on one broker, and in no fewer racks than before. */
  mayMove({ replicas }: Assigned, from: number, to: number): boolean {
    if (replicas.includes(to)) return false;
    const after = replicas.map((id) => (id === from ? to : id));
    return this.rackCount(after) >= this.rackCount(replicas);
  }

  move(assigned: Assigned, from: number, to: number): void {
    this.countLeader(assigned, -1);
    this.add(assigned, from, -1);
    assigned.replicas[assigned.replicas.indexOf(from)] = to;
    this.add(assigned, to, 1);
    this.countLeader(assigned, 1);
  }

  /** `to` becomes the preferred leader; the others keep their order. */
  lead(assigned: Assigned, to: number): void {
    this.countLeader(assigned, -1);
    assigned.replicas.splice(assigned.replicas.indexOf(to), 1);
    assigned.replicas.unshift(to);
    this.countLeader(assigned, 1);
  }

  /** Brokers without a rack are of none. */
  private rackCount(replicas: readonly number[]): number {
    return new Set(replicas.map((id) => this.racks.get(id) ?? null).filter((rack) => rack !== null)).size;
  }

  private add(assigned: Assigned, id: number, by: 1 | -1): void {
    const load = this.loads.get(id);
    if (load === undefined) return;
    if (by === 1) load.assigned.add(assigned);
    else load.assigned.delete(assigned);
    const { topic, bytes } = assigned.source;
    load.topics.set(topic, (load.topics.get(topic) ?? 0) + by);
    load.bytes += by * bytes;
  }

  private countLeader({ replicas }: Assigned, by: 1 | -1): void {
    const load = this.loads.get(replicas[0] ?? -1);
    if (load !== undefined) load.leaders += by;
  }
}

function byName(a: PlanPartition, b: PlanPartition): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition;
}
