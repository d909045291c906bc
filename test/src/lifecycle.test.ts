import type { ControllerChannel } from '../../src/controller-channel';
import { BrokerLifecycle } from '../../src/lifecycle';
import { silentLogger } from '../../src/observe/silent-logger';
import { ErrorCode } from '../../wire/base/error-codes';
import { ExchangeError } from '../../wire/client-connection';
import { ManualTime } from './network/support/manual-world';

interface Asked {
  readonly api: string;
  readonly request: Readonly<Record<string, unknown>>;
  readonly done: (result: unknown) => void;
}

/** A controller that answers when it is told to. */
class ManualController implements ControllerChannel {
  asked: Asked[] = [];

  call: ControllerChannel['call'] = (api, request, _, done) => {
    this.asked.push({ api, request: request as Asked['request'], done: done as Asked['done'] });
  };

  get apis(): string[] {
    return this.asked.map(({ api }) => api);
  }

  /** Answers what was asked so far. */
  answer(result: unknown): void {
    for (const { done } of this.asked.splice(0)) done(result);
  }

  register(): void {
    this.answer({ throttleTimeMs: 0, errorCode: ErrorCode.NONE, brokerEpoch: 7 });
  }

  heartbeat(state: { isFenced?: boolean; shouldShutDown?: boolean }): void {
    const rest = { throttleTimeMs: 0, errorCode: ErrorCode.NONE, isCaughtUp: true, isFenced: false, shouldShutDown: false };
    this.answer({ ...rest, ...state });
  }
}

function lifecycle(failed: readonly string[] = []): { time: ManualTime; controller: ManualController; broker: BrokerLifecycle } {
  const time = new ManualTime();
  const controller = new ManualController();
  const registration = {
    brokerId: 1,
    clusterId: 'c',
    incarnationId: 'AAAAAAAAAAAAAAAAAAAAAA',
    listeners: [],
    features: [],
    rack: null,
    isMigratingZkBroker: false,
    logDirs: [],
    previousBrokerEpoch: -1,
  };
  const broker = new BrokerLifecycle({
    channel: controller,
    timers: time,
    clock: { monotonicMs: () => time.nowMs, wallMs: () => time.nowMs },
    logger: silentLogger,
    registration,
    heartbeatIntervalMs: () => 2000,
    requestTimeoutMs: 2000,
    appliedOffset: () => 0,
    offlineLogDirs: () => failed,
    registered: () => undefined,
  });
  return { time, controller, broker };
}

async function running(): Promise<ReturnType<typeof lifecycle>> {
  const world = lifecycle();
  const started = world.broker.start();
  world.controller.register();
  world.controller.heartbeat({});
  await started;
  return world;
}

describe("a broker's standing with the controller", () => {
  test('is running once a heartbeat says that it is not fenced, and then heartbeats in its interval', async () => {
    const { time, controller, broker } = lifecycle();
    const started = broker.start();
    controller.register();
    controller.heartbeat({ isFenced: true });
    time.advance(20);
    controller.heartbeat({});
    await started;
    time.advance(1999);
    expect(controller.asked).toHaveLength(0);
    time.advance(1);
    expect(controller.apis).toEqual(['BrokerHeartbeat']);
  });

  test('is confirmed for one session from the question that the controller has answered last', async () => {
    const { time, controller, broker } = lifecycle();
    expect(broker.isConfirmed(3000)).toBe(false);
    void broker.start();
    controller.register();
    time.advance(500);
    controller.heartbeat({});
    expect(broker.isConfirmed(3000)).toBe(true);
    time.advance(2499);
    expect(broker.isConfirmed(3000)).toBe(true);
    time.advance(1);
    expect(broker.isConfirmed(3000)).toBe(false);
    controller.answer(new ExchangeError('timeout', 'nobody leads'));
    expect(broker.isConfirmed(3000)).toBe(false);
    time.advance(2000);
    controller.heartbeat({});
    expect(broker.isConfirmed(3000)).toBe(true);
  });

  test('tells the controller at once which of its directories have failed', async () => {
    const failed: string[] = [];
    const { controller, broker } = lifecycle(failed);
    const started = broker.start();
    controller.register();
    controller.heartbeat({});
    await started;
    expect(controller.asked).toHaveLength(0);
    failed.push('ZGlyZWN0b3J5LW51bWJlcg');
    broker.directoryFailed();
    expect(controller.asked[0]?.request).toMatchObject({ offlineLogDirs: failed });
  });

  test('registers again while no controller answers, or the session of the one before it lasts', async () => {
    const { time, controller, broker } = lifecycle();
    void broker.start();
    controller.answer(new ExchangeError('timeout', 'nobody leads'));
    time.advance(20);
    controller.answer({ throttleTimeMs: 0, errorCode: ErrorCode.DUPLICATE_BROKER_REGISTRATION, brokerEpoch: -1 });
    time.advance(39);
    expect(controller.asked).toHaveLength(0);
    time.advance(1);
    expect(controller.apis).toEqual(['BrokerRegistration']);
    controller.register();
    expect([broker.brokerEpoch, controller.apis]).toEqual([7, ['BrokerHeartbeat']]);
  });

  test('is refused for good by another cluster', async () => {
    const { controller, broker } = lifecycle();
    const started = broker.start();
    controller.answer({ throttleTimeMs: 0, errorCode: ErrorCode.INCONSISTENT_CLUSTER_ID, brokerEpoch: -1 });
    await expect(started).rejects.toThrow('INCONSISTENT_CLUSTER_ID');
  });

  test('has one heartbeat under way, and says at once afterwards what it has applied meanwhile', async () => {
    const { time, controller, broker } = lifecycle();
    void broker.start();
    controller.register();
    broker.metadataApplied();
    time.settle();
    expect(controller.asked).toHaveLength(1);
    controller.heartbeat({ isFenced: true });
    expect(controller.asked).toHaveLength(1);
  });

  test('asks to shut down, again after 50 ms and then each 250, until it is let go', async () => {
    const { time, controller, broker } = await running();
    let isGone = false;
    const stopped = broker.stop(60_000).then(() => (isGone = true));
    expect(controller.asked[0]?.request).toMatchObject({ wantShutDown: true });
    controller.heartbeat({});
    time.advance(49);
    expect(controller.asked).toHaveLength(0);
    time.advance(1);
    controller.heartbeat({});
    expect(isGone).toBe(false);
    broker.metadataApplied();
    time.advance(249);
    expect([isGone, controller.asked.length]).toEqual([false, 0]);
    time.advance(1);
    controller.heartbeat({ shouldShutDown: true, isFenced: true });
    await stopped;
    expect([time.timers, controller.asked.length]).toEqual([0, 0]);
  });

  test('stops without being let go when no controller answers, or when its time is over', async () => {
    const silent = await running();
    const stopped = silent.broker.stop(60_000);
    silent.time.advance(1500);
    await stopped;
    expect(silent.time.timers).toBe(0);
    const slow = await running();
    const late = slow.broker.stop(1000);
    slow.controller.heartbeat({});
    slow.time.advance(1000);
    await late;
    expect(slow.time.timers).toBe(0);
  });

  test('ends without a word when the broker cannot go on: no timer is left, and late answers change nothing', () => {
    const { time, controller, broker } = lifecycle();
    void broker.start();
    controller.register();
    controller.heartbeat({ isFenced: true });
    time.advance(20);
    broker.abandon();
    controller.heartbeat({});
    broker.metadataApplied();
    time.advance(10_000);
    expect([time.timers, controller.asked.length]).toEqual([0, 0]);
  });
});
