/**
 * Part of the binding (`node-env.ts`): giving an accepted handle to a socket that reads with `onread`.
 *
 * Node offers `onread` only for sockets that connect. An accepted one is rebuilt around its handle, which is an internal
 * of Node: the old shell must also pass on its place in the server's count, or the server never closes. Nothing here is
 * promised by Node, hence the proof over loopback before it is relied upon.
 */
import * as net from 'node:net';
import * as timers from 'node:timers';

const realSetTimeout = timers.setTimeout;
const realClearTimeout = timers.clearTimeout;

/** The internals that adoption touches. */
interface SocketInternals {
  _handle: object | null;
  _server: net.Server | null;
  server: net.Server | null;
}

/** Node's `onread` option with a buffer that is asked for before each read. */
export interface OnRead {
  readonly buffer: () => Uint8Array;
  readonly callback: (sizeBytes: number) => boolean;
}

/** A socket around the handle of `shell`, which must have been accepted with `pauseOnConnect`. It does not read yet. */
export function adopt(shell: net.Socket, onread: OnRead, writableHighWaterMark: number): net.Socket {
  const from = shell as unknown as SocketInternals;
  const adopted = new net.Socket({
    handle: from._handle,
    allowHalfOpen: true,
    manualStart: true,
    writableHighWaterMark,
    onread,
  } as net.SocketConstructorOpts);
  const to = adopted as unknown as SocketInternals;
  to._server = from._server;
  to.server = from.server;
  from._server = null;
  from.server = null;
  from._handle = null;
  return adopted;
}

const CHECK_TIMEOUT_MS = 1000;
/** Longer than one window would be pointless: the check shows that bytes land, in order, and that the end is seen. */
const CHECK_BYTES = 1000;

let checked: Promise<boolean> | undefined;

/**
 * Whether adopted sockets read into the window, and leave the server's count, in this process. Asked once: the answer is
 * a property of the Node that runs us, so remembering it is no state of ours.
 */
export function isAdoptionWorking(window: Uint8Array): Promise<boolean> {
  checked ??= checkAdoption(window);
  return checked;
}

/** One loopback connection: bytes in, FIN both ways, then the server must close by itself. */
export function checkAdoption(window: Uint8Array, adoptSocket: typeof adopt = adopt): Promise<boolean> {
  // Node would read zero bytes for ever into a detached window.
  if (window.length < CHECK_BYTES) return Promise.resolve(false);
  return new Promise((resolve) => {
    let received = 0;
    let areBytesRight = true;
    let client: net.Socket | undefined;
    const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true });
    const timer = realSetTimeout(() => finish(false), CHECK_TIMEOUT_MS);
    const finish = (isWorking: boolean): void => {
      realClearTimeout(timer);
      client?.destroy();
      // A second close of a drained server would emit 'close' again, and so on without end.
      if (server.listening) server.close();
      resolve(isWorking);
    };
    server.on('error', () => finish(false));
    server.once('close', () => finish(areBytesRight && received === CHECK_BYTES));
    server.on('connection', (shell) => {
      const callback = (sizeBytes: number): boolean => {
        for (let i = 0; i < sizeBytes; i++) areBytesRight &&= window[i] === (received + i) % 251;
        received += sizeBytes;
        return true;
      };
      const accepted = adoptSafely(adoptSocket, shell, { buffer: () => window, callback });
      if (accepted === null) return finish(false);
      accepted.on('error', () => finish(false));
      accepted.on('end', () => accepted.end());
      accepted.resume();
      server.close();
    });
    server.listen(0, '127.0.0.1', () => {
      const address = server.address() as net.AddressInfo;
      client = net.connect({ host: '127.0.0.1', port: address.port });
      client.on('error', () => finish(false));
      client.resume();
      client.end(Uint8Array.from({ length: CHECK_BYTES }, (_, i) => i % 251));
    });
  });
}

function adoptSafely(adoptSocket: typeof adopt, shell: net.Socket, onread: OnRead): net.Socket | null {
  try {
    return adoptSocket(shell, onread, CHECK_BYTES);
  } catch {
    // The internals are not what we know: that is the answer to the check, and the shell is of no use any more.
    shell.destroy();
    return null;
  }
}
