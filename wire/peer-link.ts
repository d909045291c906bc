/**
 * One peer at one address, asked by callback: quorum nodes, controllers and brokers talk to each other through it.
 *
 * Connects when there is something to ask and agrees on versions first; a connection that ends is made anew by the next
 * call, at once: waiting before that is the caller's business, who knows how often it asks. Invariants: every call ends
 * exactly once, never within the call; after `close` all of them fail.
 */
import type { ApiName } from './api-keys';
import { ErrorCode } from './base/error-codes';
import { BrokerLink, type AskOptions, type RequestFor, ServerError } from './broker-link';
import { ExchangeError, type ClientEnv } from './client-connection';
import type { ExchangeOptions, ResponseOf } from './exchange';

/** ExchangeError: there is no answer. ServerError: the peer has no version of the API that this node knows. */
export type PeerFailure = ExchangeError | ServerError;

export type PeerDone<N extends ApiName> = (result: ResponseOf<N> | PeerFailure) => void;

export function isPeerFailure(result: unknown): result is PeerFailure {
  return result instanceof ExchangeError || result instanceof ServerError;
}

/** Calls that may wait for the connection. */
const MAX_WAITING = 1000;

export class PeerLink {
  #link: BrokerLink | null = null;
  #isOpening = false;
  #isClosed = false;
  #waiting: ((link: BrokerLink | PeerFailure) => void)[] = [];
  #lost: (() => void) | null = null;

  constructor(
    private readonly env: ClientEnv,
    private readonly options: ExchangeOptions,
  ) {}

  get isConnected(): boolean {
    return this.#link !== null && !this.#link.exchange.isClosed;
  }

  /** Calls `run` each time that a connection which was open has ended by itself. */
  whenLost(run: () => void): void {
    this.#lost = run;
  }

  /** Asks in the newest version that both know, at most `options.maxVersion`. */
  call<N extends ApiName>(name: N, request: RequestFor<N>, options: AskOptions, done: PeerDone<N>): void {
    this.#withLink((link) => {
      if (isPeerFailure(link)) {
        options.released?.();
        return done(link);
      }
      const version = link.version(name, options.maxVersion);
      if (version === null) {
        options.released?.();
        return this.env.timers.soon(() => done(new ServerError(ErrorCode.UNSUPPORTED_VERSION, name)));
      }
      const body = typeof request === 'function' ? request(version) : request;
      link.exchange.call(name, version, body, options, done);
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#link?.exchange.close();
  }

  #withLink(run: (link: BrokerLink | PeerFailure) => void): void {
    const { timers } = this.env;
    if (this.#isClosed) return timers.soon(() => run(new ExchangeError('closed', 'the link was closed')));
    if (this.#link !== null && this.isConnected) return run(this.#link);
    if (this.#waiting.length >= MAX_WAITING) {
      return timers.soon(() => run(new ExchangeError('overloaded', `${MAX_WAITING} calls wait for the connection`)));
    }
    this.#waiting.push(run);
    if (!this.#isOpening) this.#open();
  }

  #open(): void {
    this.#isOpening = true;
    BrokerLink.open(this.env, this.options).then(
      (link) => this.#opened(link),
      (error: unknown) => this.#failed(error),
    );
  }

  #opened(link: BrokerLink): void {
    this.#isOpening = false;
    if (this.#isClosed) {
      link.exchange.close();
      return this.#tell(new ExchangeError('closed', 'the link was closed'));
    }
    this.#link = link;
    link.exchange.whenClosed(() => {
      if (this.#link !== link) return;
      this.#link = null;
      if (!this.#isClosed) this.#lost?.();
    });
    this.#tell(link);
  }

  #failed(error: unknown): void {
    this.#isOpening = false;
    if (!isPeerFailure(error)) throw error;
    this.#tell(error);
  }

  #tell(link: BrokerLink | PeerFailure): void {
    for (const run of this.#waiting.splice(0)) run(link);
  }
}
