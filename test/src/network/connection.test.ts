/** Requests that a connection takes and answers. */
import type { Continuation } from '../../../src/network/request-handler';
import { DecodeError } from '../../../wire/base/errors';
import { ConnectionWorld, TestRange } from './support/connection-world';
import { FETCH, METADATA, PRODUCE, chunksOf, echo, requestFrame, responsesIn } from './support/test-handler';

describe('a request that takes long', () => {
  /** Handles one character of the body in each slice. */
  function byCharacter(world: ConnectionWorld, seen: string[], lastCorrelationId = 1): void {
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
    const world = new ConnectionWorld();
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
    const world = new ConnectionWorld();
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
    const world = new ConnectionWorld();
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
    const world = new ConnectionWorld();
    world.handler.onRequest = echo;
    world.feed(requestFrame(METADATA, 1, 1, 'a'), requestFrame(FETCH, 4, 2, 'b'), requestFrame(METADATA, 1, 3, ''));
    expect(world.answers()).toEqual(['1:a', '2:b', '3:']);
    expect(world.socket.writes).toHaveLength(1);
    expect(world.handler.handled[0]!.request).toMatchObject({ apiVersion: 1, correlationId: 1, clientId: 'test' });
    expect(world.metrics).toMatchObject({ requests: 3, requestsInFlight: 0, connectionsMalformed: 0 });
  });

  test('wait for the one before them; then all go on in a turn of their own', () => {
    const world = new ConnectionWorld();
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
    const world = new ConnectionWorld();
    world.feed(requestFrame(FETCH, 4, 1, 'parked'));
    expect(world.socket.isReading).toBe(true);
    world.feed(requestFrame(FETCH, 4, 2, 'next').subarray(0, 10));
    expect(world.socket.isReading).toBe(true);
    world.feed(requestFrame(FETCH, 4, 2, 'next').subarray(10));
    expect([world.socket.isReading, world.handler.handled.length]).toEqual([false, 1]);
  });

  test('of Produce overlap within a bound, and their answers leave in order', () => {
    const world = new ConnectionWorld();
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
    const world = new ConnectionWorld();
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
    const world = new ConnectionWorld();
    world.handler.onRequest = ({ request, body, respond }) =>
      respond(request.correlationId === 2 ? null : chunksOf(body));
    world.feed(requestFrame(PRODUCE, 8, 1, 'a'), requestFrame(PRODUCE, 8, 2, 'b'), requestFrame(PRODUCE, 8, 3, 'c'));
    expect(world.answers()).toEqual(['1:a', '3:c']);
  });

  test('wait while responses from files have not been taken', () => {
    const world = new ConnectionWorld();
    world.socket.takesAll = false;
    const range = new TestRange(700_000);
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
    const world = new ConnectionWorld();
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
    const world = new ConnectionWorld();
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
