/**
 * Open files of segments, bounded: the least recently used one that nobody holds is closed when the bound is reached and
 * opened again at its next use. So thousands of segments cost no more descriptors than the bound.
 */
import { invariant } from '../wire/base/invariant';
import type { Disk, DiskFile } from './disk';

export class FilePool {
  private readonly open = new Set<PooledFile>();
  private clock = 0;

  constructor(
    private readonly disk: Disk,
    private readonly maxOpenFiles: number,
  ) {}

  /** A file that exists, or (`isNew`) is to be made now. */
  file(path: string, isNew: boolean): PooledFile {
    const pooled = new PooledFile(this, path);
    if (isNew) this.adopt(pooled, this.disk.openSync(path, 'createNew'));
    return pooled;
  }

  get openFiles(): number {
    return this.open.size;
  }

  /** @internal */
  opened(pooled: PooledFile): DiskFile {
    pooled.lastUse = ++this.clock;
    return pooled.handle ?? this.adopt(pooled, this.disk.openSync(pooled.path, 'write'));
  }

  private adopt(pooled: PooledFile, handle: DiskFile): DiskFile {
    pooled.handle = handle;
    pooled.lastUse = ++this.clock;
    this.open.add(pooled);
    if (this.open.size > this.maxOpenFiles) this.evictOne(pooled);
    return handle;
  }

  private evictOne(newest: PooledFile): void {
    let victim: PooledFile | null = null;
    for (const candidate of this.open) {
      if (candidate === newest || candidate.holders > 0) continue;
      if (victim === null || candidate.lastUse < victim.lastUse) victim = candidate;
    }
    if (victim !== null) this.close(victim);
  }

  /** @internal */
  close(pooled: PooledFile): void {
    if (pooled.handle === null) return;
    invariant(pooled.holders === 0, `closing ${pooled.path} while it is held`);
    this.open.delete(pooled);
    const handle = pooled.handle;
    pooled.handle = null;
    handle.closeSync();
  }
}

export class PooledFile {
  /** @internal */ handle: DiskFile | null = null;
  /** @internal */ lastUse = 0;
  /** @internal */ holders = 0;
  private closeWhenFree = false;

  constructor(
    private readonly pool: FilePool,
    /** Changes when the file is renamed. */
    public path: string,
  ) {}

  /** The open file, for use within this turn. Throws DiskError. */
  get current(): DiskFile {
    return this.pool.opened(this);
  }

  /** Keeps the file open across turns, until the returned function is called. */
  hold(): { readonly file: DiskFile; release(): void } {
    const file = this.current;
    this.holders++;
    let held = true;
    return {
      file,
      release: () => {
        invariant(held, `released ${this.path} twice`);
        held = false;
        this.holders--;
        if (this.closeWhenFree && this.holders === 0) this.pool.close(this);
      },
    };
  }

  /** Closes the file now, or when its last holder lets go. */
  close(): void {
    this.closeWhenFree = true;
    if (this.holders === 0) this.pool.close(this);
  }
}
