/**
 * What must hold of a quorum, whatever happens to its nodes (I13 and the safety of its state machine): one leader for each
 * epoch, one vote of each voter in each epoch, one content for each committed offset.
 */
import type { SimViolation } from '../../violation';

export interface CommittedRecord {
  readonly epoch: number;
  readonly value: string;
}

export class QuorumGhost {
  /** Everything that anybody has applied, by offset. Control records are not among it. */
  readonly committed = new Map<number, CommittedRecord>();
  private readonly leaders = new Map<number, number>();
  private readonly votes = new Map<string, string>();
  /** The end of what was ever known to be committed. */
  committedEnd = 0;

  constructor(
    private readonly violate: (what: string) => SimViolation,
    private readonly count: (counter: string) => void,
  ) {}

  leads(nodeId: number, epoch: number): void {
    const known = this.leaders.get(epoch);
    if (known === nodeId) return;
    if (known !== undefined) throw this.violate(`nodes ${known} and ${nodeId} both lead epoch ${epoch}`);
    this.leaders.set(epoch, nodeId);
    this.count('elected');
  }

  /** Over all its lives, a disk gives one vote in each epoch. */
  voted(voter: string, epoch: number, candidate: string): void {
    const name = `${voter} in ${epoch}`;
    const known = this.votes.get(name);
    if (known !== undefined && known !== candidate) throw this.violate(`${voter} voted for ${known} and for ${candidate} in epoch ${epoch}`);
    this.votes.set(name, candidate);
  }

  /** A node has applied a record. */
  applied(nodeId: number, offset: number, record: CommittedRecord): void {
    const known = this.committed.get(offset);
    if (known === undefined) {
      this.committed.set(offset, record);
    } else if (known.value !== record.value || known.epoch !== record.epoch) {
      throw this.violate(`node ${nodeId} applied ${record.value} of epoch ${record.epoch} at ${offset}, where ${known.value} of epoch ${known.epoch} was committed`);
    }
    this.committedEnd = Math.max(this.committedEnd, offset + 1);
  }

  /** What a node that has applied everything below `endOffset` must have seen. */
  below(endOffset: number): readonly string[] {
    return [...this.committed]
      .filter(([offset]) => offset < endOffset)
      .sort(([a], [b]) => a - b)
      .map(([, { value }]) => value);
  }
}
