/**
 * A patient client of simulated brokers: one connection that is opened again whenever it has ended, and retries by the
 * error codes. It is as strict as a client can be: what it is told it tells the ghost.
 */

import type { Env } from '../../../../log/env';
import type { ApiName } from '../../../../wire/api-keys';
import { errorName, isRetriable } from '../../../../wire/base/error-codes';
import type { RequestInput, ResponseOf } from '../../../../wire/exchange';
import { Exchange } from '../../../../wire/exchange';

const RETRY_BACKOFF_MS = 20;
const REQUEST_TIMEOUT_MS = 2_000;
const CONNECT_TIMEOUT_MS = 500;

/** There is no answer: the request may have had its effect. */
export const NO_ANSWER = 'no answer';

export class SimClient {
  private exchange: Exchange | null = null;

  constructor(
    private readonly env: Env,
    private readonly host: string,
    private readonly port: number,
    private readonly clientId: string,
    private readonly requestTimeoutMs = REQUEST_TIMEOUT_MS,
  ) {}

  /** One attempt. */
  async ask<N extends ApiName>(name: N, version: number, request: RequestInput<N>): Promise<ResponseOf<N> | typeof NO_ANSWER> {
    try {
      const exchange = await this.connected();
      return await exchange.send(name, version, request);
    } catch (error) {
      if ((error as { name?: unknown } | null)?.name !== 'ExchangeError') throw error;
      this.exchange = null;
      return NO_ANSWER;
    }
  }

  /** Attempts until there is an answer whose code, as `codeOf` finds it, is final. */
  async askUntil<N extends ApiName>(name: N, version: number, request: RequestInput<N>, codeOf: (response: ResponseOf<N>) => number): Promise<ResponseOf<N>> {
    for (;;) {
      const response = await this.ask(name, version, request);
      if (response !== NO_ANSWER && !isRetriable(codeOf(response))) return response;
      await this.pause(RETRY_BACKOFF_MS);
    }
  }

  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.env.timers.set(delayMs, resolve));
  }

  close(): void {
    this.exchange?.close();
    this.exchange = null;
  }

  private async connected(): Promise<Exchange> {
    if (this.exchange !== null && !this.exchange.isClosed) return this.exchange;
    const { host, port, clientId, requestTimeoutMs } = this;
    this.exchange = await Exchange.open(this.env, { host, port, clientId, requestTimeoutMs, connectTimeoutMs: CONNECT_TIMEOUT_MS });
    return this.exchange;
  }
}

/** For messages. */
export const describe = (errorCode: number): string => errorName(errorCode) ?? String(errorCode);
