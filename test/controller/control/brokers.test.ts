import { ErrorCode } from '../../../wire/base/error-codes';
import { refusalOf } from '../../../controller/control/api-error';
import { fenceStaleBroker, registerBroker, registerController } from '../../../controller/control/brokers';
import { unregisterRecords } from '../../../controller/control/broker-events';
import { heartbeat } from '../../../controller/control/heartbeats';
import type { MetadataRecord } from '../../../controller/metadata/records';
import type { BrokerRegistrationRequest } from '../../../wire/schema/broker';
import { FAST_SESSION_FEATURE } from '../../../controller/metadata/fast-session';
import { TestControls, directoryOfBroker, incarnation, registration } from '../support/test-controls';

function refused(controls: TestControls, changes: Partial<BrokerRegistrationRequest>, brokerId = 1) {
  return refusalOf(() =>
    registerBroker(controls, registration(brokerId, changes), controls.nextOffset, 1, controls.nowMs),
  );
}

function types(records: readonly MetadataRecord[]): string[] {
  return records.map(({ type }) => type);
}

/** Broker 1, which announces fast heartbeats, registered and unfenced. */
function withFastBroker(controls: TestControls): TestControls {
  const features = [...registration(1).features, { name: FAST_SESSION_FEATURE, minSupportedVersion: 0, maxSupportedVersion: 1 }];
  controls.commit(registerBroker(controls, registration(1, { features }), controls.nextOffset, 1, controls.nowMs));
  controls.beat(1, { currentMetadataOffset: controls.nextOffset });
  return controls;
}

