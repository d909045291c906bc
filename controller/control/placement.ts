/**
 * Where new replicas go: striped over racks, and over the brokers of each rack. (KIP-631)
 *
 * Each list (racks, unfenced and fenced brokers of a rack) starts at a random place and moves on by one per partition, so
 * that leaders and followers spread evenly. Only an unfenced broker gets the first replica; fenced ones come last.
 */
import type { Random } from '../../wire/base/env';

export interface UsableBroker {
  readonly id: number;
  readonly rack: string | null;
  readonly fenced: boolean;
}

export interface ReplicaPlacer {
  /** One list of replicas per partition. Throws PlacementError. */
  place(partitions: number, replicationFactor: number, brokers: Iterable<UsableBroker>): number[][];
}

/** There are not enough brokers; the message is the end of a sentence that the client sees. */
export class PlacementError extends Error {
  override readonly name = 'PlacementError';
}

export class StripedReplicaPlacer implements ReplicaPlacer {
  constructor(private readonly random: Random) {}

  place(partitions: number, replicationFactor: number, brokers: Iterable<UsableBroker>): number[][] {
    const racks = new RackList(brokers, this.random);
    if (replicationFactor <= 0) {
      throw new PlacementError(
        `Invalid replication factor ${replicationFactor}: the replication factor must be positive.`,
      );
    }
    if (racks.unfencedBrokers === 0) throw new PlacementError('All brokers are currently fenced.');
    if (replicationFactor > racks.brokers) {
      throw new PlacementError(
        `The target replication factor of ${replicationFactor} cannot be reached because only ${racks.brokers} ` +
          'broker(s) are registered or some brokers have all their log directories cordoned.',
      );
    }
    return Array.from({ length: partitions }, () => racks.place(replicationFactor));
  }
}

/** Brokers in a ring, whose start moves on by one with each epoch. */
class BrokerRing {
  private readonly ids: number[] = [];
  private taken = 0;
  private offset = 0;
  private epoch = 0;

  add(id: number): void {
    this.ids.push(id);
  }

  get size(): number {
    return this.ids.length;
  }

  initialize(random: Random): void {
    this.ids.sort((a, b) => a - b);
    if (this.ids.length > 0) this.offset = random.below(this.ids.length);
  }

  shuffle(random: Random): void {
    shuffle(this.ids, random);
  }

  /** -1 when every broker has been taken in this epoch. */
  next(epoch: number): number {
    if (this.ids.length === 0) return -1;
    if (this.epoch !== epoch) {
      this.epoch = epoch;
      this.taken = 0;
      this.offset = (this.offset + 1) % this.ids.length;
    }
    if (this.taken >= this.ids.length) return -1;
    const id = this.ids[(this.taken + this.offset) % this.ids.length] as number;
    this.taken += 1;
    return id;
  }
}

interface Rack {
  readonly name: string | null;
  readonly unfenced: BrokerRing;
  readonly fenced: BrokerRing;
}

class RackList {
  private readonly racks: Rack[] = [];
  /** Partitions placed; rings start anew with each. */
  private epoch = 0;
  private sinceShuffle = 0;
  private offset: number;

  constructor(
    brokers: Iterable<UsableBroker>,
    private readonly random: Random,
  ) {
    for (const { id, rack, fenced } of brokers) {
      const entry = this.rackOf(rack);
      (fenced ? entry.fenced : entry.unfenced).add(id);
    }
    this.racks.sort((a, b) => compareRacks(a.name, b.name));
    for (const { fenced, unfenced } of this.racks) {
      fenced.initialize(random);
      unfenced.initialize(random);
    }
    this.offset = this.racks.length === 0 ? 0 : random.below(this.racks.length);
  }

  get brokers(): number {
    return this.racks.reduce((sum, { fenced, unfenced }) => sum + fenced.size + unfenced.size, 0);
  }

  get unfencedBrokers(): number {
    return this.racks.reduce((sum, { unfenced }) => sum + unfenced.size, 0);
  }

  place(replicationFactor: number): number[] {
    const { unfencedBrokers } = this;
    // After as many partitions as there are leaders the pattern would repeat: shuffle, unless there is nothing to shuffle.
    if (this.sinceShuffle === unfencedBrokers && unfencedBrokers > 1) {
      this.shuffle();
      this.sinceShuffle = 0;
    }
    if (this.offset === this.racks.length) this.offset = 0;
    const replicas: number[] = [];
    const leaderRack = this.takeLeader(replicas);
    this.takeFollowers(replicas, replicationFactor, leaderRack);
    this.epoch += 1;
    this.sinceShuffle += 1;
    this.offset += 1;
    return replicas;
  }

  /** Takes the next unfenced broker, from the rack at the offset or the first after it that has one; returns the rack. */
  private takeLeader(replicas: number[]): number {
    for (let rack = this.offset; ; rack = (rack + 1) % this.racks.length) {
      const id = (this.racks[rack] as Rack).unfenced.next(this.epoch);
      if (id < 0) continue;
      replicas.push(id);
      return rack;
    }
  }

  /** Walks the racks from the offset on, passing the leader's rack over once. */
  private takeFollowers(replicas: number[], replicationFactor: number, leaderRack: number): void {
    let toPassOver = leaderRack;
    for (let rack = this.offset; replicas.length < replicationFactor; rack = (rack + 1) % this.racks.length) {
      if (rack === toPassOver) {
        toPassOver = -1;
        continue;
      }
      const { unfenced, fenced } = this.racks[rack] as Rack;
      let id = unfenced.next(this.epoch);
      if (id < 0) id = fenced.next(this.epoch);
      if (id >= 0) replicas.push(id);
    }
  }

  private shuffle(): void {
    shuffle(this.racks, this.random);
    for (const { fenced, unfenced } of this.racks) {
      fenced.shuffle(this.random);
      unfenced.shuffle(this.random);
    }
  }

  private rackOf(name: string | null): Rack {
    const known = this.racks.find((rack) => rack.name === name);
    if (known !== undefined) return known;
    const rack = { name, unfenced: new BrokerRing(), fenced: new BrokerRing() };
    this.racks.push(rack);
    return rack;
  }
}

/** Brokers without a rack form the first one. */
function compareRacks(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? -1 : 1;
  return a < b ? -1 : 1;
}

function shuffle<T>(list: T[], random: Random): void {
  for (let i = list.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [list[i], list[j]] = [list[j] as T, list[i] as T];
  }
}
