/**
 * A scenario is a list of steps: requests that are sent to both brokers in turn, and what is remembered of the answers for
 * later requests (topic ids, member ids, sessions).
 *
 * A request is written once for all versions; fields that the step's version lacks are left out.
 */
import type { ApiName } from '../../../../wire/api-keys';
import type { RequestOf, ResponseOf } from '../../../handlers/support/wire-client';

/** What a scenario remembers, one set per broker. */
export class Vars {
  private readonly values = new Map<string, unknown>();

  set(name: string, value: unknown): void {
    this.values.set(name, value);
  }
  text(name: string): string {
    return String(this.need(name));
  }
  number(name: string): number {
    return Number(this.need(name));
  }
  private need(name: string): unknown {
    if (!this.values.has(name)) throw new Error(`the scenario has not set ${name}`);
    return this.values.get(name);
  }
}

export interface AskOptions<N extends ApiName> {
  /** The connection, by name; each has a client id of the same name. */
  readonly on?: string;
  /** The answer comes later: it is taken by `settle(name)`. */
  readonly parked?: string;
  /** Asked again until this holds; only the last answer counts. */
  readonly until?: (response: ResponseOf<N>) => boolean;
  readonly save?: (response: ResponseOf<N>, vars: Vars) => void;
  /** Arrays are compared in the order in which they came; by default by their elements' names. */
  readonly isOrdered?: true;
  /** Whether the answer came late is compared too: `hasWaited`. */
  readonly isTimed?: true;
  /** Not compared: the step is there for what comes after it. */
  readonly isSilent?: true;
}

export interface AskStep {
  readonly kind: 'ask';
  readonly api: ApiName;
  readonly version: number;
  readonly request: (vars: Vars) => unknown;
  readonly options: AskOptions<ApiName>;
}

/** A request that gets no answer when all is well; afterwards the connection is open or closed, which is compared. */
export interface TellStep {
  readonly kind: 'tell';
  readonly api: ApiName;
  readonly version: number;
  readonly request: (vars: Vars) => unknown;
  readonly on: string;
}

/** Bytes as they are under any API key and version; the answer is decoded as another version's, or the connection closes. */
export interface RawStep {
  readonly kind: 'raw';
  readonly label: string;
  readonly apiKey: number;
  readonly version: number;
  readonly body: Uint8Array;
  readonly answer: { readonly api: ApiName; readonly version: number; readonly headerVersion: 0 | 1 };
}

export interface SettleStep {
  readonly kind: 'settle';
  readonly name: string;
}

/** Closes a connection from the client's side. */
export interface HangUpStep {
  readonly kind: 'hang-up';
  readonly on: string;
}

export type Step = AskStep | TellStep | RawStep | SettleStep | HangUpStep;

/** A difference that may be, with the reason for it. */
export interface Allowed {
  /** Matches `<step> <path>`, such as `ApiVersions v3 apiKeys[3].maxVersion`. */
  readonly at: RegExp;
  readonly reason: string;
  /** Only where Kafka has this value. */
  readonly kafka?: unknown;
  /** Given for many scenarios, not all of which have it; else an allowance that allows nothing fails. */
  readonly isOptional?: true;
}

export interface Scenario {
  readonly title: string;
  readonly steps: readonly Step[];
  readonly allowed?: readonly Allowed[];
}

export const MAIN = 'main';

type Request<N extends ApiName> = RequestOf<N> | ((vars: Vars) => RequestOf<N>);

export function ask<N extends ApiName>(
  api: N,
  version: number,
  request: Request<N>,
  options: AskOptions<N> = {},
): Step {
  const make = typeof request === 'function' ? request : () => request;
  return { kind: 'ask', api, version, request: make, options: options as AskOptions<ApiName> };
}

/** The same request in each of these versions. */
export function askEach<N extends ApiName>(
  api: N,
  versions: readonly number[],
  request: Request<N>,
  options: AskOptions<N> = {},
): Step[] {
  return versions.map((version) => ask(api, version, request, options));
}

export function tell<N extends ApiName>(api: N, version: number, request: Request<N>, on = MAIN): Step {
  return { kind: 'tell', api, version, request: typeof request === 'function' ? request : () => request, on };
}

export function raw(step: Omit<RawStep, 'kind'>): Step {
  return { kind: 'raw', ...step };
}

export function settle(name: string): Step {
  return { kind: 'settle', name };
}

export function hangUp(on: string): Step {
  return { kind: 'hang-up', on };
}

export function versions(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
