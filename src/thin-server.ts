/** Temporary: the thinnest server over the network port, until src/network is there. */
import type { Connection, Listener } from '../wire/base/env';
import { apiByKey, responseHeaderVersion, type ApiName } from '../wire/api-keys';
import { decodeRequestHeader, encodeResponseHeader } from '../wire/header';
import { encode } from '../wire/codec';
import { ApiVersionsResponse } from '../wire/schema/metadata';
import { handlers } from './handlers/index';
import type { ResponseChunks } from './handlers/handler';
import { isBytes, type FileRangeBody } from './network/response-body';
import type { Services } from './services';

export function listenThin(services: Services, host: string, port: number, listenerName: string): Promise<Listener> {
  let ids = 0;
  return services.env.network.listen(host, port, (connection) => new Thin(services, connection, listenerName, ++ids), () => undefined);
}

class Thin {
  private rest = new Uint8Array(0);
  private readonly queue: { done: boolean; parts: Uint8Array[] | null }[] = [];
  private dead = false;
  constructor(private readonly services: Services, private readonly connection: Connection, private readonly listenerName: string, private readonly id: number) {}

  bytes(slice: Uint8Array): void {
    const all = new Uint8Array(this.rest.length + slice.length);
    all.set(this.rest);
    all.set(slice, this.rest.length);
    let at = 0;
    while (all.length - at >= 4) {
      const size = new DataView(all.buffer, at).getInt32(0);
      if (all.length - at - 4 < size) break;
      this.frame(all.subarray(at + 4, at + 4 + size));
      at += 4 + size;
    }
    this.rest = all.slice(at);
  }
  drain(): void {}
  closed(): void {
    this.dead = true;
  }

  private frame(frame: Uint8Array): void {
    const header = decodeRequestHeader(frame);
    const api = apiByKey(header.apiKey);
    const slot: { done: boolean; parts: Uint8Array[] | null } = { done: false, parts: null };
    this.queue.push(slot);
    if (api === undefined || api === null) return this.connection.destroy();
    const row = handlers[api.name as ApiName];
    if ('notServed' in row) return this.connection.destroy();
    if (header.apiVersion < row.minVersion || header.apiVersion > row.maxVersion) {
      if (api.name !== 'ApiVersions') return this.connection.destroy();
      const body = encode(ApiVersionsResponse, 0, { errorCode: 35, apiKeys: [{ apiKey: 18, minVersion: row.minVersion, maxVersion: row.maxVersion }] });
      return this.finish(slot, { chunks: [body], sizeBytes: body.length }, encodeResponseHeader(header.correlationId, 0));
    }
    const call = {
      services: this.services,
      apiVersion: header.apiVersion,
      clientId: header.clientId ?? '',
      connection: { id: this.id, listenerName: this.listenerName, remoteHost: this.connection.remoteHost, close: () => this.connection.end() },
    };
    row.handle(call, frame.subarray(header.bodyOffset), (response) => {
      this.finish(slot, response, encodeResponseHeader(header.correlationId, responseHeaderVersion(api, header.apiVersion)));
    });
  }

  private finish(slot: { done: boolean; parts: Uint8Array[] | null }, response: ResponseChunks | null, header: Uint8Array): void {
    slot.done = true;
    if (response !== null) {
      const size = new Uint8Array(4);
      new DataView(size.buffer).setInt32(0, header.length + response.sizeBytes);
      slot.parts = [size, header];
      for (const chunk of response.chunks) {
        if (isBytes(chunk)) slot.parts.push(chunk);
        else {
          const body = chunk as FileRangeBody;
          const bytes = new Uint8Array(body.sizeBytes);
          body.file.readSync(body.position, bytes);
          body.release();
          slot.parts.push(bytes);
        }
      }
    }
    while (this.queue[0]?.done === true) {
      const next = this.queue.shift();
      if (next?.parts && !this.dead) this.connection.write(next.parts);
    }
  }
}
