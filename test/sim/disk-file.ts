/** An open file of one simulated process; see disk-port.ts. */

import { DiskError } from '../../log/disk';
import type { DiskErrorCode, DiskFile, OpenMode } from '../../log/disk';
import type { Delay, DiskOperation } from './disk-faults';
import type { FileNode } from './inode';
import type { SimProcess } from './process';
import type { Scheduler } from './scheduler';
import type { SimDisk } from './sim-disk';
import type { Trace } from './trace';
import { digest } from './trace';
import { SimViolation } from './violation';
import type { ReportViolation } from './violation';

/** After its death a process that reads past the end is told that it read all it asked for, this often. */
const FICTIONAL_READS = 256;
/** What a buffer shows that must not be looked at. */
const POISON = 0xdd;

export interface DiskPortWorld {
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly report: ReportViolation;
  /** The process's own wall clock, for modification times. */
  wallMs(): number;
}

/** An operation that has been started and not completed. */
export interface InFlight {
  /** The process died: chance decides how far the kernel got. */
  abandon(): void;
}

/** What an open file needs of the port that it was opened with. */
export interface FilePort {
  readonly disk: SimDisk;
  readonly process: SimProcess;
  readonly world: DiskPortWorld;
  /** The gate of every call; effectful ones count, and are in the trace. */
  enter(operation: DiskOperation | 'lock', path: string): boolean;
  /** Throws when a rule says that this operation fails. */
  strike(operation: DiskOperation, path: string): void;
  spend(delay: Delay): void;
  startOperation(operation: InFlight, delay: Delay, complete: () => void): void;
  closed(file: SimDiskFile): void;
}

type Done = (error: DiskError | null) => void;

interface WritePlan {
  /** How many of the bytes reach the page cache. */
  readonly keptBytes: number;
  readonly error: DiskErrorCode | null;
}

export class SimDiskFile implements DiskFile {
  private isClosed = false;
  private asyncOperations = 0;

  constructor(
    private readonly port: FilePort,
    readonly path: string,
    readonly node: FileNode,
    private readonly mode: OpenMode,
  ) {}

  writeSync(position: number, chunks: readonly Uint8Array[]): void {
    this.checkWritable(position);
    if (!this.port.enter('write', this.path)) return;
    this.port.spend(this.port.disk.delays.blockingWrite);
    const error = this.perform(position, concatenate(chunks));
    if (error !== null) throw error;
  }

  write(position: number, chunks: readonly Uint8Array[], done: Done): void {
    this.checkWritable(position);
    if (!this.port.enter('write', this.path)) return;
    const bytes = concatenate(chunks);
    const before = digest(bytes);
    const operation = { abandon: () => this.abandonWrite(position, bytes) };
    this.start(operation, 'write', () => {
      if (digest(concatenate(chunks)) !== before) this.violate('the bytes of a write in flight changed');
      done(this.perform(position, bytes));
    });
  }

  readSync(position: number, into: Uint8Array): number {
    this.checkOpen();
    if (!this.port.process.observe()) return this.readFiction(position, into);
    this.port.spend(this.port.disk.delays.blockingRead);
    this.port.strike('read', this.path);
    return this.node.current.read(position, into);
  }

  read(position: number, into: Uint8Array, done: (error: DiskError | null, bytes: number) => void): void {
    this.checkOpen();
    if (!this.port.process.observe()) return;
    into.fill(POISON);
    this.start({ abandon: () => {} }, 'read', () => {
      const code = this.port.disk.faults.strike('read', this.path);
      if (code !== null) done(this.error(code), 0);
      else done(null, this.node.current.read(position, into));
    });
  }

  sync(done: Done): void {
    this.checkOpen();
    if (!this.port.enter('sync', this.path)) return;
    const { mark } = this.node;
    const operation = { abandon: () => this.port.disk.random.chance(0.5) && this.node.settle(mark) };
    this.start(operation, 'sync', () => done(this.finishSync(mark)));
  }

  syncSync(): void {
    this.checkOpen();
    if (!this.port.enter('sync', this.path)) return;
    this.port.spend(this.port.disk.delays.blockingSync);
    const error = this.finishSync(this.node.mark);
    if (error !== null) throw error;
  }

