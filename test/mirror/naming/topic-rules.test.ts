import { defaultPolicy } from '../../../mirror/naming/default-policy';
import { identityPolicy } from '../../../mirror/naming/identity-policy';
import { nameFilter } from '../../../mirror/naming/name-filter';
import { cameFromTarget, isReplicated, targetTopicOf } from '../../../mirror/naming/topic-rules';

const NAMES = { separator: '.', usesSeparatorInternally: true };
const cluster = (alias: string) => ({ alias, bootstrap: [], clientId: '', requestTimeoutMs: 1 });

function flow(from: string, to: string, topics = nameFilter(['.*'], ['__.*'])) {
  return {
    policy: defaultPolicy(NAMES),
    topics,
    replicatesHeartbeats: true,
    source: cluster(from),
    target: cluster(to),
  };
}

describe('a flow', () => {
  test('between two active clusters sends nothing back', () => {
    expect(['orders', 'B.orders'].filter((topic) => isReplicated(flow('A', 'B'), topic))).toEqual(['orders']);
    expect(['orders', 'A.orders'].filter((topic) => isReplicated(flow('B', 'A'), topic))).toEqual(['orders']);
  });

  test('in a chain carries on what came from before, and a ring ends where it began', () => {
    expect(isReplicated(flow('B', 'C'), 'A.orders')).toBe(true);
    expect(targetTopicOf(flow('B', 'C'), 'A.orders')).toBe('B.A.orders');
    expect(isReplicated(flow('C', 'A'), 'B.A.orders')).toBe(false);
    expect(isReplicated(flow('C', 'D'), 'B.A.orders')).toBe(true);
  });

  test('replicates heartbeats whatever its topics are, unless that is off', () => {
    const some = flow('A', 'B', nameFilter(['orders'], []));
    expect(
      ['heartbeats', 'C.heartbeats', 'B.heartbeats', 'other'].filter((topic) => isReplicated(some, topic)),
    ).toEqual(['heartbeats', 'C.heartbeats']);
    expect(isReplicated({ ...some, replicatesHeartbeats: false }, 'heartbeats')).toBe(false);
  });

  test('gives a topic that came from the target its own name back', () => {
    expect(targetTopicOf(flow('A', 'B'), 'B.orders')).toBe('orders');
    expect(cameFromTarget(flow('A', 'B'), 'B.orders')).toBe(true);
    expect(targetTopicOf(flow('A', 'B'), 'orders')).toBe('A.orders');
  });

  test('with the identity policy keeps names, and prefixes heartbeats alone', () => {
    const identity = { ...flow('A', 'B'), policy: identityPolicy(NAMES, 'A') };
    expect([targetTopicOf(identity, 'B.orders'), targetTopicOf(identity, 'heartbeats')]).toEqual([
      'B.orders',
      'A.heartbeats',
    ]);
    expect(['orders', 'B.orders', 'B.heartbeats'].filter((topic) => isReplicated(identity, topic))).toEqual([
      'orders',
      'B.orders',
    ]);
  });
});
