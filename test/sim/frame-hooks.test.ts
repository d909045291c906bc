import type { Env } from '../../log/env';
import type { CloseReason, Connection, ConnectionEvents } from '../../wire/base/env';
import { hookNetwork } from './frame-hooks';
import type { Frame, FrameAction } from './frame-hooks';
import { inMacrotask } from './runner';
import { SimWorld } from './world';

const PORT = 9092;
const PRODUCE = 0;
const FETCH = 1;

function request(apiKey: number, correlationId: number): Uint8Array {
  const frame = new Uint8Array(16);
  const view = new DataView(frame.buffer);
  view.setInt32(0, 12);
  view.setInt16(4, apiKey);
  view.setInt16(6, 7);
  view.setInt32(8, correlationId);
  return frame;
}

/** Collects the correlation ids of length-prefixed frames. */
function collector(into: number[], respond: (correlationId: number) => void): (slice: Uint8Array) => void {
  let buffered = Buffer.alloc(0);
  return (slice) => {
    buffered = Buffer.concat([buffered, slice]);
    while (buffered.length >= 4 && buffered.length >= 4 + buffered.readInt32BE(0)) {
      const size = 4 + buffered.readInt32BE(0);
      const correlationId = buffered.readInt32BE(size === 16 ? 8 : 4);
      buffered = buffered.subarray(size);
      into.push(correlationId);
      respond(correlationId);
    }
  };
}

/** A server that answers each frame with its correlation id, behind `hook`. */
async function serve(env: Env, handled: number[], hook: (frame: Frame) => FrameAction): Promise<void> {
  const network = hookNetwork(env.network, env.timers, hook);
  const accept = (connection: Connection): ConnectionEvents => ({
    bytes: collector(handled, (correlationId) => {
      const response = Buffer.alloc(8);
      response.writeInt32BE(4, 0);
      response.writeInt32BE(correlationId, 4);
      connection.write([response.subarray(0, 3), response.subarray(3)]);
    }),
    drain: () => {},
    closed: () => {},
  });
  await network.listen('', PORT, accept, () => {});
}

interface Outcome {
  readonly handled: number[];
  readonly answered: number[];
  readonly frames: string[];
  closedBy: CloseReason | null;
  endedAtMs: number;
}

/** Sends Produce 1, Fetch 2, Produce 3 and tells what came of them. */
function exchange(seed: number, decide: (frame: Frame) => FrameAction): Outcome {
  const outcome: Outcome = { handled: [], answered: [], frames: [], closedBy: null, endedAtMs: 0 };
  const world = new SimWorld({ seed });
  const hook = (frame: Frame): FrameAction => {
    outcome.frames.push(`${frame.point} ${frame.apiKey} v${frame.apiVersion} #${frame.count} of ${frame.connection}`);
    return decide(frame);
  };
  world.start(world.host('s'), 'server', (env) => serve(env, outcome.handled, hook));
  world.run();
  const events = {
    bytes: collector(outcome.answered, () => {}),
    drain: () => {},
    closed: (reason: CloseReason) => (outcome.closedBy = reason),
  };
  world.network.dial(world.owner, 's', PORT, events, (connection) => {
    if (typeof connection === 'string') throw new Error(connection);
    connection.write([request(PRODUCE, 1), request(FETCH, 2), request(PRODUCE, 3)]);
  });
  world.run();
  outcome.endedAtMs = world.nowMs;
  return outcome;
}

describe('hooks on frames', () => {
  test('see every frame whole, with API, version, connection and count, whatever the pieces', () =>
    inMacrotask(() => {
      for (let seed = 0; seed < 20; seed++) {
        const outcome = exchange(seed, () => 'pass');
        expect(outcome.handled).toEqual([1, 2, 3]);
        expect(outcome.answered).toEqual([1, 2, 3]);
        expect(outcome.frames.filter((frame) => frame.startsWith('received'))).toEqual([
          'received 0 v7 #0 of 0',
          'received 1 v7 #0 of 0',
          'received 0 v7 #1 of 0',
        ]);
        expect(outcome.frames).toContain('beforeResponse 1 v7 #0 of 0');
      }
    }));

  test('swallow a request, or a response after its effect', () =>
    inMacrotask(() => {
      const isSecondProduce = (frame: Frame): boolean => frame.apiKey === PRODUCE && frame.count === 1;
      const lostRequest = exchange(1, (frame) => (frame.point === 'received' && isSecondProduce(frame) ? 'drop' : 'pass'));
      expect(lostRequest.handled).toEqual([1, 2]);
      expect(lostRequest.answered).toEqual([1, 2]);
      const lostResponse = exchange(1, (frame) => (frame.point === 'beforeResponse' && isSecondProduce(frame) ? 'drop' : 'pass'));
      expect(lostResponse.handled).toEqual([1, 2, 3]);
      expect(lostResponse.answered).toEqual([1, 2]);
    }));

  test('delay a frame, and what is behind it waits in order', () =>
    inMacrotask(() => {
      const outcome = exchange(1, (frame) => (frame.point === 'received' && frame.apiKey === PRODUCE ? { delayMs: 1000 } : 'pass'));
      expect(outcome.handled).toEqual([1, 2, 3]);
      expect(outcome.answered).toEqual([1, 2, 3]);
      expect(outcome.endedAtMs).toBeGreaterThan(2000);
    }));

  test('pass on that the peer has ended its half, behind what was delayed', () =>
    inMacrotask(() => {
      const told: string[] = [];
      const world = new SimWorld({ seed: 1 });
      world.start(world.host('s'), 'server', async (env) => {
        const network = hookNetwork(env.network, env.timers, (frame) => (frame.apiKey === FETCH ? { delayMs: 500 } : 'pass'));
        const accept = (connection: Connection): ConnectionEvents => ({
          bytes: () => told.push('bytes'),
          drain: () => {},
          ended: () => {
            told.push('ended');
            connection.end();
          },
          closed: (reason) => told.push(reason),
        });
        await network.listen('', PORT, accept, () => {});
      });
      world.run();
      const events = { bytes: () => {}, drain: () => {}, closed: () => {} };
      world.network.dial(world.owner, 's', PORT, events, (connection) => {
        if (typeof connection === 'string') throw new Error(connection);
        connection.write([request(FETCH, 1)]);
        connection.end();
      });
      world.run();
      expect(told).toEqual(['bytes', 'ended', 'fin']);
    }));

  test('reset the connection at a point', () =>
    inMacrotask(() => {
      const outcome = exchange(1, (frame) => (frame.point === 'beforeResponse' && frame.apiKey === FETCH ? 'reset' : 'pass'));
      expect(outcome.answered).not.toContain(2);
      expect(outcome.closedBy).not.toBeNull();
    }));
});
