import {
  partitionChange,
  type PartitionChangeContext,
  type PartitionTarget,
} from '../../../controller/control/partition-change';
import { mergeChange, type PartitionRegistration } from '../../../controller/metadata/partition-registration';
import type { RecordValue } from '../../../controller/metadata/records';
import { directoryOfBroker } from '../support/test-controls';

const TOPIC = 'dG9waWMtbnVtYmVyLW9uZQ';

function partition(changes: Partial<PartitionRegistration> = {}): PartitionRegistration {
  const replicas = changes.replicas ?? [1, 2, 3];
  return {
    replicas,
    directories: replicas.map((id) => directoryOfBroker(id)),
    isr: replicas,
    removingReplicas: [],
    addingReplicas: [],
    elr: [],
    lastKnownElr: [],
    leader: 1,
    leaderRecoveryState: 0,
    leaderEpoch: 10,
    partitionEpoch: 20,
    ...changes,
  };
}

interface Change {
  readonly version: number;
  readonly set: Partial<RecordValue<'PartitionChangeRecord'>>;
  readonly after: PartitionRegistration;
}

/** The fields that the record sets, and what the partition becomes. */
function change(
  before: PartitionRegistration,
  target: PartitionTarget,
  context: Partial<PartitionChangeContext> = {},
): Change | null {
  const record = partitionChange(before, target, {
    topicId: TOPIC,
    partitionId: 0,
    metadataVersion: 30,
    isElrEnabled: false,
    minIsr: 2,
    election: 'online',
    isAcceptable: () => true,
    defaultDirectory: directoryOfBroker,
    ...context,
  });
  if (record === null || record.type !== 'PartitionChangeRecord') return null;
  const unset = { leader: -2, leaderRecoveryState: -1 } as Readonly<Record<string, unknown>>;
  const set = Object.fromEntries(
    Object.entries(record.value).filter(
      ([name, value]) => value !== (unset[name] ?? null) && name !== 'topicId' && name !== 'partitionId',
    ),
  );
  return { version: record.version, set, after: mergeChange(before, record.value) };
}

const without =
  (...gone: readonly number[]) =>
  (id: number): boolean =>
    !gone.includes(id);

describe('a partition change', () => {
  test('is nothing when nothing differs', () => {
    expect(change(partition(), {})).toBeNull();
    expect(change(partition(), { isr: [1, 2, 3] })).toBeNull();
  });

  test('of the ISR keeps the leader and its epoch', () => {
    const result = change(partition(), { isr: [1, 2] });
    expect(result?.set).toEqual({ isr: [1, 2] });
    expect(result?.after).toMatchObject({ leader: 1, leaderEpoch: 10, partitionEpoch: 21 });
  });

  test('that shrinks the ISR bumps the leader epoch below metadata.version 3.6', () => {
    expect(change(partition(), { isr: [1, 2] }, { metadataVersion: 11 })?.set).toEqual({ isr: [1, 2], leader: 1 });
    expect(change(partition({ isr: [1] }), { isr: [1, 2] }, { metadataVersion: 11 })?.set).toEqual({ isr: [1, 2] });
  });

  test.each([
    [30, 2],
    [17, 1],
    [16, 0],
  ])('is written at metadata.version %i as version %i', (metadataVersion, version) => {
    expect(change(partition(), { isr: [1, 2] }, { metadataVersion })?.version).toBe(version);
  });
});

