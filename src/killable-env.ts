/**
 * Ports that can die under whoever runs on them, as if its process had been killed: of several nodes in one process one can
 * then be killed alone.
 *
 * Invariants: after `kill` no callback of a timer, a socket or a file reaches the code above, so nothing of it runs any
 * more; its connections end, its listening ports, files and locks are free. What it had written is there, as after kill -9.
 */
import type { DiskError, DiskFile } from '../log/disk';
import type { Env } from '../log/env';
import type { Connection, ConnectionEvents, Listener, Network, TimerHandle, Timers } from '../wire/base/env';
import type { Monitoring } from '../wire/base/monitoring';

export interface KillableEnv {
  readonly env: Env;
  /** Resolves when nothing of it is open any more. */
  kill(): Promise<void>;
}

export function killableEnv(real: Env): KillableEnv {
  const life = new Life();
  const env: Env = {
    ...real,
    timers: killableTimers(real.timers, life),
    network: killableNetwork(real.network, life),
    disk: killableDisk(real, life),
    ...(real.monitoring === undefined ? {} : { monitoring: killableMonitoring(real.monitoring, life) }),
    workers: { run: (job, input, done) => real.workers.run(job, input, (result) => life.guard(() => done(result))) },
  };
  return { env, kill: () => life.end() };
}

/** What is open on behalf of the code above, and how to close it. */
class Life {
  isOver = false;
  private readonly open = new Set<() => void | Promise<void>>();

  /** Runs `callback` unless it comes after the end. */
  guard(callback: () => void): void {
    if (!this.isOver) callback();
  }

  /** `close` runs at the end, unless the function that is given back has been called before. */
  track(close: () => void | Promise<void>): () => void {
    this.open.add(close);
    return () => void this.open.delete(close);
  }

  async end(): Promise<void> {
    if (this.isOver) return;
    this.isOver = true;
    const closing = [...this.open].map(async (close) => close());
    this.open.clear();
    await Promise.all(closing);
  }
}

function killableTimers(timers: Timers, life: Life): Timers {
  return {
    set(delayMs, run): TimerHandle {
      const handle = timers.set(delayMs, () => {
        forget();
        life.guard(run);
      });
      const forget = life.track(() => handle.cancel());
      return {
        cancel: () => {
          forget();
          handle.cancel();
        },
      };
    },
    soon: (run) => timers.soon(() => life.guard(run)),
  };
}

function killableNetwork(network: Network, life: Life): Network {
  return {
    async listen(host, port, accept, failed): Promise<Listener> {
      const accepted = (connection: Connection): ConnectionEvents => {
        if (life.isOver) {
          connection.destroy();
          return NOBODY;
        }
        return guardedEvents(accept(connection), life, () => connection.destroy());
      };
      const listener = await network.listen(host, port, accepted, (why) => life.guard(() => failed(why)));
      if (life.isOver) await listener.close();
      else life.track(() => listener.close());
      return listener;
    },
    connect(host, port, timeoutMs, events, done): void {
      let connected: Connection | null = null;
      const guarded = guardedEvents(events, life, () => connected?.destroy());
      network.connect(host, port, timeoutMs, guarded, (result) => {
        if (typeof result !== 'string') connected = result;
        if (life.isOver) connected?.destroy();
        else done(result);
      });
    },
  };
}

function killableMonitoring(monitoring: Monitoring, life: Life): Monitoring {
  return {
    async listen(host, port, handle) {
      const listener = await monitoring.listen(host, port, handle);
      if (life.isOver) await listener.close();
      else life.track(() => listener.close());
      return listener;
    },
    figures: () => monitoring.figures(),
  };
}

const NOBODY: ConnectionEvents = { bytes: () => undefined, drain: () => undefined, closed: () => undefined };

