import { ErrorCode } from '../../../wire/base/error-codes';
import { refusalOf } from '../../../controller/control/api-error';
import { alterPartition } from '../../../controller/control/alter-partition';
import { balanceLeaders, electLeaders, electUncleanLeaders } from '../../../controller/control/elections';
import { alterPartitionReassignments, listPartitionReassignments } from '../../../controller/control/reassignments';
import { assignReplicasToDirs } from '../../../controller/control/replica-directories';
import { incrementalAlterConfigs } from '../../../controller/control/configs';
import type { AlterPartitionRequest } from '../../../wire/schema/replica';
import { TestControls, directoryOfBroker, incarnation } from '../support/test-controls';

type Proposal = Partial<AlterPartitionRequest['topics'][number]['partitions'][number]>;

function propose(controls: TestControls, brokerId: number, topicId: string, proposal: Proposal, version = 3) {
  const partition = {
    partitionIndex: 0,
    leaderEpoch: controls.partition('orders').leaderEpoch,
    partitionEpoch: controls.partition('orders').partitionEpoch,
    newIsr: [],
    newIsrWithEpochs: [],
    leaderRecoveryState: 0,
    beginsLeaderEpoch: false,
    ...proposal,
  };
  const request = { brokerId, brokerEpoch: controls.epochOf(brokerId), topics: [{ topicId, partitions: [partition] }] };
  const result = alterPartition(controls, request, version);
  const answer = controls.commit(result).topics[0]?.partitions[0];
  return { ...answer, records: result.records.length };
}

function isr(controls: TestControls, ...ids: readonly number[]) {
  return ids.map((brokerId) => ({ brokerId, brokerEpoch: controls.epochOf(brokerId) }));
}

