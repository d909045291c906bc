/** What has gone in and out, in plain fields: every request comes by. Whoever exports metrics reads them. */

/** Of the partitions of one topic that are, or were, led here. */
export class TopicTraffic {
  recordsIn = 0;
  bytesIn = 0;
  /** Offsets that were given to consumers; where a size cut the answer off, to within an entry of the offset index. */
  recordsOut = 0;
  bytesOut = 0;
}

/** Between brokers, all topics together. */
export class ReplicationTraffic {
  bytesIn = 0;
  bytesOut = 0;
}

/** By topic, for as long as the cluster has it: a sum that forgot what moved away would fall, which counters do not. */
export class Traffic {
  readonly replication = new ReplicationTraffic();
  private readonly topics = new Map<string, TopicTraffic>();

  of(topic: string): TopicTraffic {
    let traffic = this.topics.get(topic);
    if (traffic === undefined) this.topics.set(topic, (traffic = new TopicTraffic()));
    return traffic;
  }

  forget(topic: string): void {
    this.topics.delete(topic);
  }

  all(): Iterable<readonly [topic: string, traffic: TopicTraffic]> {
    return this.topics;
  }
}
