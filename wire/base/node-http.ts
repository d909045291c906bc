/**
 * Part of the binding (`node-env.ts`): an HTTP listener over node:http, for scrapers and load balancers.
 *
 * Bounded: so many connections, so long for a request's head, so long without one, so long until an answer has been read; a
 * body is not read.
 */
import * as http from 'node:http';
import * as timers from 'node:timers';
import { BindError } from './env';
import type { HttpHandler, HttpListener } from './monitoring';

const { setImmediate: realSetImmediate, setTimeout: realSetTimeout, clearTimeout: realClearTimeout } = timers;

const MAX_CONNECTIONS = 64;
const MAX_HEADER_BYTES = 8 * 1024;
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 65_000;
/** Who does not read holds one of the few connections, and the answer in memory. */
const ANSWER_TIMEOUT_MS = 30_000;
const TEXT = 'text/plain; charset=utf-8';

/** Rejects with a BindError. */
export function listenHttp(host: string, port: number, handle: HttpHandler, answerTimeoutMs = ANSWER_TIMEOUT_MS): Promise<HttpListener> {
  const server = http.createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => {
    const timer = realSetTimeout(() => request.socket.destroy(), answerTimeoutMs);
    response.on('close', () => realClearTimeout(timer));
    answer(request, response, handle);
  });
  return new Promise((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException): void => reject(new BindError(error.code ?? 'UNKNOWN', error.message));
    server.once('error', refused);
    server.listen({ port, ...(host === '' ? {} : { host }) }, () => {
      server.removeListener('error', refused);
      // What a socket has to say later concerns its own connection, which is gone by then.
      server.on('error', () => undefined);
      resolve(new NodeHttpListener(server));
    });
  });
}

function answer(request: http.IncomingMessage, response: http.ServerResponse, handle: HttpHandler): void {
  const { method = '', url = '/' } = request;
  // Nobody sends a body along with a GET; whatever comes is dropped.
  request.resume();
  const send = (status: number, contentType: string, body: readonly Uint8Array[]): void => {
    const length = body.reduce((sum, chunk) => sum + chunk.length, 0);
    response.writeHead(status, { 'content-type': contentType, 'content-length': length, 'cache-control': 'no-store' });
    if (method !== 'HEAD') for (const chunk of body) response.write(chunk);
    response.end();
  };
  const say = (status: number, sentence: string): void => send(status, TEXT, [Buffer.from(`${sentence}\n`)]);
  if (method !== 'GET' && method !== 'HEAD') return say(405, `Only GET and HEAD are answered here, not ${method}.`);
  const path = url.split('?', 1)[0] ?? '/';
  handle(path).then(
    ({ status, contentType, body }) => send(status, contentType, body),
    (error: unknown) => say(500, `This could not be answered: ${String((error as { readonly message?: unknown } | null)?.message ?? error)}`),
  );
}

class NodeHttpListener implements HttpListener {
  readonly host: string;
  readonly port: number;
  #closing: Promise<void> | undefined;

  constructor(private readonly server: http.Server) {
    const address = server.address();
    this.host = typeof address === 'object' && address !== null ? address.address : '';
    this.port = typeof address === 'object' && address !== null ? address.port : 0;
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.server.close();
      this.server.closeAllConnections();
      realSetImmediate(resolve);
    });
    return this.#closing;
  }
}
