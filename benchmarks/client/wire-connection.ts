/** A client for what surrounds a measurement (topics, one record, one fetch): whole frames, promises, no hurry. */
import { type Socket, connect } from 'node:net';
import { type Api, apis, latestStableVersion, requestHeaderVersion, responseHeaderVersion } from '../../wire/api-keys';
import { decode, encode } from '../../wire/codec';
import { decodeResponseHeader, encodeRequestHeader } from '../../wire/header';
import type { Infer, Input, Message } from '../../wire/schema';

export const CLIENT_ID = 'moldau-bench';

interface Waiting {
  readonly resolve: (frame: Buffer) => void;
  readonly reject: (reason: Error) => void;
}

export class WireConnection {
  private readonly waiting: Waiting[] = [];
  private readonly maxVersions = new Map<number, number>();
  private pending: Buffer = Buffer.alloc(0);
  private correlationId = 0;
  private failure: Error | null = null;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.received(bytes));
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new Error('the broker closed the connection')));
  }

  /** Connects and asks which versions the broker speaks. */
  static async open(host: string, port: number): Promise<WireConnection> {
    const socket = await new Promise<Socket>((resolve, reject) => {
      const fresh = connect({ host, port });
      fresh.once('connect', () => resolve(fresh));
      fresh.once('error', reject);
    });
    const connection = new WireConnection(socket);
    const request = { clientSoftwareName: CLIENT_ID, clientSoftwareVersion: '1' };
    const { apiKeys } = await connection.callAt(apis.ApiVersions, 3, request);
    for (const { apiKey, maxVersion } of apiKeys) connection.maxVersions.set(apiKey, maxVersion);
    return connection;
  }

  /** The newest version that both sides have. */
  versionOf(api: Api): number {
    const theirs = this.maxVersions.get(api.key);
    if (theirs === undefined) throw new Error(`the broker does not serve ${api.name}`);
    return Math.min(theirs, latestStableVersion(api));
  }

  call<Q extends Message, S extends Message>(api: Api<Q, S>, request: Input<Q>): Promise<Infer<S>> {
    return this.callAt(api, this.versionOf(api), request);
  }

  close(): void {
    this.socket.destroy();
  }

  private async callAt<Q extends Message, S extends Message>(
    api: Api<Q, S>,
    version: number,
    request: Input<Q>,
  ): Promise<Infer<S>> {
    if (this.failure !== null) throw this.failure;
    const id = ++this.correlationId;
    this.socket.write(requestFrame(api, version, id, request));
    const frame = await new Promise<Buffer>((resolve, reject) => this.waiting.push({ resolve, reject }));
    const header = decodeResponseHeader(frame, responseHeaderVersion(api, version));
    if (header.correlationId !== id) throw new Error(`${api.name}: answer ${header.correlationId} to request ${id}`);
    return decode(api.response, version, frame, { offset: header.bodyOffset });
  }

  private received(bytes: Buffer): void {
    this.pending = this.pending.length === 0 ? bytes : Buffer.concat([this.pending, bytes]);
    while (this.pending.length >= 4 && this.pending.length >= 4 + this.pending.readInt32BE(0)) {
      const end = 4 + this.pending.readInt32BE(0);
      this.waiting.shift()?.resolve(this.pending.subarray(4, end));
      this.pending = this.pending.subarray(end);
    }
  }

  private fail(reason: Error): void {
    this.failure ??= reason;
    for (const { reject } of this.waiting.splice(0)) reject(this.failure);
  }
}

/** A whole request with its size in front. */
export function requestFrame<Q extends Message>(
  api: Api<Q>,
  version: number,
  correlationId: number,
  request: Input<Q>,
): Buffer {
  const header = encodeRequestHeader(api, version, correlationId, CLIENT_ID);
  const body = encode(api.request, version, request);
  const frame = Buffer.allocUnsafe(4 + header.length + body.length);
  frame.writeInt32BE(header.length + body.length, 0);
  frame.set(header, 4);
  frame.set(body, 4 + header.length);
  return frame;
}

/** Whether requests of this version have flexible fields. */
export function isFlexible(api: Api, version: number): boolean {
  return requestHeaderVersion(api, version) === 2;
}
