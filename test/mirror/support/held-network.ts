/**
 * A network whose writes can be held back: the bytes are read when they are let go, not when they are written, as a system
 * does whose buffers are full. And whose connections can be ended.
 */
import type { Connection, ConnectionEvents, ConnectFailure, Listener, Network } from '../../../wire/base/env';

interface HeldWrite {
  readonly chunks: readonly Uint8Array[];
  readonly released: (() => void) | undefined;
  readonly before: Buffer;
  readonly connection: Connection;
}

export class HeldNetwork implements Network {
  /** Holds back writes of at least this size to this port. */
  holdFrom: { readonly port: number; readonly bytes: number } | null = null;
  /** Writes whose bytes were others when they were let go. */
  changed = 0;
  private held: HeldWrite[] = [];
  private readonly open = new Set<{ readonly port: number; readonly connection: Connection }>();

  constructor(private readonly network: Network) {}

  get heldCount(): number {
    return this.held.length;
  }

  listen(): Promise<Listener> {
    throw new Error('only for clients');
  }

  connect(host: string, port: number, timeoutMs: number, events: ConnectionEvents, done: (result: Connection | ConnectFailure) => void): void {
    this.network.connect(host, port, timeoutMs, events, (result) => {
      if (typeof result === 'string') return done(result);
      this.open.add({ port, connection: result });
      done(this.wrapped(result, port));
    });
  }

  /** Sends what is held, in order; what its connection does not take any more is released all the same. */
  letGo(): void {
    this.holdFrom = null;
    for (const { chunks, released, before, connection } of this.held.splice(0)) {
      if (!Buffer.concat(chunks).equals(before)) this.changed++;
      connection.write(chunks, released);
    }
  }

  /** Ends the connections to the port, whatever is on its way. */
  cut(port: number): void {
    for (const each of this.open) {
      if (each.port !== port) continue;
      each.connection.destroy();
      this.open.delete(each);
    }
  }

  private wrapped(connection: Connection, port: number): Connection {
    const held = (): boolean => this.held.some((write) => write.connection === connection);
    return {
      remoteHost: connection.remoteHost,
      remotePort: connection.remotePort,
      localHost: connection.localHost,
      localPort: connection.localPort,
      bufferedBytes: 0,
      write: (chunks, released) => {
        const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
        const isHeld = this.holdFrom !== null && port === this.holdFrom.port && bytes >= this.holdFrom.bytes;
        if (!isHeld && !held()) return connection.write(chunks, released);
        this.held.push({ chunks, released, before: Buffer.concat(chunks), connection });
        return true;
      },
      pauseReading: () => connection.pauseReading(),
      resumeReading: () => connection.resumeReading(),
      end: () => connection.end(),
      destroy: () => connection.destroy(),
    };
  }
}