describe('an election', () => {
  test('takes the first replica in sync that is acceptable', () => {
    const result = change(partition(), { isr: [2, 3] }, { isAcceptable: without(1) });
    expect(result?.set).toEqual({ isr: [2, 3], leader: 2 });
    expect(result?.after).toMatchObject({ leader: 2, leaderEpoch: 11 });
    expect(change(partition(), { isr: [2, 3] }, { isAcceptable: without(1, 2) })?.set).toEqual({
      isr: [2, 3],
      leader: 3,
    });
  });

  test('keeps a leader that may lead, even if it is not the first replica', () => {
    expect(change(partition({ leader: 2 }), {})).toBeNull();
  });

  test('of the preferred replica moves the lead to it', () => {
    expect(change(partition({ leader: 2 }), {}, { election: 'preferred' })?.set).toEqual({ leader: 1 });
    expect(change(partition({ leader: 2, isr: [2, 3] }), {}, { election: 'preferred' })).toBeNull();
  });

  test('of the preferred replica may elect another for a partition without leader', () => {
    const before = partition({ leader: -1, isr: [2, 3] });
    expect(change(before, {}, { election: 'preferred', isAcceptable: without(1) })?.set).toEqual({ leader: 2 });
  });

  test('without anybody in sync leaves the partition without leader, and the last member in the ISR', () => {
    const result = change(partition({ isr: [1] }), { isr: [] }, { isAcceptable: without(1) });
    expect(result?.set).toEqual({ leader: -1 });
    expect(result?.after).toMatchObject({ leader: -1, isr: [1], leaderEpoch: 11 });
  });

  test('unclean takes anybody rather than nobody, and marks what it may have broken', () => {
    const result = change(partition({ isr: [1] }), { isr: [] }, { isAcceptable: without(1), election: 'unclean' });
    expect(result?.set).toEqual({ isr: [2], leader: 2, leaderRecoveryState: 1 });
    expect(
      change(partition({ isr: [1] }), { isr: [] }, { isAcceptable: () => false, election: 'unclean' })?.set,
    ).toEqual({ leader: -1 });
  });

  test('unclean is not needed while somebody is in sync', () => {
    expect(change(partition(), { isr: [3] }, { isAcceptable: without(1), election: 'unclean' })?.set).toEqual({
      isr: [3],
      leader: 3,
    });
  });

  test('lets a recovered leader say so', () => {
    expect(change(partition({ isr: [1], leaderRecoveryState: 1 }), { leaderRecoveryState: 0 })?.set).toEqual({
      leaderRecoveryState: 0,
    });
  });
});

