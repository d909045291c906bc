/** Snapshots in memory: bytes that mean nothing, with the voters beside them. */
import type { ControlState } from '../../../controller/raft/control-state';
import type { RaftSnapshots, SnapshotDownload } from '../../../controller/raft/raft-snapshots';
import type { OffsetAndEpoch } from '../../../controller/raft/replica-key';
import { sameSnapshot, SnapshotError } from '../../../controller/raft/snapshots';
import type { VoterSet } from '../../../controller/raft/voter-set';

interface Stored {
  readonly id: OffsetAndEpoch;
  readonly bytes: Uint8Array;
}

export class MemorySnapshots implements RaftSnapshots {
  readonly stored: Stored[] = [];
  /** What every snapshot says of the voters. */
  voters: VoterSet | null = null;
  isDamaged = false;
  abandoned = 0;

  add(id: OffsetAndEpoch, text: string): this {
    this.stored.push({ id, bytes: Buffer.from(text) });
    return this;
  }

  get latest(): OffsetAndEpoch | null {
    return this.stored.at(-1)?.id ?? null;
  }

  get earliest(): OffsetAndEpoch | null {
    return this.stored[0]?.id ?? null;
  }

  has(id: OffsetAndEpoch): boolean {
    return this.find(id) !== undefined;
  }

  sizeOf(id: OffsetAndEpoch): number {
    return this.find(id)?.bytes.length ?? 0;
  }

  read(id: OffsetAndEpoch, position: number, maxBytes: number): Uint8Array {
    return this.find(id)?.bytes.subarray(position, position + maxBytes) ?? new Uint8Array(0);
  }

  create(id: OffsetAndEpoch): SnapshotDownload {
    const chunks: Uint8Array[] = [];
    return {
      id,
      get sizeBytes(): number {
        return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      },
      append: (bytes) => void chunks.push(bytes),
      freeze: (done) => {
        this.stored.push({ id, bytes: Buffer.concat(chunks) });
        done(null);
      },
      abandon: () => void this.abandoned++,
    };
  }

  discard(id: OffsetAndEpoch): void {
    const index = this.stored.findIndex((each) => sameSnapshot(each.id, id));
    if (index >= 0) this.stored.splice(index, 1);
  }

  discardBefore(offset: number): void {
    for (const { id } of this.stored.filter((each) => each.id.offset < offset)) this.discard(id);
  }

  controlOf(id: OffsetAndEpoch): (into: ControlState) => void {
    if (this.isDamaged) throw new SnapshotError('the snapshot is damaged');
    return (into) => {
      into.clear();
      if (this.voters === null) return;
      into.kraftVersionHistory.add(id.offset - 1, 1);
      into.voterHistory.add(id.offset - 1, this.voters);
    };
  }

  private find(id: OffsetAndEpoch): Stored | undefined {
    return this.stored.find((each) => sameSnapshot(each.id, id));
  }
}
