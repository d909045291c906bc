import { BrokerLifecycle, type ControllerChannel } from '../../src/lifecycle';
import { silentLogger } from '../../src/observe/silent-logger';
import { ErrorCode } from '../../wire/base/error-codes';
import { ManualTime } from './network/support/manual-world';

/** A controller that answers when it is told to. */
class ManualController implements ControllerChannel {
  readonly heartbeats: Parameters<ControllerChannel['brokerHeartbeat']>[] = [];
  registerBroker: ControllerChannel['registerBroker'] = (_, respond) =>
    respond({ throttleTimeMs: 0, errorCode: ErrorCode.NONE, brokerEpoch: 7 });
  brokerHeartbeat: ControllerChannel['brokerHeartbeat'] = (...heartbeat) => void this.heartbeats.push(heartbeat);

  answer(isFenced: boolean): void {
    const rest = { throttleTimeMs: 0, errorCode: ErrorCode.NONE, isCaughtUp: true, shouldShutDown: false };
    for (const [, respond] of this.heartbeats.splice(0)) respond({ ...rest, isFenced });
  }
}

function lifecycle(): { time: ManualTime; controller: ManualController; broker: BrokerLifecycle } {
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
    logger: silentLogger,
    registration,
    heartbeatIntervalMs: 2000,
    appliedOffset: () => 0,
  });
  return { time, controller, broker };
}

describe("a broker's standing with the controller", () => {
  test('is running once a heartbeat says that it is not fenced, and then heartbeats in its interval', async () => {
    const { time, controller, broker } = lifecycle();
    const running = broker.start();
    controller.answer(true);
    time.advance(20);
    controller.answer(false);
    await running;
    time.advance(1999);
    expect(controller.heartbeats).toHaveLength(0);
    time.advance(1);
    expect(controller.heartbeats).toHaveLength(1);
  });

  test('ends without a word when the broker cannot go on: no timer is left, and late answers change nothing', () => {
    const { time, controller, broker } = lifecycle();
    void broker.start();
    controller.answer(true);
    time.advance(20);
    broker.abandon();
    controller.answer(false);
    broker.metadataApplied();
    time.advance(10_000);
    expect([time.timers, controller.heartbeats.length]).toEqual([0, 0]);
  });
});
