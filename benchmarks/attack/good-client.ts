/**
 * A client that does what it should: an open loop of small produce requests over one connection. Each latency counts from the
 * moment when the request was due, so that a broker (or a client) that falls behind is seen in every later request.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { silentLogger } from '../../src/observe/silent-logger';
import { createNodeBaseEnv } from '../../wire/base/node-env';
import { ErrorCode, errorName } from '../../wire/base/error-codes';
import { ExchangeError } from '../../wire/client-connection';
import { Exchange, type ResponseOf } from '../../wire/exchange';
import { prepareBatch } from '../client/payload';
import { percentile } from '../statistics';

export interface GoodWork {
  readonly host: string;
  readonly port: number;
  readonly topic: string;
  readonly perSecond: number;
  readonly recordBytes: number;
  /** Not counted. */
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export interface GoodResult {
  readonly requests: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** How late this client itself was with its requests: a busy machine shows here too. */
  readonly sentLateP99Ms: number;
  readonly errors: readonly string[];
}

/** Newest version that names topics by their names. */
const PRODUCE_VERSION = 12;
const REQUEST_TIMEOUT_MS = 60_000;
const MAX_IN_FLIGHT = 100_000;

export async function runGoodClient(work: GoodWork): Promise<GoodResult> {
  const env = createNodeBaseEnv({ logger: silentLogger });
  const exchange = await Exchange.open(env, {
    host: work.host,
    port: work.port,
    clientId: 'good',
    connectTimeoutMs: REQUEST_TIMEOUT_MS,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    maxInFlight: MAX_IN_FLIGHT,
  });
  try {
    const shape = { recordBytes: work.recordBytes, batchBytes: 0, compression: 'none' } as const;
    return await new OpenLoop(exchange, work, prepareBatch(shape, Date.now(), env.crc32c).bytes).run();
  } finally {
    exchange.close();
  }
}

class OpenLoop {
  private readonly latenciesMs: number[] = [];
  private readonly latenessMs: number[] = [];
  private readonly errors = new Set<string>();

  constructor(
    private readonly exchange: Exchange,
    private readonly work: GoodWork,
    private readonly batch: Uint8Array,
  ) {}

  async run(): Promise<GoodResult> {
    const { perSecond, warmUpSeconds, seconds } = this.work;
    const total = Math.round((warmUpSeconds + seconds) * perSecond);
    const firstCounted = Math.round(warmUpSeconds * perSecond);
    const startMs = performance.now();
    const answers: Promise<void>[] = [];
    for (let sent = 0; sent < total;) {
      const dueMs = startMs + (sent * 1000) / perSecond;
      if (dueMs > performance.now()) await delay(Math.max(1, Math.floor(dueMs - performance.now())));
      if (dueMs > performance.now()) continue;
      if (sent >= firstCounted) this.latenessMs.push(performance.now() - dueMs);
      answers.push(this.send(dueMs, sent >= firstCounted));
      sent++;
    }
    await Promise.all(answers);
    return {
      requests: this.latenciesMs.length,
      p50Ms: percentile(this.latenciesMs, 0.5),
      p99Ms: percentile(this.latenciesMs, 0.99),
      maxMs: percentile(this.latenciesMs, 1),
      sentLateP99Ms: percentile(this.latenessMs, 0.99),
      errors: [...this.errors],
    };
  }

  private send(dueMs: number, isCounted: boolean): Promise<void> {
    const partitionData = [{ index: 0, records: this.batch }];
    const topicData = [{ name: this.work.topic, partitionData }];
    const request = { transactionalId: null, acks: 1, timeoutMs: REQUEST_TIMEOUT_MS, topicData };
    return new Promise((resolve) => {
      this.exchange.call('Produce', PRODUCE_VERSION, request, {}, (result) => {
        if (isCounted) this.latenciesMs.push(performance.now() - dueMs);
        const error = errorOf(result);
        if (error !== null) this.errors.add(error);
        resolve();
      });
    });
  }
}

function errorOf(result: ResponseOf<'Produce'> | ExchangeError): string | null {
  if (result instanceof ExchangeError) return result.message;
  const code = result.responses[0]?.partitionResponses[0]?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
  return code === ErrorCode.NONE ? null : errorName(code);
}