describe('AlterPartition', () => {
  const started = () => {
    const controls = new TestControls().start(1, 2, 3);
    return { controls, topicId: controls.topic('orders', [1, 2, 3]) };
  };

  test('begins another leader epoch under the same leader where that is asked for, which is ours', () => {
    const { controls, topicId } = started();
    const newIsrWithEpochs = isr(controls, 1, 2, 3);
    const answer = propose(controls, 1, topicId, { newIsrWithEpochs, beginsLeaderEpoch: true });
    expect(answer).toMatchObject({ errorCode: 0, leaderId: 1, leaderEpoch: 1, isr: [1, 2, 3], records: 1 });
    expect(controls.partition('orders')).toMatchObject({ leader: 1, leaderEpoch: 1 });
  });

  test('commits the ISR that the leader proposes', () => {
    const { controls, topicId } = started();
    expect(propose(controls, 1, topicId, { newIsrWithEpochs: isr(controls, 1, 3) })).toMatchObject({
      errorCode: 0,
      leaderId: 1,
      isr: [1, 3],
      leaderEpoch: 0,
      partitionEpoch: 1,
      records: 1,
    });
  });

  test('that changes nothing answers with the present state', () => {
    const { controls, topicId } = started();
    expect(propose(controls, 1, topicId, { newIsrWithEpochs: isr(controls, 1, 2, 3) })).toMatchObject({
      errorCode: 0,
      partitionEpoch: 0,
      records: 0,
    });
  });

  test('takes plain ids up to version 2', () => {
    const { controls, topicId } = started();
    expect(propose(controls, 1, topicId, { newIsr: [1] }, 2)).toMatchObject({ errorCode: 0, isr: [1] });
  });

  test.each<[string, number, (controls: TestControls) => Proposal, number]>([
    ['a leader epoch ahead of mine', 1, () => ({ leaderEpoch: 1 }), ErrorCode.NOT_CONTROLLER],
    ['a partition epoch ahead of mine', 1, () => ({ partitionEpoch: 1 }), ErrorCode.NOT_CONTROLLER],
    ['an old leader epoch', 1, () => ({ leaderEpoch: -1 }), ErrorCode.FENCED_LEADER_EPOCH],
    [
      'a broker that does not lead',
      2,
      (controls) => ({ newIsrWithEpochs: isr(controls, 2) }),
      ErrorCode.INVALID_REQUEST,
    ],
    ['an old partition epoch', 1, () => ({ partitionEpoch: -1 }), ErrorCode.INVALID_UPDATE_VERSION],
    ['an empty ISR', 1, () => ({}), ErrorCode.INVALID_REQUEST],
    ['an ISR with a stranger', 1, (controls) => ({ newIsrWithEpochs: isr(controls, 1, 4) }), ErrorCode.INVALID_REQUEST],
    [
      'an ISR with somebody twice',
      1,
      (controls) => ({ newIsrWithEpochs: isr(controls, 1, 1) }),
      ErrorCode.INVALID_REQUEST,
    ],
    ['an ISR without the leader', 1, (controls) => ({ newIsrWithEpochs: isr(controls, 2) }), ErrorCode.INVALID_REQUEST],
    [
      'a recovering leader with company',
      1,
      (controls) => ({ leaderRecoveryState: 1, newIsrWithEpochs: isr(controls, 1, 2) }),
      ErrorCode.INVALID_REQUEST,
    ],
    [
      'a recovered leader that recovers again',
      1,
      (controls) => ({ leaderRecoveryState: 1, newIsrWithEpochs: isr(controls, 1) }),
      ErrorCode.INVALID_REQUEST,
    ],
    [
      'a member of another broker epoch',
      1,
      (controls) => ({ newIsrWithEpochs: [...isr(controls, 1), { brokerId: 2, brokerEpoch: 999 }] }),
      ErrorCode.INELIGIBLE_REPLICA,
    ],
  ])('refuses %s', (_, brokerId, proposal, errorCode) => {
    const { controls, topicId } = started();
    expect(propose(controls, brokerId, topicId, proposal(controls))).toMatchObject({ errorCode, records: 0 });
  });

  test('refuses a fenced member, and one that is shutting down', () => {
    const { controls, topicId } = started();
    controls.beat(2, { wantFence: true });
    expect(propose(controls, 1, topicId, { newIsrWithEpochs: isr(controls, 1, 2, 3) }).errorCode).toBe(
      ErrorCode.INELIGIBLE_REPLICA,
    );
    controls.topic('led-by-3', [3, 1]);
    controls.beat(3, { wantShutDown: true });
    expect(propose(controls, 1, topicId, { newIsrWithEpochs: isr(controls, 1, 3) }).errorCode).toBe(
      ErrorCode.INELIGIBLE_REPLICA,
    );
  });

  test('refuses a topic and a partition that are not there', () => {
    const { controls, topicId } = started();
    expect(propose(controls, 1, 'dW5rbm93bi10b3BpYy1pZA', {}).errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_ID);
    expect(propose(controls, 1, topicId, { partitionIndex: 1 }).errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  });

  test('refuses the whole request of a stale broker', () => {
    const { controls } = started();
    const refusal = refusalOf(() => alterPartition(controls, { brokerId: 1, brokerEpoch: 999, topics: [] }, 3));
    expect(refusal.code).toBe(ErrorCode.STALE_BROKER_EPOCH);
  });

  test('that ends a reassignment and moves the lead says so, with the record', () => {
    const { controls, topicId } = started();
    controls.start(4);
    reassign(controls, [2, 3, 4]);
    const answer = propose(controls, 1, topicId, { newIsrWithEpochs: isr(controls, 1, 2, 3, 4) });
    expect(answer).toMatchObject({ errorCode: ErrorCode.NEW_LEADER_ELECTED, records: 1 });
    expect(controls.partition('orders')).toMatchObject({
      leader: 2,
      replicas: [2, 3, 4],
      isr: [2, 3, 4],
      removingReplicas: [],
    });
  });
});

function reassign(controls: TestControls, replicas: number[] | null, allowReplicationFactorChange = true) {
  const topics = [{ name: 'orders', partitions: [{ partitionIndex: 0, replicas }] }];
  const request = { timeoutMs: 0, allowReplicationFactorChange, topics };
  const answer = controls.commit(alterPartitionReassignments(controls, request)).responses[0]?.partitions[0];
  return [answer?.errorCode, answer?.errorMessage];
}

describe('a reassignment', () => {
  const started = (...replicas: number[]) => {
    const controls = new TestControls().start(1, 2, 3, 4);
    controls.topic('orders', replicas);
    return controls;
  };

  test('adds the new replicas and notes who comes and goes', () => {
    const controls = started(1, 2);
    expect(reassign(controls, [4, 3])).toEqual([0, null]);
    expect(controls.partition('orders')).toMatchObject({
      replicas: [4, 3, 1, 2],
      addingReplicas: [3, 4],
      removingReplicas: [1, 2],
      isr: [1, 2],
      leader: 1,
    });
    const listed = listPartitionReassignments(controls, { timeoutMs: 0, topics: null }).response.topics;
    expect(listed).toEqual([
      {
        name: 'orders',
        partitions: [{ partitionIndex: 0, replicas: [4, 3, 1, 2], addingReplicas: [3, 4], removingReplicas: [1, 2] }],
      },
    ]);
  });

  test('that only changes the order is done at once, and the leader stays', () => {
    const controls = started(1, 2);
    expect(reassign(controls, [2, 1])).toEqual([0, null]);
    expect(controls.partition('orders')).toMatchObject({
      replicas: [2, 1],
      leader: 1,
      leaderEpoch: 0,
      addingReplicas: [],
    });
    expect(listPartitionReassignments(controls, { timeoutMs: 0, topics: null }).response.topics).toEqual([]);
  });

  test('that only takes replicas away is done at once', () => {
    const controls = started(1, 2);
    expect(reassign(controls, [2])).toEqual([0, null]);
    expect(controls.partition('orders')).toMatchObject({ replicas: [2], isr: [2], leader: 2, removingReplicas: [] });
  });

  test('is called off by null', () => {
    const controls = started(1, 2);
    reassign(controls, [4, 3]);
    expect(reassign(controls, null)).toEqual([0, null]);
    expect(controls.partition('orders')).toMatchObject({
      replicas: [1, 2],
      addingReplicas: [],
      removingReplicas: [],
      isr: [1, 2],
    });
    expect(reassign(controls, null)).toEqual([ErrorCode.NO_REASSIGNMENT_IN_PROGRESS, null]);
  });

  test('goes on when its target changes under way', () => {
    const controls = started(1, 2);
    reassign(controls, [1, 3]);
    expect(reassign(controls, [3, 1, 2])).toEqual([0, null]);
    expect(controls.partition('orders')).toMatchObject({
      replicas: [3, 1, 2],
      addingReplicas: [3],
      removingReplicas: [],
    });
  });

  test('may be forbidden to change the replication factor', () => {
    expect(reassign(started(1, 2), [1, 2, 3], false)).toEqual([
      ErrorCode.INVALID_REPLICATION_FACTOR,
      'The replication factor is changed from 2 to 3',
    ]);
  });

  test('of what is not there, or to who is not there, is refused', () => {
    const controls = started(1, 2);
    expect(reassign(controls, [9])[0]).toBe(ErrorCode.INVALID_REPLICA_ASSIGNMENT);
    const topics = [
      { name: 'nope', partitions: [{ partitionIndex: 0, replicas: [1] }] },
      { name: 'orders', partitions: [{ partitionIndex: 7, replicas: [1] }] },
    ];
    const request = { timeoutMs: 0, allowReplicationFactorChange: true, topics };
    const { response } = alterPartitionReassignments(controls, request);
    expect(response.responses.flatMap(({ partitions }) => partitions.map(({ errorMessage }) => errorMessage))).toEqual([
      'Unable to find a topic named nope.',
      'Unable to find partition orders:7.',
    ]);
  });
});

describe('ElectLeaders', () => {
  const started = () => {
    const controls = new TestControls().start(1, 2);
    controls.topic('orders', [1, 2]);
    controls.beat(1, { wantFence: true });
    controls.beat(1);
    return controls;
  };
  const elect = (controls: TestControls, electionType: number, partitions: number[], topic = 'orders') => {
    const request = { electionType, topicPartitions: [{ topic, partitions }], timeoutMs: 0 };
    const result = controls.commit(electLeaders(controls, request));
    return result.replicaElectionResults[0]?.partitionResult[0];
  };

  test('moves the lead to the first replica when it is in sync', () => {
    const controls = started();
    expect(controls.partition('orders').leader).toBe(2);
    expect(elect(controls, 0, [0])?.errorCode).toBe(ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE);
    const request = {
      brokerId: 2,
      brokerEpoch: controls.epochOf(2),
      topics: [
        {
          topicId: controls.state.image.topics.topicByName('orders')?.id ?? '',
          partitions: [
            {
              partitionIndex: 0,
              leaderEpoch: 1,
              partitionEpoch: 1,
              newIsr: [],
              newIsrWithEpochs: isr(controls, 2, 1),
              leaderRecoveryState: 0,
              beginsLeaderEpoch: false,
            },
          ],
        },
      ],
    };
    expect(controls.commit(alterPartition(controls, request, 3)).topics[0]?.partitions[0]?.errorCode).toBe(0);
    expect(elect(controls, 0, [0])?.errorCode).toBe(0);
    expect(controls.partition('orders')).toMatchObject({ leader: 1, leaderEpoch: 2 });
    expect(elect(controls, 0, [0])?.errorCode).toBe(ErrorCode.ELECTION_NOT_NEEDED);
  });

  test('for all partitions leaves out those that need none', () => {
    const controls = started();
    controls.topic('balanced', [1]);
    const { response } = electLeaders(controls, { electionType: 0, topicPartitions: null, timeoutMs: 0 });
    expect(response.replicaElectionResults).toEqual([
      {
        topic: 'orders',
        partitionResult: [{ partitionId: 0, errorCode: ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE, errorMessage: null }],
      },
      { topic: 'balanced', partitionResult: [] },
    ]);
  });

  test('unclean gives a partition without leader to whoever is there', () => {
    const controls = started();
    expect(elect(controls, 1, [0])?.errorCode).toBe(ErrorCode.ELECTION_NOT_NEEDED);
    controls.beat(2, { wantFence: true });
    expect(controls.partition('orders')).toMatchObject({ leader: -1, isr: [2] });
    expect(elect(controls, 1, [0])?.errorCode).toBe(0);
    expect(controls.partition('orders')).toMatchObject({ leader: 1, isr: [1], leaderRecoveryState: 1 });
  });

  test('of what is not there is refused', () => {
    const controls = started();
    expect(elect(controls, 0, [3])).toMatchObject({ errorMessage: 'No such partition as orders-3' });
    expect(elect(controls, 0, [0], 'nope')).toMatchObject({ errorMessage: 'No such topic as nope' });
    const refusal = refusalOf(() => electLeaders(controls, { electionType: 2, topicPartitions: null, timeoutMs: 0 }));
    expect(refusal).toEqual({ code: ErrorCode.INVALID_REQUEST, message: 'Unknown election type 2' });
  });

  test('by itself the controller balances leaders, and elects unclean only where the topic allows it', () => {
    const controls = started();
    expect(balanceLeaders(controls).records).toEqual([]);
    controls.beat(2, { wantFence: true });
    expect(electUncleanLeaders(controls).records).toEqual([]);
    const configs = [{ name: 'unclean.leader.election.enable', configOperation: 0, value: 'true' }];
    const resources = [{ resourceType: 2, resourceName: 'orders', configs }];
    controls.commit(incrementalAlterConfigs(controls, { resources, validateOnly: false }));
    expect(controls.commit(electUncleanLeaders(controls))).toBe(false);
    expect(controls.partition('orders').leader).toBe(1);
  });
});

describe('AssignReplicasToDirs', () => {
  test('notes where a replica lies, and takes it out of the ISR when that is offline', () => {
    const controls = new TestControls();
    const [a, b] = [directoryOfBroker(1, 0), directoryOfBroker(1, 1)];
    controls.register(1, { logDirs: [a, b] });
    controls.beat(1);
    controls.start(2);
    const topicId = controls.topic('orders', [1, 2]);
    const assign = (id: string, topic = topicId, partitionIndex = 0, brokerId = 1) => {
      const directories = [{ id, topics: [{ topicId: topic, partitions: [{ partitionIndex }] }] }];
      const request = { brokerId, brokerEpoch: controls.epochOf(brokerId), directories };
      return controls.commit(assignReplicasToDirs(controls, request)).directories[0]?.topics[0]?.partitions[0]
        ?.errorCode;
    };
    expect(assign(b)).toBe(0);
    expect(controls.partition('orders').directories).toEqual([b, directoryOfBroker(2)]);
    expect(assign(directoryOfBroker(1, 2))).toBe(0);
    expect(controls.partition('orders')).toMatchObject({
      isr: [2],
      leader: 2,
      directories: [directoryOfBroker(1, 2), directoryOfBroker(2)],
    });
    expect(assign(a, 'dW5rbm93bi10b3BpYy1pZA')).toBe(ErrorCode.UNKNOWN_TOPIC_ID);
    expect(assign(a, topicId, 5)).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    controls.register(3, { incarnationId: incarnation(3) });
    expect(assign(directoryOfBroker(3), topicId, 0, 3)).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  });
});
