import { BufferPool, heapMemory } from '../../../wire/base/buffer-pool';
import { InvariantViolation } from '../../../wire/base/invariant';
import { DecodeError } from '../../../wire/base/errors';
import { FrameBudget } from '../../../wire/frame-budget';
import { ServerConnection } from '../../../src/network/connection';
import { NetworkMetrics } from '../../../src/network/network-metrics';
import { RequestMetrics } from '../../../src/network/request-metrics';
import { TurnQueue } from '../../../src/network/turn-queue';
import type { FileRangeBody } from '../../../src/network/response-body';
import type { DiskFile } from '../../../log/disk';
import { ManualConnection, ManualTime, manualEnv } from './support/manual-world';
import type { Continuation } from '../../../src/network/request-handler';
import type { LoggedLine } from './support/manual-world';
import {
  API_VERSIONS,
  FETCH,
  METADATA,
  PRODUCE,
  TestHandler,
  chunksOf,
  echo,
  requestFrame,
  responsesIn,
} from './support/test-handler';

const MAX_FRAME_BYTES = 1_000_000;

class World {
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

class Range implements FileRangeBody {
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

describe('a request that takes long', () => {
  /** Handles one character of the body in each slice. */
  function byCharacter(world: World, seen: string[], lastCorrelationId = 1): void {
    world.handler.onRequest = (handled) => {
      if (handled.request.correlationId > lastCorrelationId) return echo(handled);
      const slice =
        (at: number): Continuation =>
        (body) => {
          seen.push(`${handled.request.correlationId}${String.fromCharCode(body[at] as number)}`);
          return at + 1 < body.length ? slice(at + 1) : echo(handled);
        };
      return slice(0);
    };
  }

  test('is handled in slices, one in a turn, and whatever comes behind it waits for the last', () => {
    const world = new World();
    const seen: string[] = [];
    byCharacter(world, seen);
    world.feed(requestFrame(PRODUCE, 3, 1, 'abc'), requestFrame(PRODUCE, 3, 2, 'next'));
    expect(seen).toEqual([]);
    for (const sofar of [['1a'], ['1a', '1b'], ['1a', '1b', '1c']]) {
      expect(world.answers()).toEqual([]);
      world.time.turn();
      expect(seen).toEqual(sofar);
    }
    world.time.settle();
    expect(world.answers()).toEqual(['1:abc', '2:next']);
    expect([world.pool.takenBytes, world.budget.usedBytes]).toEqual([0, 0]);
  });

  test('is forgotten when the connection ends in the middle of it', () => {
    const world = new World();
    const seen: string[] = [];
    byCharacter(world, seen);
    world.feed(requestFrame(PRODUCE, 3, 1, 'abc'));
    world.time.turn();
    world.connection.closed('reset');
    world.time.settle();
    expect(seen).toEqual(['1a']);
    expect([world.pool.takenBytes, world.budget.usedBytes, world.metrics.requestsInFlight]).toEqual([0, 0, 0]);
  });

  test('that fails in a later slice closes its connection', () => {
    const world = new World();
    world.handler.onRequest = () => () => {
      throw new DecodeError('not what it seemed');
    };
    world.feed(requestFrame(PRODUCE, 3, 1, 'abc'));
    world.time.settle();
    expect(world.socket.isDestroyed).toBe(true);
    expect(world.closedCount).toBe(1);
  });
});

describe('requests', () => {
  test('of one read are executed in order and answered in one write', () => {
    const world = new World();
    world.handler.onRequest = echo;
    world.feed(requestFrame(METADATA, 1, 1, 'a'), requestFrame(FETCH, 4, 2, 'b'), requestFrame(METADATA, 1, 3, ''));
    expect(world.answers()).toEqual(['1:a', '2:b', '3:']);
    expect(world.socket.writes).toHaveLength(1);
    expect(world.handler.handled[0]!.request).toMatchObject({ apiVersion: 1, correlationId: 1, clientId: 'test' });
    expect(world.metrics).toMatchObject({ requests: 3, requestsInFlight: 0, connectionsMalformed: 0 });
  });

  test('wait for the one before them; then all go on in a turn of their own', () => {
    const world = new World();
    world.feed(requestFrame(FETCH, 4, 1, 'slow'), requestFrame(METADATA, 1, 2, 'x'), requestFrame(METADATA, 1, 3, 'y'));
    expect(world.handler.handled).toHaveLength(1);
    expect([world.socket.isReading, world.metrics.heldRequests]).toEqual([false, 1]);
    world.handler.onRequest = echo;
    echo(world.handler.handled[0]!);
    expect(world.handler.handled).toHaveLength(1);
    world.time.settle();
    expect(world.answers()).toEqual(['1:slow', '2:x', '3:y']);
    expect([world.socket.isReading, world.pool.takenBytes, world.budget.usedBytes]).toEqual([true, 0, 0]);
  });

  test('that are parked do not stop the reading until another one comes', () => {
    const world = new World();
    world.feed(requestFrame(FETCH, 4, 1, 'parked'));
    expect(world.socket.isReading).toBe(true);
    world.feed(requestFrame(FETCH, 4, 2, 'next').subarray(0, 10));
    expect(world.socket.isReading).toBe(true);
    world.feed(requestFrame(FETCH, 4, 2, 'next').subarray(10));
    expect([world.socket.isReading, world.handler.handled.length]).toEqual([false, 1]);
  });

  test('of Produce overlap within a bound, and their answers leave in order', () => {
    const world = new World();
    world.feed(...[1, 2, 3, 4, 5, 6].map((id) => requestFrame(PRODUCE, 8, id, `p${id}`)));
    expect(world.handler.handled.map(({ request }) => request.correlationId)).toEqual([1, 2, 3, 4]);
    for (const index of [3, 1, 2]) echo(world.handler.handled[index]!);
    world.time.settle();
    expect([world.answers(), world.handler.handled.length]).toEqual([[], 4]);
    echo(world.handler.handled[0]!);
    world.time.settle();
    expect(world.answers()).toEqual(['1:p1', '2:p2', '3:p3', '4:p4']);
    expect(world.handler.handled.map(({ request }) => request.correlationId)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(world.socket.writes).toHaveLength(1);
  });

  test('other than Produce do not overtake it', () => {
    const world = new World();
    world.feed(requestFrame(PRODUCE, 8, 1, 'p'), requestFrame(METADATA, 1, 2, 'm'), requestFrame(PRODUCE, 8, 3, 'q'));
    expect(world.handler.handled).toHaveLength(1);
    echo(world.handler.handled[0]!);
    world.time.settle();
    expect(world.handler.handled).toHaveLength(2);
    echo(world.handler.handled[1]!);
    world.time.settle();
    expect(world.handler.handled).toHaveLength(3);
  });

  test('without a response (acks=0) let the next ones pass', () => {
    const world = new World();
    world.handler.onRequest = ({ request, body, respond }) =>
      respond(request.correlationId === 2 ? null : chunksOf(body));
    world.feed(requestFrame(PRODUCE, 8, 1, 'a'), requestFrame(PRODUCE, 8, 2, 'b'), requestFrame(PRODUCE, 8, 3, 'c'));
    expect(world.answers()).toEqual(['1:a', '3:c']);
  });

  test('wait while responses from files have not been taken', () => {
    const world = new World();
    world.socket.takesAll = false;
    const range = new Range(700_000);
    world.feed(requestFrame(FETCH, 4, 1, ''), requestFrame(FETCH, 4, 2, ''));
    world.handler.handled[0]!.respond({ chunks: [range], sizeBytes: range.sizeBytes });
    world.time.settle();
    expect(world.handler.handled).toHaveLength(1);
    for (let i = 0; i < 5; i++) {
      world.socket.take();
      world.time.settle();
    }
    expect([world.handler.handled.length, range.releases]).toEqual([2, 1]);
  });

  test('wait while 256 KB of responses lie in memory', () => {
    const world = new World();
    world.socket.takesAll = false;
    const large = Buffer.alloc(200_000, 'x');
    world.handler.onRequest = ({ respond }) => respond(chunksOf(large));
    world.feed(...Array.from({ length: 20 }, (_, id) => requestFrame(METADATA, 1, id, '')));
    const first = world.handler.handled.length;
    expect(first).toBeLessThan(5);
    for (let i = 0; i < 30; i++) {
      world.socket.take();
      world.time.settle();
    }
    expect(responsesIn(world.socket.sent).map(({ correlationId }) => correlationId)).toEqual(
      Array.from({ length: 20 }, (_, id) => id),
    );
  });

  test('are not executed while the connection is throttled, and what is under way goes on', () => {
    const world = new World();
    world.handler.onRequest = (handled) => {
      echo(handled);
      if (handled.body.toString() === 'much') handled.request.connection.throttle(500);
    };
    world.feed(requestFrame(PRODUCE, 8, 1, 'much'), requestFrame(PRODUCE, 8, 2, 'more'));
    expect(world.answers()).toEqual(['1:much']);
    world.time.advance(499);
    expect(world.answers()).toEqual(['1:much']);
    world.time.advance(1);
    expect(world.answers()).toEqual(['1:much', '2:more']);
    expect(world.metrics.throttles).toBe(1);
  });
});

describe('what is not served', () => {
  test.each([
    ['an unknown API', requestFrame(999, 0, 1, '')],
    ['a negative API', requestFrame(-1, 0, 1, '')],
    ['an API that the handler does not serve', requestFrame(2, 1, 1, '')],
    ['a version that is too new', requestFrame(METADATA, 9, 1, '')],
    ['a version that is too old', requestFrame(FETCH, 3, 1, '')],
    ['a negative version', requestFrame(METADATA, -1, 1, '')],
  ])('ends the connection without an answer: %s', (_, frame) => {
    const world = new World();
    world.feed(frame, requestFrame(METADATA, 1, 2, ''));
    expect([world.socket.isDestroyed, world.handler.handled.length, world.answers()]).toEqual([true, 0, []]);
    expect([world.metrics.unsupportedRequests, world.closedCount]).toEqual([1, 1]);
  });

  test('is answered for a version of ApiVersions that is too new, and the client asks again', () => {
    const world = new World();
    world.handler.onRequest = echo;
    // Version 99 has a header with tagged fields and a body that nobody here knows.
    world.feed(requestFrame(API_VERSIONS, 99, 5, '\x00\xffwhatever'), requestFrame(API_VERSIONS, 0, 6, ''));
    const [first, second] = responsesIn(world.socket.sent);
    expect(first!.correlationId).toBe(5);
    expect(first!.body.toString('hex')).toBe('0023' + '00000001' + '0012' + '0000' + '0002');
    expect(second!.correlationId).toBe(6);
    expect(world.socket.isDestroyed).toBe(false);
  });
});

describe('bytes that are no request', () => {
  test.each([
    ['a negative size', Buffer.from('ffffffff', 'hex')],
    ['a size beyond the limit', Buffer.from('000f4241', 'hex')],
    ['an empty frame', Buffer.from('00000000', 'hex')],
    ['a frame that is shorter than a header', Buffer.from('000000040003000000', 'hex')],
    [
      'a client id that is longer than the frame',
      Buffer.from('0000000c' + '00030001' + '00000001' + '7fff4141', 'hex'),
    ],
    ['text', Buffer.from('GET / HTTP/1.1\r\nHost: example.com\r\n\r\n')],
  ])('close the connection: %s', (_, garbage) => {
    const world = new World();
    world.handler.onRequest = echo;
    world.feed(requestFrame(METADATA, 1, 1, 'before'), garbage);
    expect([world.socket.isDestroyed, world.closedCount]).toEqual([true, 1]);
    expect(world.metrics.connectionsMalformed).toBe(1);
    expect(world.lines.filter(({ level }) => level === 'error')).toEqual([]);
    world.feed(requestFrame(METADATA, 1, 2, 'after'));
    expect(world.handler.handled).toHaveLength(1);
    expect([world.pool.takenBytes, world.budget.usedBytes]).toEqual([0, 0]);
  });

  test('close the connection when the handler cannot decode the body', () => {
    const world = new World();
    world.handler.onRequest = () => {
      throw new DecodeError('no such field');
    };
    world.feed(requestFrame(METADATA, 1, 1, ''));
    expect([world.socket.isDestroyed, world.metrics.connectionsMalformed]).toEqual([true, 1]);
    expect(world.metrics.requestsInFlight).toBe(0);
  });

  test('close the connection when an unfinished request does not come on for 30 s', () => {
    const world = new World();
    const frame = requestFrame(METADATA, 1, 1, Buffer.alloc(50_000));
    world.feed(frame.subarray(0, 100));
    const sweep = (): void => world.connection.sweep(world.time.nowMs, -1);
    for (let at = 100; at < 40_000; at += 5000) {
      world.feed(frame.subarray(at, at + 5000));
      world.time.advance(25_000);
      sweep();
    }
    expect(world.socket.isDestroyed).toBe(false);
    for (let i = 0; i < 8; i++) {
      world.feed(frame.subarray(45_000 + i, 45_001 + i));
      world.time.advance(5000);
      sweep();
    }
    expect([world.socket.isDestroyed, world.metrics.connectionsStalled]).toEqual([true, 1]);
  });

  test('do not count against a peer that is not read', () => {
    const world = new World();
    world.feed(
      requestFrame(FETCH, 4, 1, 'parked'),
      requestFrame(FETCH, 4, 2, ''),
      requestFrame(FETCH, 4, 3, '').subarray(0, 9),
    );
    for (let i = 0; i < 20; i++) {
      world.time.advance(5000);
      world.connection.sweep(world.time.nowMs, -1);
    }
    expect(world.socket.isDestroyed).toBe(false);
  });
});

describe('errors of handlers', () => {
  test('close that connection and are logged', () => {
    const world = new World();
    world.handler.onRequest = () => {
      throw new TypeError('a bug');
    };
    world.feed(requestFrame(METADATA, 1, 1, ''), requestFrame(METADATA, 1, 2, ''));
    expect([world.socket.isDestroyed, world.handler.handled.length, world.violations]).toEqual([true, 1, []]);
    const errors = world.lines.filter(({ level }) => level === 'error');
    expect(errors).toMatchObject([{ fields: { error: 'a bug', connectionId: 7 } }]);
    expect(world.metrics.requestsInFlight).toBe(0);
  });

  test('that are broken invariants are passed up', () => {
    const world = new World();
    world.handler.onRequest = () => {
      throw new InvariantViolation('impossible');
    };
    world.feed(requestFrame(METADATA, 1, 1, ''));
    expect(world.violations.map(({ message }) => message)).toEqual(['impossible']);
    expect(world.socket.isDestroyed).toBe(true);
  });
});

describe('the end of a connection', () => {
  test('releases ranges that are queued, that wait for their turn, and that come too late', () => {
    const world = new World();
    world.socket.takesAll = false;
    const ranges = [new Range(10), new Range(1_000_000), new Range(20)];
    world.feed(requestFrame(PRODUCE, 8, 1, ''), requestFrame(PRODUCE, 8, 2, ''), requestFrame(PRODUCE, 8, 3, ''));
    const respond = (index: number, range: Range): void =>
      world.handler.handled[index]!.respond({ chunks: [range], sizeBytes: range.sizeBytes });
    respond(1, ranges[0]!);
    world.connection.closed('reset');
    respond(0, ranges[1]!);
    respond(2, ranges[2]!);
    world.time.settle();
    expect(ranges.map((range) => range.releases)).toEqual([1, 1, 1]);
    expect([world.closedCount, world.metrics.requestsInFlight, world.socket.writes.length]).toEqual([1, 0, 0]);
  });

  test('waits for what is under way when the peer has closed its half', () => {
    const world = new World();
    world.feed(requestFrame(FETCH, 4, 1, 'late'), requestFrame(METADATA, 1, 2, 'too'));
    let goneCount = 0;
    world.connection.whenGone(() => (goneCount += 1));
    world.connection.ended();
    world.time.settle();
    expect([world.socket.isEnded, goneCount]).toEqual([false, 0]);
    world.handler.onRequest = echo;
    echo(world.handler.handled[0]!);
    world.time.settle();
    expect(world.answers()).toEqual(['1:late', '2:too']);
    expect([world.socket.isEnded, goneCount]).toEqual([true, 1]);
  });

  test('waits no longer than half a minute for what is under way when the peer has closed its half', () => {
    const world = new World();
    world.feed(requestFrame(FETCH, 4, 1, 'waits for weeks'));
    let goneCount = 0;
    world.connection.whenGone(() => (goneCount += 1));
    world.connection.ended();
    world.time.advance(29_000);
    world.connection.sweep(world.time.nowMs, -1);
    expect(world.socket.isDestroyed).toBe(false);
    world.time.advance(1_000);
    world.connection.sweep(world.time.nowMs, -1);
    world.time.settle();
    expect([world.socket.isDestroyed, goneCount]).toEqual([true, 1]);
  });

  test('tells nobody who does not want to know any more', () => {
    const world = new World();
    let goneCount = 0;
    const forget = world.connection.whenGone(() => (goneCount += 1));
    world.connection.whenGone(() => (goneCount += 10));
    forget();
    world.connection.closed('fin');
    world.time.settle();
    expect(goneCount).toBe(10);
  });

  test('comes when a request of it fails in a later turn, and a broken invariant is passed up', () => {
    const world = new World();
    world.feed(requestFrame(FETCH, 4, 1, ''));
    world.connection.failed(new TypeError('late'));
    expect([world.socket.isDestroyed, world.closedCount, world.violations.length]).toEqual([true, 1, 0]);
    expect(world.lines.at(-1)).toMatchObject({ level: 'error', fields: { error: 'late' } });
    world.connection.failed(new InvariantViolation('impossible'));
    expect(world.violations).toHaveLength(1);
  });

  test('is at once when the peer leaves and nothing is under way', () => {
    const world = new World();
    let goneCount = 0;
    world.connection.whenGone(() => (goneCount += 1));
    world.feed(requestFrame(METADATA, 1, 1, 'unfinished').subarray(0, 20));
    world.connection.ended();
    world.time.settle();
    expect([world.socket.isEnded, goneCount, world.pool.takenBytes]).toEqual([true, 1, 0]);
    world.connection.closed('fin');
    world.time.settle();
    expect([world.closedCount, goneCount]).toEqual([1, 1]);
    world.connection.whenGone(() => (goneCount += 1));
    world.time.settle();
    expect(goneCount).toBe(2);
  });

  test('asked for by a handler comes after what is queued, and takes no more requests', () => {
    const world = new World();
    world.socket.takesAll = false;
    world.handler.onRequest = (handled) => {
      echo(handled);
      if (handled.request.correlationId === 2) handled.request.connection.close('not authorized');
    };
    world.feed(...[1, 2, 3].map((id) => requestFrame(METADATA, 1, id, `r${id}`)));
    expect([world.answers(), world.socket.isEnded]).toEqual([['1:r1', '2:r2'], false]);
    world.socket.take();
    world.time.settle();
    expect([world.socket.isEnded, world.socket.isDestroyed, world.handler.handled.length]).toEqual([true, false, 2]);
    world.connection.sweep(world.time.nowMs + 9000, -1);
    expect(world.socket.isDestroyed).toBe(false);
    world.connection.sweep(world.time.nowMs + 11_000, -1);
    expect(world.socket.isDestroyed).toBe(true);
  });

  test('comes for the idle, but not while a request is parked', () => {
    const idle = new World();
    idle.time.advance(600_001);
    idle.connection.sweep(idle.time.nowMs, 600_000);
    expect([idle.socket.isDestroyed, idle.metrics.connectionsIdleClosed]).toEqual([true, 1]);
    const parked = new World();
    parked.feed(requestFrame(FETCH, 4, 1, ''));
    parked.time.advance(700_000);
    parked.connection.sweep(parked.time.nowMs, 600_000);
    expect(parked.socket.isDestroyed).toBe(false);
    const unlimited = new World();
    unlimited.time.advance(1e9);
    unlimited.connection.sweep(unlimited.time.nowMs, -1);
    expect(unlimited.socket.isDestroyed).toBe(false);
  });

  test('comes for a peer that does not take its responses', () => {
    const world = new World();
    world.socket.takesAll = false;
    world.handler.onRequest = echo;
    world.feed(requestFrame(METADATA, 1, 1, Buffer.alloc(500)));
    world.time.advance(600_001);
    world.connection.sweep(world.time.nowMs, 600_000);
    expect(world.socket.isDestroyed).toBe(true);
  });

  test('of a server that stops waits for what is under way and drops what has not begun', () => {
    const world = new World();
    world.feed(requestFrame(FETCH, 4, 1, 'last'), requestFrame(METADATA, 1, 2, 'never'));
    world.connection.drainAndEnd();
    world.time.settle();
    expect(world.socket.isEnded).toBe(false);
    echo(world.handler.handled[0]!);
    world.time.settle();
    expect([world.answers(), world.socket.isEnded, world.handler.handled.length]).toEqual([['1:last'], true, 1]);
  });
});
