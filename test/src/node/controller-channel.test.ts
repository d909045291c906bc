/** The way to the active controller, with a quorum, links and a controller that do what the test says. */
import { ExchangeError } from '../../../wire/client-connection';
import { ServerError } from '../../../wire/broker-link';
import { ErrorCode } from '../../../wire/base/error-codes';
import { QueuedChannel, type ActiveController, type ControllerLink } from '../../../src/node/controller-channel/queued-channel';
import { ManualTime } from '../network/support/manual-world';

const OF_1 = { host: 'one', port: 1 };
const OF_2 = { host: 'two', port: 2 };
const heartbeat = { brokerId: 1, currentMetadataOffset: 0, wantFence: false, wantShutDown: false };
const good = { throttleTimeMs: 0, errorCode: ErrorCode.NONE, isCaughtUp: true, isFenced: false, shouldShutDown: false };
const elsewhere = { ...good, errorCode: ErrorCode.NOT_CONTROLLER };

type Settle = (result: unknown) => void;

class World {
  readonly time = new ManualTime();
  controller: ActiveController | null = OF_1;
  readonly asked: { readonly host: string; readonly timeoutMs: number | undefined; readonly settle: Settle }[] = [];
  readonly closed: string[] = [];
  readonly ended: unknown[] = [];
  readonly channel = new QueuedChannel({
    clock: { monotonicMs: () => this.time.nowMs, wallMs: () => 0 },
    timers: this.time,
    tryTimeoutMs: 30_000,
    activeController: () => this.controller,
    connect: ({ host }): ControllerLink => ({
      call: (_, __, { timeoutMs }, done) =>
        void this.asked.push({ host, timeoutMs, settle: (result) => done(result as Parameters<typeof done>[0]) }),
      close: () => void this.closed.push(host),
    }),
  });

  ask(timeoutMs = 2000): void {
    this.channel.call('BrokerHeartbeat', heartbeat, timeoutMs, (result) => this.ended.push(result));
  }
}

describe('a channel to the controller', () => {
  test('asks whoever leads, one request at a time, in order', () => {
    const world = new World();
    world.ask();
    world.ask();
    expect(world.asked.map(({ host }) => host)).toEqual(['one']);
    world.asked[0]?.settle({ ...good, throttleTimeMs: 1 });
    expect([world.asked.length, world.ended]).toEqual([2, [{ ...good, throttleTimeMs: 1 }]]);
    world.asked[1]?.settle(good);
    expect(world.ended).toHaveLength(2);
    expect(world.time.timers).toBe(0);
  });

  test('waits while nobody leads, looks each 100 ms, and at once when it is woken', () => {
    const world = new World();
    world.controller = null;
    world.ask();
    world.time.advance(99);
    world.controller = OF_2;
    expect(world.asked).toHaveLength(0);
    world.time.advance(1);
    expect(world.asked.map(({ host }) => host)).toEqual(['two']);
    world.asked[0]?.settle(good);
    world.controller = null;
    world.ask();
    world.controller = OF_1;
    world.channel.wake();
    expect(world.asked.map(({ host }) => host)).toEqual(['two', 'one']);
  });

  test.each([
    ['says that it is not the controller', elsewhere],
    ['says so of an item of the request', { ...good, topics: [{ partitions: [{ errorCode: ErrorCode.NOT_CONTROLLER }] }] }],
    ['is lost', new ExchangeError('closed', 'gone')],
  ])('puts a request back to the front and looks for the controller anew when the one asked %s', (_, result) => {
    const world = new World();
    world.ask();
    world.ask();
    world.controller = OF_2;
    world.asked[0]?.settle(result);
    expect([world.ended, world.closed, world.asked.length]).toEqual([[], ['one'], 1]);
    world.time.advance(50);
    expect(world.asked.map(({ host }) => host)).toEqual(['one', 'two']);
    world.asked[1]?.settle(good);
    expect([world.ended.length, world.asked.length]).toEqual([1, 3]);
  });

  test('ends a request with the last failure when its time is over, and with a timeout when nobody led', () => {
    const world = new World();
    const lost = new ExchangeError('refused', 'no such port');
    world.ask(1000);
    world.asked[0]?.settle(lost);
    world.controller = null;
    world.time.advance(1000);
    expect(world.ended).toEqual([lost]);
    world.ask(1000);
    world.time.advance(1000);
    expect(world.ended[1]).toMatchObject({ kind: 'timeout' });
    expect(world.time.timers).toBe(0);
  });

  test('gives a try no more time than the request has left, and none that is over another answer', () => {
    const world = new World();
    world.ask(700);
    expect(world.asked[0]?.timeoutMs).toBe(700);
    world.time.advance(700);
    expect(world.ended).toHaveLength(1);
    world.asked[0]?.settle(good);
    expect(world.ended).toHaveLength(1);
  });

  test('does not ask again a controller that does not know the API', () => {
    const world = new World();
    world.ask();
    const failure = new ServerError(ErrorCode.UNSUPPORTED_VERSION, 'BrokerHeartbeat');
    world.asked[0]?.settle(failure);
    expect(world.ended).toEqual([failure]);
  });

  test('asks a controller of this process by call, several at a time, and never within its own call', () => {
    const world = new World();
    const settles: Settle[] = [];
    world.controller = { call: (_, __, done) => void settles.push((result) => done(result as never)) };
    world.ask();
    world.ask();
    expect(settles).toHaveLength(0);
    world.time.settle();
    expect(settles).toHaveLength(2);
    settles[1]?.(good);
    world.controller = OF_2;
    settles[0]?.(elsewhere);
    expect(world.ended).toEqual([good]);
    world.time.advance(50);
    expect(world.asked.map(({ host }) => host)).toEqual(['two']);
  });

  test('fails whatever waits when it is closed, in a later turn, and what is asked after', () => {
    const world = new World();
    world.ask();
    world.ask();
    world.channel.close();
    world.ask();
    expect(world.ended).toEqual([]);
    world.time.settle();
    world.asked[0]?.settle(good);
    expect(world.ended).toEqual([1, 2, 3].map(() => expect.objectContaining({ kind: 'closed' })));
    expect(world.time.timers).toBe(0);
  });
});
