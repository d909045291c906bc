/**
 * A client that sends any request in any version and decodes what comes back; for tests, so nothing is retried or hidden.
 *
 * Requests may be pipelined: each promise settles with the response of its correlation id. When the connection ends, all
 * that are waiting reject with ConnectionClosed.
 */
import { connect, type Socket } from 'node:net';
import { apis, responseHeaderVersion, type Api, type ApiName } from '../../../wire/api-keys';
import { decode, encode } from '../../../wire/codec';
import { decodeResponseHeader, encodeRequestHeader } from '../../../wire/header';
import type { Infer, Input } from '../../../wire/schema';

export type RequestOf<N extends ApiName> = Input<(typeof apis)[N]['request']>;
export type ResponseOf<N extends ApiName> = Infer<(typeof apis)[N]['response']>;

export class ConnectionClosed extends Error {
  override readonly name = 'ConnectionClosed';
}

export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

interface Waiter {
  resolve(frame: Buffer): void;
  reject(error: Error): void;
}

const PATIENCE_MS = 10_000;

export class WireClient {
  /** Settles once the connection is closed, by whichever side. */
  readonly closed: Promise<void>;
  private readonly socket: Socket;
  private readonly waiting = new Map<number, Waiter>();
  private pieces: Buffer[] = [];
  private receivedBytes = 0;
  private nextCorrelationId = 1;
  private isClosed = false;

  constructor(
    port: number,
    readonly clientId: string | null = 'wire-client',
  ) {
    this.socket = connect({ host: '127.0.0.1', port, noDelay: true });
    this.socket.on('data', (bytes) => this.receive(bytes));
    // A reset is told as `close` too, which is what tests look at.
    this.socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      this.socket.on('close', () => {
        this.isClosed = true;
        for (const { reject } of this.waiting.values()) reject(new ConnectionClosed('the connection was closed'));
        this.waiting.clear();
        resolve();
      });
    });
  }

  /** Sends a request and decodes the response, both in `version`. */
  async ask<N extends ApiName>(name: N, version: number, request: RequestOf<N>): Promise<ResponseOf<N>> {
    const api: Api = apis[name];
    const body = await this.exchange(api, version, encode(api.request, version, request as Input<Api['request']>));
    return decode(api.response, version, body) as unknown as ResponseOf<N>;
  }

  /** Sends a body as it is, under this API and version, and returns the response's body. */
  async exchange(
    api: Api,
    version: number,
    body: Uint8Array,
    headerVersion = responseHeaderVersion(api, version),
  ): Promise<Uint8Array> {
    const correlationId = this.nextCorrelationId++;
    const answer = this.awaitFrame(correlationId, `${api.name} v${version}`);
    this.sendFrame([encodeRequestHeader(api, version, correlationId, this.clientId), body]);
    const frame = await answer;
    return frame.subarray(decodeResponseHeader(frame, headerVersion).bodyOffset);
  }

  /** Sends a request that gets no response. */
  tell<N extends ApiName>(name: N, version: number, request: RequestOf<N>): void {
    const api: Api = apis[name];
    const body = encode(api.request, version, request as Input<Api['request']>);
    this.sendFrame([encodeRequestHeader(api, version, this.nextCorrelationId++, this.clientId), body]);
  }

  /** Any frame: its size is put in front. */
  sendFrame(parts: readonly Uint8Array[]): void {
    const size = Buffer.alloc(4);
    size.writeInt32BE(parts.reduce((sum, part) => sum + part.length, 0));
    this.sendBytes(Buffer.concat([size, ...parts]));
  }

  /** Any bytes at all. */
  sendBytes(bytes: Uint8Array): void {
    if (!this.isClosed) this.socket.write(bytes);
  }

  /** Ends this side and waits for the other. */
  async close(): Promise<void> {
    this.socket.destroy();
    await this.closed;
  }

  private awaitFrame(correlationId: number, what: string): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.isClosed) return reject(new ConnectionClosed('the connection was closed before'));
      const timer = setTimeout(() => {
        this.waiting.delete(correlationId);
        reject(new NoAnswer(`no answer to ${what} within ${PATIENCE_MS} ms`));
      }, PATIENCE_MS);
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T): void => {
          clearTimeout(timer);
          then(value);
        };
      this.waiting.set(correlationId, { resolve: settle(resolve), reject: settle(reject) });
    });
  }

  private receive(bytes: Buffer): void {
    this.pieces.push(bytes);
    this.receivedBytes += bytes.length;
    for (let frame = this.takeFrame(); frame !== null; frame = this.takeFrame()) {
      const correlationId = frame.readInt32BE(0);
      this.waiting.get(correlationId)?.resolve(frame);
      this.waiting.delete(correlationId);
    }
  }

  private takeFrame(): Buffer | null {
    if (this.receivedBytes < 4) return null;
    if ((this.pieces[0]?.length ?? 0) < 4) this.pieces = [Buffer.concat(this.pieces)];
    const end = 4 + (this.pieces[0] as Buffer).readInt32BE(0);
    if (this.receivedBytes < end) return null;
    const all = Buffer.concat(this.pieces);
    const rest = all.subarray(end);
    this.pieces = rest.length > 0 ? [rest] : [];
    this.receivedBytes = rest.length;
    return all.subarray(4, end);
  }
}