  truncateSync(sizeBytes: number): void {
    this.checkWritable(sizeBytes);
    if (!this.port.enter('truncate', this.path)) return;
    this.port.strike('truncate', this.path);
    const before = this.node.current.allocatedBytes;
    this.node.change({ kind: 'truncate', sizeBytes });
    this.port.disk.usedBytes += this.node.current.allocatedBytes - before;
    this.touched();
  }

  sizeSync(): number {
    this.checkOpen();
    this.port.process.observe();
    return this.node.current.sizeBytes;
  }

  closeSync(): void {
    this.checkOpen();
    if (!this.port.process.observe()) return;
    if (this.asyncOperations > 0) this.violate(`closed with ${this.asyncOperations} operations in flight`);
    this.isClosed = true;
    this.port.closed(this);
  }

  private start(operation: { abandon(): void }, kind: 'read' | 'write' | 'sync', complete: () => void): void {
    this.asyncOperations++;
    this.port.startOperation(operation, this.port.disk.delays[kind], () => {
      this.asyncOperations--;
      complete();
    });
  }

  /** Writes what the disk takes; the error, if it did not take all. */
  private perform(position: number, bytes: Uint8Array): DiskError | null {
    const plan = this.plan(position, bytes.length);
    this.apply(position, bytes.subarray(0, plan.keptBytes));
    const { trace, scheduler } = this.port.world;
    trace.note('written', scheduler.nowMs, position, bytes.length, digest(bytes));
    return plan.error === null ? null : this.error(plan.error);
  }

  private plan(position: number, sizeBytes: number): WritePlan {
    const { disk } = this.port;
    const code = disk.faults.strike('write', this.path);
    if (code !== null) return { keptBytes: disk.random.below(sizeBytes + 1), error: code };
    const growthBytes = Math.max(0, position + sizeBytes - this.node.current.allocatedBytes);
    if (growthBytes <= disk.freeBytes) return { keptBytes: sizeBytes, error: null };
    const mostBytes = Math.max(0, sizeBytes - (growthBytes - disk.freeBytes));
    return { keptBytes: disk.random.below(mostBytes + 1), error: 'ENOSPC' };
  }

  private apply(position: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const before = this.node.current.allocatedBytes;
    this.node.change({ kind: 'write', position, bytes });
    this.port.disk.usedBytes += this.node.current.allocatedBytes - before;
    this.touched();
  }

  private touched(): void {
    this.port.disk.noteDirty(this.node);
    this.node.modifiedMs = this.port.world.wallMs();
  }

  private abandonWrite(position: number, bytes: Uint8Array): void {
    const { random, freeBytes } = this.port.disk;
    const kept = [0, random.below(bytes.length + 1), bytes.length][random.below(3)]!;
    this.apply(position, bytes.subarray(0, Math.min(kept, freeBytes)));
  }

  private finishSync(mark: number): DiskError | null {
    const { disk } = this.port;
    const code = disk.faults.strike('sync', this.path);
    if (code === null) {
      this.node.settle(mark);
      this.node.wasSynced = true;
      return null;
    }
    const before = this.node.current.allocatedBytes;
    this.node.loseSync(mark, disk.random.chance(0.5));
    disk.usedBytes += this.node.current.allocatedBytes - before;
    return this.error(code);
  }

  /** A loop that fills a buffer ends at once; one that looks for the end of the file ends after a while. */
  private readFiction(position: number, into: Uint8Array): number {
    const count = this.node.current.read(position, into);
    if (count === into.length || this.port.process.afterlife > FICTIONAL_READS) return count;
    into.fill(0, count);
    return into.length;
  }

  private checkOpen(): void {
    if (this.isClosed) this.violate('used after it was closed');
  }

  private checkWritable(position: number): void {
    this.checkOpen();
    if (this.mode === 'read') this.violate('changed though it was opened to read');
    if (!Number.isSafeInteger(position) || position < 0) this.violate(`position ${position}`);
  }

  /** Breaking the port's rules is a bug of the caller's, not an error of the disk's. */
  private violate(what: string): never {
    const violation = new SimViolation(`${this.path} (${this.port.process.name}): ${what}`);
    if (!this.port.process.isDead) this.port.world.report(violation);
    throw violation;
  }

  private error(code: DiskErrorCode): DiskError {
    return new DiskError(code, this.path, `${code} (simulated): ${this.path}`);
  }
}

function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  let sizeBytes = 0;
  for (const chunk of chunks) sizeBytes += chunk.length;
  const bytes = new Uint8Array(sizeBytes);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
