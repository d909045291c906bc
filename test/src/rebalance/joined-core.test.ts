/** When a broker that has joined is to get its share unattended. */
import { type Decision, JoinedBrokers, type SeenBroker, type SeenCluster } from '../../../src/rebalance/joined-core';

const DELAY_MS = 1000;
const NOTHING: Decision = { kind: 'nothing' };
const full = [1, 2, 3].map((id): SeenBroker => ({ id, epoch: id, isThere: true, replicas: 10 }));
const joined: SeenBroker = { id: 4, epoch: 40, isThere: true, replicas: 0 };

function cluster(brokers: readonly SeenBroker[] = [], others: Partial<SeenCluster> = {}): SeenCluster {
  return { brokers: [...full, ...brokers], isReassigning: false, hasThrottle: false, ...others };
}

function start(joinedIds: readonly number[], empty: readonly number[] = [], isResumed = false): Decision {
  return { kind: 'start', joined: joinedIds, empty, isResumed };
}

/** A controller that has seen the three, long ago. */
function watching(): JoinedBrokers {
  const core = new JoinedBrokers(DELAY_MS);
  expect(core.look(cluster(), -10_000)).toEqual(NOTHING);
  return core;
}

describe('a broker that joins', () => {
  test('is due once it has been there for the delay', () => {
    const core = watching();
    expect(core.look(cluster([joined]), 0)).toEqual(NOTHING);
    expect(core.look(cluster([joined]), DELAY_MS - 1)).toEqual(NOTHING);
    expect(core.look(cluster([joined]), DELAY_MS)).toEqual(start([4]));
  });

  test('waits anew when it was away or registers again', () => {
    const core = watching();
    core.look(cluster([joined]), 0);
    core.look(cluster([{ ...joined, isThere: false }]), 500);
    expect(core.look(cluster([joined]), DELAY_MS)).toEqual(NOTHING);
    expect(core.look(cluster([{ ...joined, epoch: 41 }]), 2 * DELAY_MS)).toEqual(NOTHING);
    expect(core.look(cluster([{ ...joined, epoch: 41 }]), 3 * DELAY_MS)).toEqual(start([4]));
  });

  test('waits while another is away, and that is told', () => {
    const core = watching();
    const away: SeenBroker = { id: 5, epoch: 5, isThere: false, replicas: 10 };
    core.look(cluster([joined, away]), 0);
    expect(core.look(cluster([joined, away]), DELAY_MS)).toEqual({ kind: 'wait', joined: [4], away: [5] });
    expect(core.look(cluster([joined]), DELAY_MS)).toEqual(start([4]));
  });

  test('waits as long again after anybody has moved replicas', () => {
    const core = watching();
    core.look(cluster([joined]), 0);
    expect(core.look(cluster([joined], { isReassigning: true }), DELAY_MS)).toEqual(NOTHING);
    core.moved(DELAY_MS + 500);
    expect(core.look(cluster([joined]), 2 * DELAY_MS + 499)).toEqual(NOTHING);
    expect(core.look(cluster([joined]), 2 * DELAY_MS + 500)).toEqual(start([4]));
  });

  test('is left alone with half of its share, or where there is less than a replica for each', () => {
    const core = watching();
    core.look(cluster([{ ...joined, replicas: 5 }]), 0);
    expect(core.look(cluster([{ ...joined, replicas: 5 }]), DELAY_MS)).toEqual(NOTHING);
    const empty = new JoinedBrokers(DELAY_MS);
    const few: SeenCluster = { ...cluster(), brokers: [...full.map((each) => ({ ...each, replicas: 0 })), { ...joined, replicas: 1 }] };
    for (const nowMs of [0, DELAY_MS]) expect(empty.look(few, nowMs)).toEqual(NOTHING);
  });
});

describe('who operates the cluster is not fought', () => {
  test('a broker is tried once for each of its registrations', () => {
    const core = watching();
    core.look(cluster([joined]), 0);
    core.started([4]);
    expect(core.look(cluster([joined]), DELAY_MS)).toEqual(NOTHING);
    core.look(cluster([{ ...joined, epoch: 41 }]), 2 * DELAY_MS);
    expect(core.look(cluster([{ ...joined, epoch: 41 }]), 3 * DELAY_MS)).toEqual(start([4]));
  });

  test('a broker that has had its share and was emptied stays empty, also when another joins', () => {
    const core = watching();
    const emptied = (id: number): SeenBroker => ({ id, epoch: id, isThere: true, replicas: 0 });
    core.look(cluster([{ ...emptied(5), replicas: 10 }]), 0);
    expect(core.look(cluster([emptied(5)]), DELAY_MS)).toEqual(NOTHING);
    core.look(cluster([emptied(5), joined]), 2 * DELAY_MS);
    expect(core.look(cluster([emptied(5), joined]), 3 * DELAY_MS)).toEqual(start([4], [5]));
  });

  test('what was there when the controller began is left alone: it may have been emptied', () => {
    const core = new JoinedBrokers(DELAY_MS);
    core.look(cluster([joined]), 0);
    expect(core.look(cluster([joined]), DELAY_MS)).toEqual(NOTHING);
  });
});

describe('a run whose controller died', () => {
  test('is taken up by its throttle, once nothing has been moved for the delay', () => {
    const core = watching();
    const half = { ...joined, replicas: 6 };
    expect(core.look(cluster([half], { hasThrottle: true }), 0)).toEqual(NOTHING);
    core.moved(500);
    expect(core.look(cluster([half], { hasThrottle: true }), DELAY_MS)).toEqual(NOTHING);
    expect(core.look(cluster([half], { hasThrottle: true }), DELAY_MS + 500)).toEqual(start([], [], true));
    expect(core.look(cluster([half]), 3 * DELAY_MS)).toEqual(NOTHING);
  });

  test('gives a broker its share that has not got anything yet, unless it is known to have been emptied', () => {
    const began = new JoinedBrokers(DELAY_MS);
    began.look(cluster([joined], { hasThrottle: true }), 0);
    expect(began.look(cluster([joined], { hasThrottle: true }), DELAY_MS)).toEqual(start([], [], true));
    const core = watching();
    core.look(cluster([{ ...joined, replicas: 10 }]), 0);
    core.look(cluster([joined], { hasThrottle: true }), DELAY_MS);
    expect(core.look(cluster([joined], { hasThrottle: true }), 2 * DELAY_MS)).toEqual(start([], [4], true));
  });

  test('is not begun again by the next controller when it was cancelled', () => {
    const core = watching();
    core.look(cluster([joined]), 0);
    core.look(cluster([joined], { hasThrottle: true, isReassigning: true }), DELAY_MS - 100);
    core.look(cluster([joined]), 2 * DELAY_MS);
    expect(core.look(cluster([joined]), 10 * DELAY_MS)).toEqual(NOTHING);
  });

  test('is not that of a broker that joins while it goes on', () => {
    const core = watching();
    const second: SeenBroker = { ...joined, id: 5, epoch: 50 };
    core.look(cluster([joined]), 0);
    core.look(cluster([joined, second], { hasThrottle: true }), DELAY_MS);
    core.look(cluster([{ ...joined, replicas: 8 }, second]), 2 * DELAY_MS);
    expect(core.look(cluster([{ ...joined, replicas: 8 }, second]), 3 * DELAY_MS)).toEqual(start([5]));
  });
});
