/** What a connection is closed for. */
import { DecodeError } from '../../../wire/base/errors';
import { InvariantViolation } from '../../../wire/base/invariant';
import { ConnectionWorld } from './support/connection-world';
import { API_VERSIONS, FETCH, METADATA, echo, requestFrame, responsesIn } from './support/test-handler';

describe('what is not served', () => {
  test.each([
    ['an unknown API', requestFrame(999, 0, 1, '')],
    ['a negative API', requestFrame(-1, 0, 1, '')],
    ['an API that the handler does not serve', requestFrame(2, 1, 1, '')],
    ['a version that is too new', requestFrame(METADATA, 9, 1, '')],
    ['a version that is too old', requestFrame(FETCH, 3, 1, '')],
    ['a negative version', requestFrame(METADATA, -1, 1, '')],
  ])('ends the connection without an answer: %s', (_, frame) => {
    const world = new ConnectionWorld();
    world.feed(frame, requestFrame(METADATA, 1, 2, ''));
    expect([world.socket.isDestroyed, world.handler.handled.length, world.answers()]).toEqual([true, 0, []]);
    expect([world.metrics.unsupportedRequests, world.closedCount]).toEqual([1, 1]);
  });

  test('is answered for a version of ApiVersions that is too new, and the client asks again', () => {
    const world = new ConnectionWorld();
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
    const world = new ConnectionWorld();
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
    const world = new ConnectionWorld();
    world.handler.onRequest = () => {
      throw new DecodeError('no such field');
    };
    world.feed(requestFrame(METADATA, 1, 1, ''));
    expect([world.socket.isDestroyed, world.metrics.connectionsMalformed]).toEqual([true, 1]);
    expect(world.metrics.requestsInFlight).toBe(0);
  });

  test('close the connection when an unfinished request does not come on for 30 s', () => {
    const world = new ConnectionWorld();
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
    const world = new ConnectionWorld();
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
    const world = new ConnectionWorld();
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
    const world = new ConnectionWorld();
    world.handler.onRequest = () => {
      throw new InvariantViolation('impossible');
    };
    world.feed(requestFrame(METADATA, 1, 1, ''));
    expect(world.violations.map(({ message }) => message)).toEqual(['impossible']);
    expect(world.socket.isDestroyed).toBe(true);
  });
});