describe('BrokerRegistration', () => {
  test('gives the offset of its write as broker epoch, and the broker starts fenced', () => {
    const controls = new TestControls();
    const offset = controls.nextOffset;
    expect(controls.register(1)).toBe(offset);
    expect(controls.state.image.cluster.brokers.get(1)).toMatchObject({
      epoch: offset,
      fenced: true,
      inControlledShutdown: false,
      directories: [directoryOfBroker(1)],
      listeners: [{ name: 'PLAINTEXT', host: 'localhost', port: 9093, securityProtocol: 0 }],
    });
  });

  test('repeated by the same process keeps epoch and state', () => {
    const controls = new TestControls().start(1);
    const epoch = controls.epochOf(1);
    expect(controls.register(1, { rack: 'r1' })).toBe(epoch);
    expect(controls.state.image.cluster.brokers.get(1)).toMatchObject({ epoch, fenced: false, rack: 'r1' });
  });

  test('by another process is refused while the first one is heard from', () => {
    const controls = new TestControls().start(1);
    const incarnationId = incarnation(1, 2);
    expect(refused(controls, { incarnationId })).toEqual({
      code: ErrorCode.DUPLICATE_BROKER_REGISTRATION,
      message:
        "Another broker is registered with that broker id. If the broker was recently restarted this should self-resolve once the heartbeat manager expires the broker's session.",
    });
    controls.nowMs += 9_001;
    expect(refused(controls, { incarnationId }).code).toBe(ErrorCode.NONE);
  });

  test('counts as a sign of life: what a dead process sent before, and what was held up on its way, takes its place no more', () => {
    const controls = new TestControls();
    const dead = controls.register(1);
    controls.nowMs += 60_000;
    controls.register(1, { incarnationId: incarnation(1, 2) });
    controls.state.heartbeats.contact(1, dead, controls.nowMs);
    expect(refused(controls, {}).code).toBe(ErrorCode.DUPLICATE_BROKER_REGISTRATION);
  });

  test('by another process is accepted at once when the first one has been told to stop', () => {
    const controls = new TestControls().start(1);
    controls.beat(1, { wantShutDown: true });
    expect(refused(controls, { incarnationId: incarnation(1, 2) }).code).toBe(ErrorCode.NONE);
  });

  test('of this node itself is accepted at once after a restart of both', () => {
    const controls = new TestControls({ nodeId: 1 }).start(1);
    controls.state.activate({ nodeId: 1, incarnationId: null }, controls.nowMs);
    expect(refused(controls, { incarnationId: incarnation(1, 2) }).code).toBe(ErrorCode.NONE);
  });

  test('of another node waits out a whole session after a change of controllers', () => {
    const controls = new TestControls({ nodeId: 2 }).start(1);
    controls.nowMs += 60_000;
    controls.state.activate({ nodeId: 2, incarnationId: null }, controls.nowMs);
    expect(refused(controls, { incarnationId: incarnation(1, 2) }).code).toBe(ErrorCode.DUPLICATE_BROKER_REGISTRATION);
  });

  test('of this node is refused while the one in this very process lives, also when its controller has just become active', () => {
    const controls = new TestControls({ nodeId: 1 }).start(1);
    controls.nowMs += 60_000;
    controls.state.activate({ nodeId: 1, incarnationId: incarnation(1) }, controls.nowMs);
    expect(controls.state.heartbeats.stalestBroker(controls.nowMs + 9_000)).toBeNull();
    expect(refused(controls, { incarnationId: incarnation(1, 2) }).code).toBe(ErrorCode.DUPLICATE_BROKER_REGISTRATION);
  });

  test('with fast heartbeats makes a session of its own length', () => {
    const controls = withFastBroker(new TestControls().start(2));
    controls.nowMs += 3_001;
    expect(controls.state.heartbeats.stalestBroker(controls.nowMs)).toBe(1);
    controls.beat(1, {});
    expect(controls.state.heartbeats.stalestBroker(controls.nowMs + 3_000)).toBeNull();
    controls.beat(1, {});
    controls.nowMs += 3_000;
    controls.beat(1, {});
    expect(controls.state.heartbeats.stalestBroker(controls.nowMs + 2_999)).toBeNull();
    expect(controls.state.heartbeats.stalestBroker(controls.nowMs + 3_000)).toBe(2);
  });

  test.each([
    { case: 'has been silent since the new controller last heard from it', id: 1, heardMs: 58_500, endsMs: 61_500 },
    { case: 'has a second to find the new controller, however long it was silent', id: 1, heardMs: 0, endsMs: 61_000 },
    { case: 'is given nothing more than a new session', id: 1, heardMs: 70_000, endsMs: 63_000 },
    { case: 'with slow heartbeats has a whole session', id: 2, heardMs: 0, endsMs: 69_000 },
  ])('and the broker of the controller before $case', ({ id, heardMs, endsMs }) => {
    const controls = withFastBroker(new TestControls({ nodeId: 3 }).start(2));
    controls.nowMs = 60_000;
    controls.state.activate({ nodeId: 3, incarnationId: null }, controls.nowMs, { id, lastHeardMs: heardMs });
    const epoch = controls.state.image.cluster.brokers.get(id)?.epoch ?? -1;
    expect(controls.state.heartbeats.hasValidSession(id, epoch, endsMs)).toBe(true);
    expect(controls.state.heartbeats.hasValidSession(id, epoch, endsMs + 1)).toBe(false);
  });

  test('of a new process takes the old one out of every ISR first, and its epoch is the offset of that', () => {
    const controls = new TestControls().start(1, 2);
    controls.topic('orders', [1, 2]);
    controls.nowMs += 9_001;
    const offset = controls.nextOffset;
    const result = registerBroker(
      controls,
      registration(1, { incarnationId: incarnation(1, 2) }),
      offset,
      1,
      controls.nowMs,
    );
    expect(types(result.records)).toEqual(['PartitionChangeRecord', 'RegisterBrokerRecord']);
    expect(controls.commit(result).brokerEpoch).toBe(offset);
    expect(controls.epochOf(1)).toBe(offset);
    expect(controls.state.registrationOffsets.get(1)).toBe(offset + 1);
    expect(controls.partition('orders')).toMatchObject({ isr: [2], leader: 2, leaderEpoch: 1 });
  });

  test.each<[string, Partial<BrokerRegistrationRequest>, number, string]>([
    [
      'of another cluster',
      { clusterId: 'other' },
      ErrorCode.INCONSISTENT_CLUSTER_ID,
      'Expected cluster ID Y2x1c3Rlci1vZi1hLXRlcw, but got cluster ID other',
    ],
    [
      'of a ZooKeeper broker',
      { isMigratingZkBroker: true },
      ErrorCode.BROKER_ID_NOT_REGISTERED,
      'Controller does not support registering ZK brokers.',
    ],
    ['without directories', { logDirs: [] }, ErrorCode.INVALID_REGISTRATION, 'No directories specified in request'],
    [
      'with a reserved directory',
      { logDirs: ['AAAAAAAAAAAAAAAAAAAAAQ'] },
      ErrorCode.INVALID_REGISTRATION,
      'Reserved directory ID in request',
    ],
    [
      'with a directory twice',
      { logDirs: [directoryOfBroker(1), directoryOfBroker(1)] },
      ErrorCode.INVALID_REGISTRATION,
      'Duplicate directory ID in request',
    ],
    [
      'with the directory of another broker',
      { logDirs: [directoryOfBroker(2)] },
      ErrorCode.INVALID_REGISTRATION,
      `Broker 2 is already registered with directory ${directoryOfBroker(2)}`,
    ],
    [
      'without metadata.version',
      { features: [] },
      ErrorCode.INVALID_REGISTRATION,
      "Request features do not contain 'metadata.version'",
    ],
    [
      'of an older release',
      { features: [{ name: 'metadata.version', minSupportedVersion: 7, maxSupportedVersion: 29 }] },
      ErrorCode.UNSUPPORTED_VERSION,
      'Unable to register because the broker does not support finalized version 30 of metadata.version. The broker wants a version between 7 and 29, inclusive.',
    ],
    [
      'that knows no dynamic quorums',
      { features: [{ name: 'metadata.version', minSupportedVersion: 7, maxSupportedVersion: 30 }] },
      ErrorCode.UNSUPPORTED_VERSION,
      'Unable to register because the broker does not support finalized version 1 of kraft.version. The broker wants a version between 0 and 0, inclusive.',
    ],
  ])('%s is refused', (_, changes, code, message) => {
    const controls = new TestControls().start(2);
    expect(refused(controls, changes)).toEqual({ code, message });
  });

  test('frees a directory that the broker no longer has', () => {
    const controls = new TestControls();
    controls.register(1, { logDirs: [directoryOfBroker(1, 0), directoryOfBroker(1, 1)] });
    controls.register(1, { logDirs: [directoryOfBroker(1, 0)] });
    expect(refused(controls, { logDirs: [directoryOfBroker(1, 1)] }, 2).code).toBe(ErrorCode.NONE);
  });

  test('ends with UnregisterBroker, after which the broker is unknown', () => {
    const controls = new TestControls().start(1, 2);
    controls.topic('orders', [1, 2]);
    const records = unregisterRecords(controls, 1);
    expect(types(records)).toEqual(['PartitionChangeRecord', 'UnregisterBrokerRecord']);
    controls.apply(records);
    expect(controls.state.image.cluster.brokers.has(1)).toBe(false);
    expect(controls.partition('orders').isr).toEqual([2]);
    expect(refusalOf(() => unregisterRecords(controls, 1))).toEqual({
      code: ErrorCode.BROKER_ID_NOT_REGISTERED,
      message: 'Broker ID 1 is not currently registered',
    });
  });
});

