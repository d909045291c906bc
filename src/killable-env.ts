/**
 * Ports that can die under whoever runs on them, as if its process had been killed, or stand still, as if it had been
 * stopped by SIGSTOP: of several nodes in one process one can then be killed or paused alone.
 *
 * Invariants: after `kill` no callback of a timer, a socket or a file reaches the code above, so nothing of it runs any
 * more; its connections end, its listening ports, files and locks are free. What it had written is there, as after kill -9. While it is paused no callback comes either; its
 * connections stay open and are not read, its ports take connections, and the time goes on. What was due comes after it.
 */
import type { DiskError, DiskFile } from '../log/disk';
import type { Env } from '../log/env';
import { NodeLife } from './node-life';
import type { Connection, ConnectionEvents, Listener, Network, TimerHandle, Timers } from '../wire/base/env';
import type { HttpHandler, Monitoring } from '../wire/base/monitoring';

export interface KillableEnv {
  readonly env: Env;
  readonly isPaused: boolean;
  /** Resolves when nothing of it is open any more. */
  kill(): Promise<void>;
  pause(): void;
  resume(): void;
}

export function killableEnv(real: Env): KillableEnv {
  const life = new NodeLife((run) => real.timers.soon(run));
  const env: Env = {
    ...real,
    timers: killableTimers(real.timers, life),
    network: killableNetwork(real.network, life),
    disk: killableDisk(real, life),
    ...(real.monitoring === undefined ? {} : { monitoring: killableMonitoring(real.monitoring, life) }),
    workers: { run: (job, input, done) => real.workers.run(job, input, (result) => life.deliver(() => done(result))) },
  };
  return {
    env,
    get isPaused() {
      return life.isPaused;
    },
    kill: () => life.end(),
    pause: () => life.pause(),
    resume: () => life.resume(),
  };
}

function killableTimers(timers: Timers, life: NodeLife): Timers {
  return {
    set(delayMs, run): TimerHandle {
      // One that fires during a pause can still be cancelled by what comes before it afterwards.
      let isCancelled = false;
      const handle = timers.set(delayMs, () => {
        forget();
        life.deliver(() => {
          if (!isCancelled) run();
        });
      });
      const forget = life.track(() => handle.cancel());
      return {
        cancel: () => {
          isCancelled = true;
          forget();
          handle.cancel();
        },
      };
    },
    soon: (run) => timers.soon(() => life.deliver(run)),
  };
}

/** As many connections wait to be taken during a pause as a system lets wait for a process. */
const MAX_WAITING = 511;

function killableNetwork(network: Network, life: NodeLife): Network {
  let waiting = 0;
  return {
    async listen(host, port, accept, failed): Promise<Listener> {
      const accepted = (real: Connection): ConnectionEvents => {
        if (life.isOver || (!life.isRunning && waiting >= MAX_WAITING)) {
          real.destroy();
          return NOBODY;
        }
        const connection = new PausableConnection(real, life);
        waiting++;
        life.deliverSurely(() => {
          waiting--;
          if (!life.isOver) connection.events = accept(connection);
        });
        return connection.guardedEvents;
      };
      const listener = await network.listen(host, port, accepted, (why) => life.deliver(() => failed(why)));
      if (life.isOver) await listener.close();
      else life.track(() => listener.close());
      return listener;
    },
    connect(host, port, timeoutMs, events, done): void {
      const connection = new PausableConnection(null, life);
      connection.events = events;
      network.connect(host, port, timeoutMs, connection.guardedEvents, (result) => {
        if (typeof result === 'string') {
          connection.failed();
          life.deliver(() => done(result));
          return;
        }
        connection.connected(result);
        if (life.isOver) result.destroy();
        else life.deliver(() => done(connection));
      });
    },
  };
}

const NOBODY: ConnectionEvents = { bytes: () => undefined, drain: () => undefined, closed: () => undefined };

