/** A broker of a few lines: answers typed requests on a real socket as a test says. */
import type { ApiName } from '../../../wire/api-keys';
import { apis } from '../../../wire/api-keys';
import { createNodeBaseEnv } from '../../../wire/base/node-env';
import { decode, encodeChunks } from '../../../wire/codec';

import type { Infer, Input, Message } from '../../../wire/schema';
import { SocketServer } from '../../../src/network/listener';
import type { NetworkRequest, RequestHandler, Respond, ServedApi } from '../../../src/network/request-handler';
import { silentLogger } from '../../../src/observe/silent-logger';

export const env = createNodeBaseEnv({ logger: silentLogger });

export type Answer<N extends ApiName> = (
  request: Infer<(typeof apis)[N]['request']>,
  context: NetworkRequest,
) => Input<(typeof apis)[N]['response']> | null | Promise<Input<(typeof apis)[N]['response']>>;

export type Answers = { [N in ApiName]?: Answer<N> };

export type Versions = Partial<Record<ApiName, readonly [number, number]>>;

export class FakeBroker implements RequestHandler {
  readonly server: SocketServer;
  port = 0;
  readonly asked: { readonly name: ApiName; readonly version: number }[] = [];

  constructor(
    readonly answers: Answers,
    readonly versions: Versions = {},
  ) {
    answers.ApiVersions ??= () => ({ errorCode: 0, apiKeys: this.advertised() });
    this.server = new SocketServer({
      env,
      handler: this,
      maxRequestBytes: 10_000_000,
      maxUnfinishedBytes: 100_000_000,
      limits: { maxConnections: () => 1000, maxConnectionsOf: () => 1000 },
      maxIdleMs: () => -1,
      maxOverlap: 100,
      invariantBroken: () => undefined,
    });
  }

  async start(port = 0): Promise<this> {
    this.port = (await this.server.listen('PLAINTEXT', '127.0.0.1', port)).port;
    return this;
  }

  /** Ends all connections at once. */
  stop(): Promise<void> {
    for (const connection of [...this.server.connections]) connection.destroy();
    return this.server.stop(0);
  }

  advertised(): { apiKey: number; minVersion: number; maxVersion: number }[] {
    return (Object.keys(this.answers) as ApiName[]).map((name) => ({ apiKey: apis[name].key, ...this.range(name) }));
  }

  served(apiKey: number): ServedApi | undefined {
    const name = this.nameOf(apiKey);
    if (name === undefined || this.answers[name] === undefined) return undefined;
    return { ...this.range(name), mayOverlap: name === 'Produce' };
  }

  handle(request: NetworkRequest, body: Uint8Array, respond: Respond): void {
    const name = request.api.name as ApiName;
    this.asked.push({ name, version: request.apiVersion });
    const decoded = decode(request.api.request, request.apiVersion, body.slice());
    const answer = (this.answers[name] as Answer<ApiName>)(decoded as never, request);
    void Promise.resolve(answer).then((response) => {
      if (response === null) respond(null);
      else respond(encodeChunks(request.api.response, request.apiVersion, response as Input<Message>));
    });
  }

  private nameOf(apiKey: number): ApiName | undefined {
    return (Object.keys(apis) as ApiName[]).find((name) => apis[name].key === apiKey);
  }

  private range(name: ApiName): { minVersion: number; maxVersion: number } {
    const { min, max } = apis[name].request.validVersions;
    const [minVersion, maxVersion] = this.versions[name] ?? [min, max];
    return { minVersion, maxVersion };
  }
}

/** A promise that a test settles. */
export function gate<T>(): { readonly promise: Promise<T>; open(value: T): void } {
  let open!: (value: T) => void;
  const promise = new Promise<T>((resolve) => (open = resolve));
  return { promise, open };
}
