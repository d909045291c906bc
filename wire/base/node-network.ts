/**
 * Part of the binding (`node-env.ts`): the `Network` port over node:net.
 *
 * Accepted sockets are adopted: the socket that Node made hands its handle to another one that reads into the shared
 * window. That handle is an internal of Node, so `node-adoption.ts` proves at the first `listen` that it works here;
 * where it does not, `data` events do the same more slowly.
 */
import * as net from 'node:net';
import * as timers from 'node:timers';
import { BindError } from './env';
import type { ConnectFailure, Connection, ConnectionEvents, Listener, Network } from './env';
import { adopt, isAdoptionWorking } from './node-adoption';
import type { ConnectionShared } from './node-connection';
import { NodeConnection, WindowReader } from './node-connection';

const realSetImmediate = timers.setImmediate;

/** Kept below what one response usually is, so that `drain` says something about the peer. */
const WRITE_HIGH_WATER_MARK_BYTES = 64 * 1024;
const ACCEPT_BACKLOG = 511;

const FAILURE_BY_CODE: Readonly<Record<string, ConnectFailure>> = {
  ECONNREFUSED: 'refused',
  ENOTFOUND: 'unresolved',
  EAI_AGAIN: 'unresolved',
  EAI_FAIL: 'unresolved',
  EAI_NODATA: 'unresolved',
  EAI_NONAME: 'unresolved',
  ETIMEDOUT: 'timeout',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  EMFILE: 'limit',
  ENFILE: 'limit',
  ENOBUFS: 'limit',
  ENOMEM: 'limit',
  EADDRNOTAVAIL: 'limit',
};

/** 'auto' proves the window path once and falls back; 'data' never uses it. */
export type ReadPath = 'auto' | 'window' | 'data';

export class NodeNetwork implements Network {
  readonly #shared: ConnectionShared;
  readonly #readPath: ReadPath;

  constructor(shared: ConnectionShared, readPath: ReadPath = 'auto') {
    this.#shared = shared;
    this.#readPath = readPath;
  }

  async listen(
    host: string,
    port: number,
    accept: (connection: Connection) => ConnectionEvents,
    failed: (why: string) => void,
  ): Promise<Listener> {
    const usesWindow =
      this.#readPath === 'window' || (this.#readPath === 'auto' && (await isAdoptionWorking(this.#shared.window)));
    const server = net.createServer({
      allowHalfOpen: true,
      pauseOnConnect: true,
      noDelay: true,
      keepAlive: true,
      highWaterMark: WRITE_HIGH_WATER_MARK_BYTES,
    });
    server.on('connection', (socket) => this.#accepted(socket, usesWindow, accept));
    await bind(server, host, port);
    server.on('error', (error) => failed(error.message));
    return new NodeListener(server);
  }

  connect(
    host: string,
    port: number,
    timeoutMs: number,
    events: ConnectionEvents,
    done: (result: Connection | ConnectFailure) => void,
  ): void {
    const { window } = this.#shared;
    if (!isPort(port)) {
      this.#shared.timers.soon(() => done('unreachable'));
      return;
    }
    const reader = this.#readPath === 'data' ? null : new WindowReader(window);
    let isDecided = false;
    const decide = (result: Connection | ConnectFailure): void => {
      if (isDecided) return;
      isDecided = true;
      timer.cancel();
      if (typeof result === 'string') socket.destroy();
      done(result);
    };
    const socket = net.connect({
      host,
      port,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      writableHighWaterMark: WRITE_HIGH_WATER_MARK_BYTES,
      ...(reader === null ? {} : { onread: reader.onread }),
    } as net.NetConnectOpts);
    const timer = this.#shared.timers.set(timeoutMs, () => decide('timeout'));
    socket.on('error', (error: NodeJS.ErrnoException) => decide(FAILURE_BY_CODE[error.code ?? ''] ?? 'unreachable'));
    socket.once('connect', () => {
      if (isDecided) return;
      const connection = new NodeConnection(socket, this.#shared, reader);
      connection.start(events);
      decide(connection);
    });
  }

  #accepted(shell: net.Socket, usesWindow: boolean, accept: (connection: Connection) => ConnectionEvents): void {
    let socket = shell;
    let reader: WindowReader | null = null;
    if (usesWindow) {
      reader = new WindowReader(this.#shared.window);
      socket = adopt(shell, reader.onread, WRITE_HIGH_WATER_MARK_BYTES);
    }
    const connection = new NodeConnection(socket, this.#shared, reader);
    connection.start(accept(connection));
  }
}

/** Metadata of a peer may name any number; Node would throw. */
function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port < 65536;
}

function bind(server: net.Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException): void => {
      reject(new BindError(error.code ?? 'UNKNOWN', error.message));
    };
    server.once('error', refused);
    server.listen({ port, backlog: ACCEPT_BACKLOG, ...(host === '' ? {} : { host }) }, () => {
      server.removeListener('error', refused);
      resolve();
    });
  });
}

class NodeListener implements Listener {
  readonly host: string;
  readonly port: number;
  readonly #server: net.Server;
  #closing: Promise<void> | undefined;

  constructor(server: net.Server) {
    const address = server.address();
    this.#server = server;
    this.host = typeof address === 'object' && address !== null ? address.address : '';
    this.port = typeof address === 'object' && address !== null ? address.port : 0;
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      // The listening descriptor is closed within this call; the server's own 'close' would wait for the connections.
      this.#server.close();
      realSetImmediate(resolve);
    });
    return this.#closing;
  }
}
