/** How a connection ends, by either side. */
import { InvariantViolation } from '../../../wire/base/invariant';
import { ConnectionWorld, TestRange } from './support/connection-world';
import { FETCH, METADATA, PRODUCE, echo, requestFrame } from './support/test-handler';

describe('the end of a connection', () => {
  test('releases ranges that are queued, that wait for their turn, and that come too late', () => {
    const world = new ConnectionWorld();
    world.socket.takesAll = false;
    const ranges = [new TestRange(10), new TestRange(1_000_000), new TestRange(20)];
    world.feed(requestFrame(PRODUCE, 8, 1, ''), requestFrame(PRODUCE, 8, 2, ''), requestFrame(PRODUCE, 8, 3, ''));
    const respond = (index: number, range: TestRange): void =>
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
    const world = new ConnectionWorld();
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
    const world = new ConnectionWorld();
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
    const world = new ConnectionWorld();
    let goneCount = 0;
    const forget = world.connection.whenGone(() => (goneCount += 1));
    world.connection.whenGone(() => (goneCount += 10));
    forget();
    world.connection.closed('fin');
    world.time.settle();
    expect(goneCount).toBe(10);
  });

  test('comes when a request of it fails in a later turn, and a broken invariant is passed up', () => {
    const world = new ConnectionWorld();
    world.feed(requestFrame(FETCH, 4, 1, ''));
    world.connection.failed(new TypeError('late'));
    expect([world.socket.isDestroyed, world.closedCount, world.violations.length]).toEqual([true, 1, 0]);
    expect(world.lines.at(-1)).toMatchObject({ level: 'error', fields: { error: 'late' } });
    world.connection.failed(new InvariantViolation('impossible'));
    expect(world.violations).toHaveLength(1);
  });

  test('is at once when the peer leaves and nothing is under way', () => {
    const world = new ConnectionWorld();
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
    const world = new ConnectionWorld();
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
    const idle = new ConnectionWorld();
    idle.time.advance(600_001);
    idle.connection.sweep(idle.time.nowMs, 600_000);
    expect([idle.socket.isDestroyed, idle.metrics.connectionsIdleClosed]).toEqual([true, 1]);
    const parked = new ConnectionWorld();
    parked.feed(requestFrame(FETCH, 4, 1, ''));
    parked.time.advance(700_000);
    parked.connection.sweep(parked.time.nowMs, 600_000);
    expect(parked.socket.isDestroyed).toBe(false);
    const unlimited = new ConnectionWorld();
    unlimited.time.advance(1e9);
    unlimited.connection.sweep(unlimited.time.nowMs, -1);
    expect(unlimited.socket.isDestroyed).toBe(false);
  });

  test('comes for a peer that does not take its responses', () => {
    const world = new ConnectionWorld();
    world.socket.takesAll = false;
    world.handler.onRequest = echo;
    world.feed(requestFrame(METADATA, 1, 1, Buffer.alloc(500)));
    world.time.advance(600_001);
    world.connection.sweep(world.time.nowMs, 600_000);
    expect(world.socket.isDestroyed).toBe(true);
  });

  test('of a server that stops waits for what is under way and drops what has not begun', () => {
    const world = new ConnectionWorld();
    world.feed(requestFrame(FETCH, 4, 1, 'last'), requestFrame(METADATA, 1, 2, 'never'));
    world.connection.drainAndEnd();
    world.time.settle();
    expect(world.socket.isEnded).toBe(false);
    echo(world.handler.handled[0]!);
    world.time.settle();
    expect([world.answers(), world.socket.isEnded, world.handler.handled.length]).toEqual([['1:last'], true, 1]);
  });
});
