/**
 * A client that wants to write one record after the other to one partition, acks=all, and gives up on a request after
 * 500 ms, to try again 50 ms later: the gap that it sees is the cluster's, not that of a client's patience.
 */
import { ClusterClient, type BrokerAddress } from '../../wire/cluster-client';
import { createNodeBaseEnv } from '../../wire/base/node-env';
import { encodeBatch } from '../../wire/record/records';
import { crc32cPortable } from '../../wire/record/crc32c';
import { silentLogger } from '../../src/observe/silent-logger';

const REQUEST_TIMEOUT_MS = 500;
const RETRY_MS = 50;
const PAUSE_MS = 5;

export const clientEnv = createNodeBaseEnv({ logger: silentLogger });

export function clusterClient(bootstrap: readonly BrokerAddress[], requestTimeoutMs: number, maxAttempts: number): ClusterClient {
  return new ClusterClient(clientEnv, { bootstrap, clientId: 'prober', requestTimeoutMs, connectTimeoutMs: requestTimeoutMs, maxAttempts });
}

export class Prober {
  private isOver = false;
  private lastBegunMs = 0;
  /** Why the last record that failed did. */
  lastError: unknown = null;
  private waiting: { readonly sinceMs: number; readonly done: (ackedMs: number) => void } | null = null;
  private readonly ended: Promise<void>;

  constructor(
    private readonly client: ClusterClient,
    private readonly topic: string,
    private readonly partition = 0,
  ) {
    this.ended = this.run();
  }

  /** Resolves with the time of the first ack of a record that was sent after `sinceMs`. */
  ackAfter(sinceMs: number): Promise<number> {
    return new Promise((done) => (this.waiting = { sinceMs, done }));
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.ended;
  }

  private async run(): Promise<void> {
    for (let sent = 0; !this.isOver; sent++) {
      this.lastBegunMs = performance.now();
      const isAcked = await this.send(`${sent}`);
      if (isAcked && this.waiting !== null && this.lastBegunMs > this.waiting.sinceMs) {
        this.waiting.done(performance.now());
        this.waiting = null;
      }
      await new Promise((resolve) => setTimeout(resolve, isAcked ? PAUSE_MS : RETRY_MS));
    }
  }

  private async send(value: string): Promise<boolean> {
    const records = [{ key: null, value: Buffer.from(value), timestampMs: Date.now() }];
    try {
      await this.client.produce(this.topic, this.partition, encodeBatch({ records }, crc32cPortable), { timeoutMs: REQUEST_TIMEOUT_MS });
      return true;
    } catch (error) {
      // What went wrong is what is measured: the time until it goes right again.
      this.lastError = error;
      return false;
    }
  }
}

export const PROBE_TIMEOUT_MS = REQUEST_TIMEOUT_MS;
