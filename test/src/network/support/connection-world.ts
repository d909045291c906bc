/** A server's connection without sockets and clock. */
import type { DiskFile } from '../../../../log/disk';
import { ServerConnection } from '../../../../src/network/connection';
import { NetworkMetrics } from '../../../../src/network/network-metrics';
import { RequestMetrics } from '../../../../src/network/request-metrics';
import type { FileRangeBody } from '../../../../src/network/response-body';
import { TurnQueue } from '../../../../src/network/turn-queue';
import { BufferPool, heapMemory } from '../../../../wire/base/buffer-pool';
import type { InvariantViolation } from '../../../../wire/base/invariant';
import { FrameBudget } from '../../../../wire/frame-budget';
import { type LoggedLine, ManualConnection, ManualTime, manualEnv } from './manual-world';
import { responsesIn, TestHandler } from './test-handler';

const MAX_FRAME_BYTES = 1_000_000;

/** One connection, whose socket, time and handler the test plays. */
export class ConnectionWorld {
  readonly time = new ManualTime();
  readonly lines: LoggedLine[] = [];
  readonly socket = new ManualConnection();
  readonly handler = new TestHandler();
  readonly pool = new BufferPool(heapMemory);
  readonly budget = new FrameBudget(10_000_000, MAX_FRAME_BYTES);
  readonly metrics = new NetworkMetrics();
  readonly requests = new RequestMetrics();
  readonly violations: InvariantViolation[] = [];
  closedCount = 0;
  readonly connection: ServerConnection;

  constructor() {
    this.socket.takesAll = true;
    this.connection = new ServerConnection(
      this.socket,
      {
        env: manualEnv(this.time, this.lines),
        handler: this.handler,
        pool: this.pool,
        budget: this.budget,
        turns: new TurnQueue(this.time),
        slices: new TurnQueue(this.time, 1),
        metrics: this.metrics,
        requests: this.requests,
        invariantBroken: (violation) => this.violations.push(violation),
        maxFrameBytes: MAX_FRAME_BYTES,
        maxOverlap: 4,
      },
      { id: 7, listenerName: 'PLAINTEXT', closed: () => (this.closedCount += 1) },
    );
  }

  feed(...frames: Buffer[]): void {
    const window = Buffer.concat(frames);
    this.connection.bytes(window);
    window.fill(0xdd);
  }

  answers(): string[] {
    return responsesIn(this.socket.sent).map(({ correlationId, body }) => `${correlationId}:${body.toString()}`);
  }
}

/** What lies in a file of which nothing is read from disk; counts how often it is released. */
export class TestRange implements FileRangeBody {
  releases = 0;
  readonly isCold = false;
  readonly position = 0;
  readonly file: DiskFile = {
    readSync: (_at: number, into: Uint8Array) => into.fill(65).length,
  } as unknown as DiskFile;
  constructor(readonly sizeBytes: number) {}
  release(): void {
    this.releases += 1;
  }
}
