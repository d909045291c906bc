/**
 * A connection to one broker, with the versions that both sides know: asked for once, at the beginning (KIP-35).
 */
import type { ApiName } from './api-keys';
import { apis, latestStableVersion } from './api-keys';
import { ErrorCode, errorName } from './base/error-codes';
import type { ClientEnv } from './client-connection';
import { ExchangeError } from './client-connection';
import type { ExchangeOptions, RequestInput, ResponseOf, SendOptions } from './exchange';
import { Exchange } from './exchange';

/** The broker answered with an error code. */
export class ServerError extends Error {
  override readonly name = 'ServerError';
  constructor(
    readonly errorCode: number,
    what: string,
  ) {
    super(`${what}: ${errorName(errorCode)}`);
  }
}

export interface AskOptions extends SendOptions {
  /** Ask with no newer version than this. */
  readonly maxVersion?: number;
}

/** A request, or what makes it for the version that will be used. */
export type RequestFor<N extends ApiName> = RequestInput<N> | ((version: number) => RequestInput<N>);

interface VersionRange {
  readonly minVersion: number;
  readonly maxVersion: number;
}

/** Told to brokers at the beginning (KIP-511). */
export const SOFTWARE = { clientSoftwareName: 'moldau', clientSoftwareVersion: '0.1' };

export class BrokerLink {
  readonly exchange: Exchange;
  readonly #versions: ReadonlyMap<number, VersionRange>;

  /** Rejects with an ExchangeError or a ServerError. */
  static async open(env: ClientEnv, options: ExchangeOptions): Promise<BrokerLink> {
    const exchange = await Exchange.open(env, options);
    try {
      const api = apis.ApiVersions;
      let response = await exchange.send('ApiVersions', latestStableVersion(api), SOFTWARE);
      if (response.errorCode === ErrorCode.UNSUPPORTED_VERSION) {
        const own = response.apiKeys.find(({ apiKey }) => apiKey === api.key);
        response = await exchange.send('ApiVersions', own?.maxVersion ?? 0, SOFTWARE);
      }
      if (response.errorCode !== ErrorCode.NONE) throw new ServerError(response.errorCode, 'ApiVersions');
      return new BrokerLink(exchange, new Map(response.apiKeys.map((row) => [row.apiKey, row])));
    } catch (error) {
      exchange.close();
      throw error;
    }
  }

  private constructor(exchange: Exchange, versions: ReadonlyMap<number, VersionRange>) {
    this.exchange = exchange;
    this.#versions = versions;
  }

  /** The newest version that both sides know; null when there is none. */
  version(name: ApiName, maxVersion = Infinity): number | null {
    const api = apis[name];
    const theirs = this.#versions.get(api.key);
    if (theirs === undefined) return null;
    const newest = Math.min(theirs.maxVersion, latestStableVersion(api), maxVersion);
    return newest >= Math.max(theirs.minVersion, api.request.validVersions.min) ? newest : null;
  }

  /** Asks in the newest common version. Rejects with an ExchangeError; with a ServerError when there is no such version. */
  ask<N extends ApiName>(name: N, request: RequestFor<N>, options: AskOptions = {}): Promise<ResponseOf<N>> {
    const version = this.version(name, options.maxVersion);
    if (version === null) return Promise.reject(new ServerError(ErrorCode.UNSUPPORTED_VERSION, name));
    if (this.exchange.isClosed) return Promise.reject(new ExchangeError('closed', 'the connection has ended'));
    const body = typeof request === 'function' ? request(version) : request;
    return this.exchange.send(name, version, body, options);
  }
}