describe('ControllerRegistration', () => {
  test('is recorded as it comes', () => {
    const controls = new TestControls();
    const request = {
      controllerId: 100,
      incarnationId: incarnation(100),
      zkMigrationReady: false,
      listeners: [{ name: 'CONTROLLER', host: 'localhost', port: 9093, securityProtocol: 0 }],
      features: [{ name: 'metadata.version', minSupportedVersion: 7, maxSupportedVersion: 30 }],
    };
    expect(controls.commit(registerController(controls, request)).errorCode).toBe(0);
    expect(controls.state.image.cluster.controllers.get(100)).toMatchObject({
      incarnationId: incarnation(100),
      features: new Map([['metadata.version', { min: 7, max: 30 }]]),
    });
  });
});

describe('BrokerHeartbeat', () => {
  test('unfences a broker once it has applied its own registration, and not before', () => {
    const controls = new TestControls();
    controls.register(1);
    const registeredAt = controls.state.registrationOffsets.get(1) ?? 0;
    const early = controls.beat(1, { currentMetadataOffset: registeredAt - 1 });
    expect(early.response).toMatchObject({ isCaughtUp: false, isFenced: true });
    expect(early.records).toEqual([]);
    const waiting = controls.beat(1, { currentMetadataOffset: registeredAt, wantFence: true });
    expect(waiting.response).toMatchObject({ isCaughtUp: true, isFenced: true });
    const ready = controls.beat(1, { currentMetadataOffset: registeredAt });
    expect(ready.response).toMatchObject({ isCaughtUp: true, isFenced: false, shouldShutDown: false });
    expect(types(ready.records)).toEqual(['BrokerRegistrationChangeRecord']);
    expect(controls.state.isActive(1)).toBe(true);
  });

  test('of a broker that comes back gives it the partitions that have no leader', () => {
    const controls = new TestControls().start(1);
    controls.topic('orders', [1]);
    controls.beat(1, { wantFence: true });
    expect(controls.partition('orders')).toMatchObject({ leader: -1, isr: [1], leaderEpoch: 1 });
    const back = controls.beat(1);
    expect(types(back.records)).toEqual(['BrokerRegistrationChangeRecord', 'PartitionChangeRecord']);
    expect(controls.partition('orders')).toMatchObject({ leader: 1, isr: [1], leaderEpoch: 2, partitionEpoch: 2 });
  });

  test.each([
    ['an unknown broker', 7, 1, 'No broker registration found for broker id 7'],
    ['another epoch', 1, 999, 'Expected broker epoch 1, but got broker epoch 999'],
  ])('of %s is stale', (_, brokerId, brokerEpoch, message) => {
    const controls = new TestControls().start(1);
    const request = {
      brokerId,
      brokerEpoch,
      currentMetadataOffset: 0,
      wantFence: false,
      wantShutDown: false,
      offlineLogDirs: [],
      cordonedLogDirs: null,
    };
    expect(refusalOf(() => heartbeat(controls, request, 0))).toEqual({ code: ErrorCode.STALE_BROKER_EPOCH, message });
  });

  test('lets a broker that leads nothing stop at once', () => {
    const controls = new TestControls().start(1, 2);
    controls.topic('orders', [2, 1]);
    const stop = controls.beat(1, { wantShutDown: true });
    expect(types(stop.records)).toEqual(['PartitionChangeRecord', 'BrokerRegistrationChangeRecord']);
    expect(stop.response).toMatchObject({ shouldShutDown: true, isFenced: true });
    expect(controls.partition('orders').isr).toEqual([2]);
  });

  test('moves leaders away first, and lets the broker stop once the others know', () => {
    const controls = new TestControls().start(1, 2);
    controls.topic('orders', [1, 2]);
    const begin = controls.beat(1, { wantShutDown: true });
    expect(types(begin.records)).toEqual(['BrokerRegistrationChangeRecord', 'PartitionChangeRecord']);
    expect(begin.response).toMatchObject({ shouldShutDown: false, isFenced: false });
    expect(controls.partition('orders')).toMatchObject({ leader: 2, isr: [2] });
    expect(controls.state.isActive(1)).toBe(false);
    const end = controls.nextOffset - 1;
    controls.beat(2, { currentMetadataOffset: end - 1 });
    expect(controls.beat(1, { wantShutDown: true }).response.shouldShutDown).toBe(false);
    controls.beat(2, { currentMetadataOffset: end });
    expect(controls.beat(1, { wantShutDown: true }).response).toMatchObject({ shouldShutDown: true, isFenced: true });
    expect(controls.state.image.cluster.brokers.get(1)?.fenced).toBe(true);
  });

  test('lets the last broker stop, leaving its partitions without leader and in its ISR', () => {
    const controls = new TestControls().start(1);
    controls.topic('orders', [1]);
    expect(controls.beat(1, { wantShutDown: true }).response.shouldShutDown).toBe(false);
    expect(controls.partition('orders')).toMatchObject({ leader: -1, isr: [1] });
    expect(controls.beat(1, { wantShutDown: true }).response.shouldShutDown).toBe(true);
  });

  test('tells a fenced broker that wants to stop to do so', () => {
    const controls = new TestControls();
    controls.register(1);
    expect(controls.beat(1, { wantShutDown: true }).response).toMatchObject({ shouldShutDown: true, isFenced: true });
  });

  test('takes the partitions of a failed directory away from the broker', () => {
    const controls = new TestControls();
    const [good, bad] = [directoryOfBroker(1, 0), directoryOfBroker(1, 1)];
    controls.register(1, { logDirs: [good, bad] });
    controls.beat(1);
    controls.start(2);
    controls.topic('orders', [1, 2], [1, 2]);
    const { topics } = controls.state.image;
    const topic = topics.topicByName('orders');
    if (topic === undefined) throw new Error('no topic');
    const row = topics.rowOf(topic, 1);
    topics.partitions.set(row, topic.index, {
      ...controls.partition('orders', 1),
      directories: [bad, directoryOfBroker(2)],
    });
    const failed = controls.beat(1, { offlineLogDirs: [bad] });
    expect(types(failed.records)).toEqual(['PartitionChangeRecord', 'BrokerRegistrationChangeRecord']);
    expect(controls.partition('orders', 1)).toMatchObject({ leader: 2, isr: [2] });
    expect(controls.partition('orders', 0)).toMatchObject({ leader: 1, isr: [1, 2] });
    expect(controls.state.image.cluster.brokers.get(1)?.directories).toEqual([good]);
    expect(controls.beat(1, { offlineLogDirs: [bad] }).records).toEqual([]);
  });

  test('records cordoned directories once', () => {
    const controls = new TestControls().start(1);
    const first = controls.beat(1, { cordonedLogDirs: [directoryOfBroker(1)] });
    expect(types(first.records)).toEqual(['BrokerRegistrationChangeRecord']);
    expect(controls.beat(1, { cordonedLogDirs: [directoryOfBroker(1)] }).records).toEqual([]);
    expect(controls.state.image.cluster.brokers.get(1)?.cordonedDirectories).toEqual([directoryOfBroker(1)]);
    controls.beat(1, { cordonedLogDirs: [] });
    expect(controls.state.image.cluster.brokers.get(1)?.cordonedDirectories).toEqual([]);
  });
});

describe('a silent broker', () => {
  test('is fenced once its session is over, the longest silent first', () => {
    const controls = new TestControls().start(1, 2, 3);
    controls.topic('orders', [1, 2, 3]);
    controls.nowMs = 1000;
    controls.beat(2);
    controls.beat(3);
    controls.nowMs = 9_000;
    expect(fenceStaleBroker(controls, controls.nowMs).response).toBeNull();
    controls.nowMs = 9_001;
    expect(controls.commit(fenceStaleBroker(controls, controls.nowMs))).toBe(1);
    expect(controls.partition('orders')).toMatchObject({ leader: 2, isr: [2, 3], leaderEpoch: 1 });
    expect(fenceStaleBroker(controls, controls.nowMs).response).toBeNull();
  });

  test('is not blamed for the time in which the controller stood still', () => {
    const controls = new TestControls().start(1);
    controls.state.heartbeats.creditStall(5_000);
    controls.nowMs = 14_000;
    expect(fenceStaleBroker(controls, controls.nowMs).response).toBeNull();
    controls.nowMs = 14_001;
    expect(fenceStaleBroker(controls, controls.nowMs).response).toBe(1);
  });
});