/** A connection as the node sees it, and what the node is told of it. */
class PausableConnection implements Connection {
  /** Of the node. */
  events: ConnectionEvents = NOBODY;
  readonly guardedEvents: ConnectionEvents;
  private readonly forgets: (() => void)[];
  private isReadingPaused = false;

  constructor(
    private real: Connection | null,
    private readonly life: NodeLife,
  ) {
    const destroy = (): void => this.real?.destroy();
    this.forgets = [life.track(destroy)];
    if (real !== null) this.connected(real);
    this.guardedEvents = {
      bytes: (slice) => this.bytes(slice),
      drain: () => life.deliver(() => this.events.drain()),
      ended: () =>
        life.deliver(() => {
          if (this.events.ended === undefined) destroy();
          else this.events.ended();
        }),
      // Told even after the end: buffers that it held go back to the process, which lives on.
      closed: (reason) => {
        this.failed();
        life.deliverSurely(() => this.events.closed(reason));
      },
    };
  }

  connected(real: Connection): void {
    this.real = real;
    this.forgets.push(
      this.life.reads({
        hold: () => real.pauseReading(),
        letGo: () => {
          if (!this.isReadingPaused) real.resumeReading();
        },
      }),
    );
  }

  /** There is no connection, or no longer. */
  failed(): void {
    for (const forget of this.forgets) forget();
  }

  private bytes(slice: Uint8Array): void {
    const { life } = this;
    if (life.isRunning) return this.events.bytes(slice);
    if (life.isOver) return;
    // What was on its way when reading was stopped: the slice is valid now only.
    const copy = slice.slice();
    life.deliver(() => this.events.bytes(copy));
  }

  private get socket(): Connection {
    if (this.real === null) throw new Error('this connection is not there yet');
    return this.real;
  }

  get remoteHost(): string {
    return this.socket.remoteHost;
  }
  get remotePort(): number {
    return this.socket.remotePort;
  }
  get localHost(): string {
    return this.socket.localHost;
  }
  get localPort(): number {
    return this.socket.localPort;
  }
  get bufferedBytes(): number {
    return this.socket.bufferedBytes;
  }

  write(chunks: readonly Uint8Array[], released?: () => void): boolean {
    const { socket, life } = this;
    return released === undefined ? socket.write(chunks) : socket.write(chunks, () => life.deliverSurely(released));
  }

  pauseReading(): void {
    this.isReadingPaused = true;
    this.socket.pauseReading();
  }

  resumeReading(): void {
    this.isReadingPaused = false;
    if (this.life.isRunning) this.socket.resumeReading();
  }

  end(): void {
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }
}

function killableMonitoring(monitoring: Monitoring, life: NodeLife): Monitoring {
  return {
    async listen(host, port, handle) {
      const answered: HttpHandler = (path) =>
        new Promise((resolve, reject) => life.deliver(() => void handle(path).then(resolve, reject)));
      const listener = await monitoring.listen(host, port, answered);
      if (life.isOver) await listener.close();
      else life.track(() => listener.close());
      return listener;
    },
    figures: () => monitoring.figures(),
    runtimeMetrics: () => monitoring.runtimeMetrics(),
  };
}

function killableDisk({ disk }: Env, life: NodeLife): Env['disk'] {
  return {
    openSync: (path, mode) => new KillableFile(disk.openSync(path, mode), life),
    renameSync: (from, to) => life.guard(() => disk.renameSync(from, to)),
    unlinkSync: (path) => life.guard(() => disk.unlinkSync(path)),
    unlink: (path, done) => life.guard(() => disk.unlink(path, (error) => life.deliver(() => done(error)))),
    makeDirectorySync: (path) => life.guard(() => disk.makeDirectorySync(path)),
    removeDirectorySync: (path) => life.guard(() => disk.removeDirectorySync(path)),
    listSync: (path) => disk.listSync(path),
    statSync: (path) => disk.statSync(path),
    isLinkSync: (path) => disk.isLinkSync(path),
    syncDirectory: (path, done) => disk.syncDirectory(path, (error) => life.deliver(() => done(error))),
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
    private readonly life: NodeLife,
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
    this.life.deliver(done);
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