/** The end of a connection is told even then: buffers that it held go back to the process, which lives on. */
function guardedEvents(events: ConnectionEvents, life: Life, destroy: () => void): ConnectionEvents {
  const forget = life.track(destroy);
  return {
    bytes: (slice) => life.guard(() => events.bytes(slice)),
    drain: () => life.guard(() => events.drain()),
    ...(events.ended === undefined ? {} : { ended: () => life.guard(() => events.ended?.()) }),
    closed: (reason) => {
      forget();
      events.closed(reason);
    },
  };
}

function killableDisk({ disk }: Env, life: Life): Env['disk'] {
  return {
    openSync: (path, mode) => new KillableFile(disk.openSync(path, mode), life),
    renameSync: (from, to) => life.guard(() => disk.renameSync(from, to)),
    unlinkSync: (path) => life.guard(() => disk.unlinkSync(path)),
    unlink: (path, done) => life.guard(() => disk.unlink(path, (error) => life.guard(() => done(error)))),
    makeDirectorySync: (path) => life.guard(() => disk.makeDirectorySync(path)),
    removeDirectorySync: (path) => life.guard(() => disk.removeDirectorySync(path)),
    listSync: (path) => disk.listSync(path),
    statSync: (path) => disk.statSync(path),
    syncDirectory: (path, done) => disk.syncDirectory(path, (error) => life.guard(() => done(error))),
    syncDirectorySync: (path) => disk.syncDirectorySync(path),
    freeBytes: (path) => disk.freeBytes(path),
    totalBytes: (path) => disk.totalBytes(path),
    absolutePath: (path) => disk.absolutePath(path),
    lockSync(path) {
      const lock = disk.lockSync(path);
      const forget = life.track(() => lock.release());
      return {
        release: () => {
          forget();
          lock.release();
        },
      };
    },
    volatilityToken: (path) => disk.volatilityToken(path),
  };
}

/** Closed at the end of the life, but not before what is under way on it is through. */
class KillableFile implements DiskFile {
  private underWay = 0;
  private isClosed = false;
  private throughAtEnd: (() => void) | null = null;
  private readonly forget: () => void;

  constructor(
    private readonly file: DiskFile,
    private readonly life: Life,
  ) {
    this.forget = life.track(() => this.closeAtEnd());
  }

  get path(): string {
    return this.file.path;
  }

  writeSync(position: number, chunks: readonly Uint8Array[]): void {
    this.life.guard(() => this.file.writeSync(position, chunks));
  }

  readSync(position: number, into: Uint8Array): number {
    return this.life.isOver ? into.length : this.file.readSync(position, into);
  }

  write(position: number, chunks: readonly Uint8Array[], done: (error: DiskError | null) => void): void {
    if (this.life.isOver) return;
    this.underWay++;
    this.file.write(position, chunks, (error) => this.through(() => done(error)));
  }

  read(position: number, into: Uint8Array, done: (error: DiskError | null, bytes: number) => void): void {
    if (this.life.isOver) return;
    this.underWay++;
    this.file.read(position, into, (error, bytes) => this.through(() => done(error, bytes)));
  }

  sync(done: (error: DiskError | null) => void): void {
    if (this.life.isOver) return;
    this.underWay++;
    this.file.sync((error) => this.through(() => done(error)));
  }

  syncSync(): void {
    this.life.guard(() => this.file.syncSync());
  }

  truncateSync(sizeBytes: number): void {
    this.life.guard(() => this.file.truncateSync(sizeBytes));
  }

  sizeSync(): number {
    return this.life.isOver ? 0 : this.file.sizeSync();
  }

  closeSync(): void {
    if (this.isClosed || this.life.isOver) return;
    this.isClosed = true;
    this.forget();
    this.file.closeSync();
  }

  private through(done: () => void): void {
    this.underWay--;
    this.life.guard(done);
    if (this.underWay === 0) this.throughAtEnd?.();
  }

  private async closeAtEnd(): Promise<void> {
    if (this.underWay > 0) {
      await new Promise<void>((resolve) => {
        this.throughAtEnd = resolve;
      });
    }
    this.isClosed = true;
    this.file.closeSync();
  }
}
