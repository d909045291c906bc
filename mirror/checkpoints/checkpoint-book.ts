/** The last checkpoint of each group and partition, first as the target's topic tells it: MirrorMaker's are continued. */
import { DecodeError } from '../../wire/base/errors';
import type { ClusterClient } from '../../wire/cluster-client';
import type { DecodedRecord } from '../../wire/record/records';
import { type Checkpoint, decodeCheckpoint } from '../formats/checkpoint';
import { type TailTaker, TopicTail } from '../topics/topic-tail';

export class CheckpointBook implements TailTaker {
  private readonly groups = new Map<string, Map<string, Checkpoint>>();
  private readonly tail: TopicTail;

  constructor(client: ClusterClient, topic: string) {
    this.tail = new TopicTail(client, topic);
  }

  /** What stands in the topic by now. */
  read(): Promise<void> {
    return this.tail.readToEnd(this);
  }

  ofGroup(group: string): ReadonlyMap<string, Checkpoint> {
    return this.groups.get(group) ?? NONE;
  }

  last({ group, topic, partition }: Checkpoint): Checkpoint | undefined {
    return this.groups.get(group)?.get(`${topic}:${partition}`);
  }

  put(checkpoint: Checkpoint): void {
    const { group, topic, partition } = checkpoint;
    let ofGroup = this.groups.get(group);
    if (ofGroup === undefined) {
      ofGroup = new Map();
      this.groups.set(group, ofGroup);
    }
    ofGroup.set(`${topic}:${partition}`, checkpoint);
  }

  record({ key, value }: DecodedRecord): void {
    if (key === null || value === null) return;
    try {
      const checkpoint = decodeCheckpoint({ key, value });
      if (checkpoint !== null) this.put(checkpoint);
    } catch (error) {
      // Somebody else's record in this topic.
      if (!(error instanceof DecodeError)) throw error;
    }
  }

  restart(): void {
    this.groups.clear();
  }
}

const NONE: ReadonlyMap<string, Checkpoint> = new Map();
