/**
 * What became of the requests of one socket server, by API: how many, how long each stage took, and with which errors they
 * were answered. Plain fields and typed arrays, since every request comes by; whoever exports metrics reads them.
 */
import { apiByKey } from '../../wire/api-keys';
import { Histogram } from '../../wire/metrics/histogram';

/**
 * The stages of a request, as Kafka divides its time. `queue`: from the read that brought it until it is handled. `local`: its
 * handler's turn. `remote`: it waits, for followers or for records. `response`: until the system has taken the whole answer.
 */
export const STAGES = ['queue', 'local', 'remote', 'response', 'total'] as const;
export type Stage = (typeof STAGES)[number];

export class ApiMetrics {
  readonly queue = new Histogram();
  readonly local = new Histogram();
  readonly remote = new Histogram();
  readonly response = new Histogram();
  readonly total = new Histogram();
  /** Answers by error code, NONE left out; one answer may hold several. */
  readonly errors = new Map<number, number>();

  constructor(readonly name: string) {}

  failed(errorCode: number): void {
    this.errors.set(errorCode, (this.errors.get(errorCode) ?? 0) + 1);
  }
}

export class RequestMetrics {
  private readonly byKey: (ApiMetrics | undefined)[] = [];

  /** Of an API that is served. */
  of(apiKey: number): ApiMetrics {
    return (this.byKey[apiKey] ??= new ApiMetrics(apiByKey(apiKey)?.name ?? String(apiKey)));
  }

  /** Of the APIs that have been asked for. */
  *all(): Iterable<ApiMetrics> {
    for (const metrics of this.byKey) if (metrics !== undefined) yield metrics;
  }
}
