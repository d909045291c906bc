/** The snapshot files, as the core sees them. */
import type { Crc32c } from '../../wire/base/env';
import { isDiskError } from '../../log/directory-state';
import { controlOfSnapshot } from './control-loader';
import type { ControlState } from './control-state';
import { RaftLogFullError } from './raft-log';
import type { RaftSnapshots, SnapshotDownload } from './raft-snapshots';
import type { OffsetAndEpoch } from './replica-key';
import type { RawSnapshotWriter, SnapshotStore } from './snapshots';

export class StoredSnapshots implements RaftSnapshots {
  constructor(
    private readonly store: SnapshotStore,
    private readonly crc32c: Crc32c,
  ) {}

  get latest(): OffsetAndEpoch | null {
    return this.store.latest;
  }

  get earliest(): OffsetAndEpoch | null {
    return this.store.earliest;
  }

  has(id: OffsetAndEpoch): boolean {
    return this.store.has(id);
  }

  sizeOf(id: OffsetAndEpoch): number {
    return this.store.sizeOf(id);
  }

  read(id: OffsetAndEpoch, position: number, maxBytes: number): Uint8Array {
    const reader = this.store.open(id);
    try {
      return reader.read(position, maxBytes);
    } finally {
      reader.close();
    }
  }

  create(id: OffsetAndEpoch): SnapshotDownload {
    return new StoredDownload(this.store.create(id));
  }

  discard(id: OffsetAndEpoch): void {
    if (this.store.has(id)) this.store.delete(id)();
  }

  discardBefore(offset: number): void {
    for (const id of this.store.all.filter((each) => each.offset < offset)) this.discard(id);
  }

  controlOf(id: OffsetAndEpoch): (into: ControlState) => void {
    return controlOfSnapshot(this.store, id, this.crc32c);
  }
}

class StoredDownload implements SnapshotDownload {
  constructor(private readonly raw: RawSnapshotWriter) {}

  get id(): OffsetAndEpoch {
    return this.raw.id;
  }

  get sizeBytes(): number {
    return this.raw.sizeBytes;
  }

  append(bytes: Uint8Array): void {
    try {
      this.raw.append(bytes);
    } catch (error) {
      if (isDiskError(error) && error.code === 'ENOSPC') throw new RaftLogFullError(error.message);
      throw error;
    }
  }

  freeze(done: (why: string | null) => void): void {
    this.raw.freeze((error) => done(error?.message ?? null));
  }

  abandon(): void {
    this.raw.abandon();
  }
}