describe('with eligible leaders', () => {
  const elr = { isElrEnabled: true } as const;

  test('who leaves an ISR that gets too small stays eligible', () => {
    expect(change(partition({ isr: [1, 2] }), { isr: [1] }, elr)?.set).toEqual({
      isr: [1],
      eligibleLeaderReplicas: [2],
    });
  });

  test('nobody is eligible while the ISR is large enough', () => {
    expect(change(partition(), { isr: [1, 2] }, elr)?.set).toEqual({ isr: [1, 2] });
    expect(change(partition({ isr: [1], elr: [2] }), { isr: [1, 3] }, elr)?.set).toEqual({
      isr: [1, 3],
      eligibleLeaderReplicas: [],
    });
  });

  test('the ISR may become empty, and the last leader is remembered', () => {
    const result = change(partition({ isr: [1], elr: [2] }), { isr: [] }, { ...elr, isAcceptable: () => false });
    expect(result?.set).toEqual({ isr: [], leader: -1, eligibleLeaderReplicas: [2, 1], lastKnownElr: [1] });
  });

  test('an eligible leader is elected clean, and is the ISR then', () => {
    const before = partition({ isr: [], elr: [2, 1], leader: -1, lastKnownElr: [1] });
    expect(change(before, {}, { ...elr, isAcceptable: without(1) })?.set).toEqual({
      isr: [2],
      leader: 2,
      eligibleLeaderReplicas: [1],
      lastKnownElr: [],
    });
  });

  test('who stopped uncleanly is eligible no more', () => {
    const before = partition({ isr: [1], elr: [2, 3] });
    expect(change(before, { isr: [1], uncleanShutdown: [2] }, { ...elr, isAcceptable: without(2) })?.set).toEqual({
      eligibleLeaderReplicas: [3],
    });
  });

  test('the last known leader is elected unclean when ISR and eligible leaders are gone, and only if it is acceptable', () => {
    const before = partition({ isr: [], elr: [], leader: -1, lastKnownElr: [3] });
    expect(change(before, {}, { ...elr, isAcceptable: without(3) })).toBeNull();
    expect(change(before, {}, elr)?.set).toEqual({ isr: [3], leader: 3, leaderRecoveryState: 1, lastKnownElr: [] });
  });

  test('the last known leader is forgotten when it has lost the directory that its replica was in', () => {
    const before = partition({ isr: [], elr: [], leader: -1, lastKnownElr: [3] });
    const target = { directories: new Map([[3, directoryOfBroker(3, 1)]]), lostReplica: 3 };
    const changed = change(before, target, { ...elr, isAcceptable: without(3) });
    expect(changed?.set).toMatchObject({ lastKnownElr: [] });
    expect(changed?.after).toMatchObject({ leader: -1, isr: [], lastKnownElr: [] });
    expect(change({ ...before, lastKnownElr: [2] }, target, { ...elr, isAcceptable: () => false })?.after.lastKnownElr).toEqual([2]);
  });

  test('an unclean election clears who was eligible', () => {
    const before = partition({ isr: [], elr: [1], leader: -1, lastKnownElr: [1] });
    expect(change(before, {}, { ...elr, isAcceptable: without(1), election: 'unclean' })?.set).toEqual({
      isr: [2],
      leader: 2,
      leaderRecoveryState: 1,
      eligibleLeaderReplicas: [],
      lastKnownElr: [],
    });
  });

  test('a feature that was switched off leaves nobody eligible', () => {
    expect(change(partition({ elr: [9] }), { isr: [1, 2] })?.set).toEqual({ isr: [1, 2], eligibleLeaderReplicas: [] });
  });
});

describe('a reassignment', () => {
  const moving = partition({ replicas: [1, 2, 3, 4], removingReplicas: [1], addingReplicas: [4], isr: [1, 2, 3] });

  test('goes on while a target is not in sync', () => {
    expect(change(moving, { isr: [1, 2] })?.set).toEqual({ isr: [1, 2] });
  });

  test('ends with the change that brings the last target into sync, and moves the lead', () => {
    const result = change(moving, { isr: [1, 2, 3, 4] });
    expect(result?.set).toEqual({
      isr: [2, 3, 4],
      leader: 2,
      replicas: [2, 3, 4],
      removingReplicas: [],
      addingReplicas: [],
      directories: [2, 3, 4].map((id) => directoryOfBroker(id)),
    });
    expect(result?.after).toMatchObject({ leaderEpoch: 11, partitionEpoch: 21 });
  });

  test('bumps the leader epoch when a replica goes, though the leader stays', () => {
    const result = change({ ...moving, leader: 2 }, { isr: [1, 2, 3, 4] });
    expect(result?.set.leader).toBe(2);
    expect(result?.after.leaderEpoch).toBe(11);
  });

  test('waits while it would leave nobody', () => {
    expect(change({ ...moving, isr: [1] }, { isr: [1] })).toBeNull();
  });

  test('puts a new replica where its broker puts such', () => {
    const result = change(partition(), { replicas: [1, 2, 3, 4], adding: [4] });
    expect(result?.set).toEqual({
      replicas: [1, 2, 3, 4],
      addingReplicas: [4],
      directories: [1, 2, 3, 4].map((id) => directoryOfBroker(id)),
    });
  });

  test('notes a directory that the broker names', () => {
    const directories = new Map([[2, directoryOfBroker(2, 1)]]);
    expect(change(partition(), { directories })?.set).toEqual({
      directories: [directoryOfBroker(1), directoryOfBroker(2, 1), directoryOfBroker(3)],
    });
    expect(change(partition(), { directories }, { metadataVersion: 16 })).toBeNull();
  });
});
