/** A socket of the load generator: all of them read into one page-aligned buffer, and nothing is allocated per read. */
import { type Socket, connect } from 'node:net';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** `received` may throw: the connection then fails with that. `failed` is told once, and not after `destroy`. */
export async function openLoadSocket(
  endpoint: Endpoint,
  window: Uint8Array,
  received: (bytes: Buffer, length: number) => void,
  failed: (reason: Error) => void,
): Promise<Socket> {
  const buffer = Buffer.from(window.buffer, window.byteOffset, window.length);
  const socket = connect({
    ...endpoint,
    noDelay: true,
    onread: {
      buffer,
      callback: (length) => {
        try {
          received(buffer, length);
        } catch (error) {
          socket.destroy(error as Error);
        }
        return true;
      },
    },
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', () => resolve());
    socket.once('error', reject);
  });
  socket.removeAllListeners('error');
  let isFailed = false;
  const fail = (reason: Error): void => {
    if (!isFailed) failed(reason);
    isFailed = true;
  };
  socket.on('error', fail);
  socket.on('end', () => fail(new Error('the broker closed the connection')));
  return socket;
}
