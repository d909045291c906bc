import { whyNotReady, type ReadinessParts } from '../../../../src/observe/metrics/readiness';

const ready = {
  isStopping: false,
  logs: { directoryList: [{ path: '/data', state: { isOffline: false, condition: 'online', failure: null } }] },
  loader: { isCaughtUp: true },
  raft: { leader: { leaderId: 1, epoch: 3 } },
  broker: { lifecycle: { standing: 'running', brokerEpoch: 7, unansweredMs: 200 }, isConfirmed: true, isOpening: false, isUnfenced: true },
};

/** As the node would be, but for what is named. */
function reasons(change: Record<string, unknown>): readonly string[] {
  return whyNotReady({ ...ready, ...change } as unknown as ReadinessParts);
}
const ofBroker = (change: Record<string, unknown>): readonly string[] => reasons({ broker: { ...ready.broker, ...change } });
const ofDirectory = (state: Record<string, unknown>): readonly string[] => reasons({ logs: { directoryList: [{ path: '/data', state }] } });

describe('a node', () => {
  test('is ready when nothing is in the way, also one that is only a controller', () => {
    expect([reasons({}), reasons({ broker: null })]).toEqual([[], []]);
  });

  test('that is a broker stays ready while the controllers elect', () => {
    expect(reasons({ raft: { leader: { leaderId: -1, epoch: 3 } } })).toEqual([]);
  });

  test.each([
    ['stops', reasons({ isStopping: true }), /is stopping/],
    ['does not know the metadata', reasons({ loader: { isCaughtUp: false } }), /not known yet/],
    ['is a controller and knows of no active one', reasons({ broker: null, raft: { leader: { leaderId: -1, epoch: 3 } } }), /No controller is active/],
    ['still reads its logs', ofBroker({ lifecycle: null }), /logs are being read/],
    ['is not registered', ofBroker({ lifecycle: { standing: 'starting', brokerEpoch: -1 } }), /has not registered/],
    ['is fenced', ofBroker({ isUnfenced: false }), /has fenced this broker/],
    ['leaves', ofBroker({ lifecycle: { standing: 'stopping', brokerEpoch: 7 } }), /leaving the cluster/],
    ['is cut off from the controller', ofBroker({ isConfirmed: false }), /not answered a heartbeat for 0.2 s/],
    ['opens logs', ofBroker({ isOpening: true }), /being opened/],
    ['has a directory that failed', ofDirectory({ isOffline: true, condition: 'offline', failure: { message: 'EIO' } }), /\/data has failed \(EIO\)/],
    ['has a full disk', ofDirectory({ isOffline: false, condition: 'full', failure: null }), /\/data is full/],
  ])('that %s is not ready, and says so in a sentence', (_what, said, expected) => {
    expect(said).toEqual([expect.stringMatching(expected)]);
  });
});
