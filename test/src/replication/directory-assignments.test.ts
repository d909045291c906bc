import { LOST_DIRECTORY, UNASSIGNED_DIRECTORY } from '../../../controller/metadata/directory-id';
import type { ControllerChannel } from '../../../src/controller-channel';
import { DirectoryAssignments } from '../../../src/replication/directory-assignments';
import { ErrorCode } from '../../../wire/base/error-codes';
import { ExchangeError } from '../../../wire/client-connection';
import type { AssignReplicasToDirsRequest, AssignReplicasToDirsResponse } from '../../../wire/schema/replica';

type Answer = (result: AssignReplicasToDirsResponse | ExchangeError) => void;

function scene(hasSeveralDirectories = false) {
  const turns: (() => void)[] = [];
  const timers: (() => void)[] = [];
  const calls: { request: AssignReplicasToDirsRequest; answer: Answer }[] = [];
  const channel: ControllerChannel = {
    call: (_api, request, _timeoutMs, done) => void calls.push({ request: request as unknown as AssignReplicasToDirsRequest, answer: done as Answer }),
  };
  const logger = { child: () => logger, debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  let brokerEpoch = 71;
  const directories = new DirectoryAssignments({
    logger,
    channel,
    brokerId: 1,
    hasSeveralDirectories,
    brokerEpoch: () => brokerEpoch,
    timers: {
      soon: (run) => void turns.push(run),
      set: (_, run) => {
        timers.push(run);
        return { cancel: () => void timers.splice(timers.indexOf(run), 1) };
      },
    },
  });
  const run = (from: (() => void)[]): void => from.splice(0).forEach((one) => one());
  return {
    directories,
    calls,
    timers,
    setEpoch: (epoch: number) => (brokerEpoch = epoch),
    turn: () => run(turns),
    retry: () => run(timers),
    last: () => calls.at(-1)!,
  };
}

function answer(request: AssignReplicasToDirsRequest, codeOf: (partition: number) => number = () => ErrorCode.NONE): AssignReplicasToDirsResponse {
  const directories = request.directories.map(({ id, topics }) => ({
    id,
    topics: topics.map(({ topicId, partitions }) => ({
      topicId,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: codeOf(partitionIndex) })),
    })),
  }));
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, directories };
}

describe('directories of replicas', () => {
  test('are told of what is unassigned, too, by a broker that has several', () => {
    const { directories, calls, turn, last } = scene(true);
    directories.placed('T', 2, UNASSIGNED_DIRECTORY, 'new');
    turn();
    expect(calls).toHaveLength(1);
    expect(last().request.directories).toEqual([{ id: 'new', topics: [{ topicId: 'T', partitions: [{ partitionIndex: 2 }] }] }]);
  });

  test('are told where the metadata has another one', () => {
    const { directories, calls, turn, timers } = scene();
    directories.placed('T', 0, 'old', 'new');
    directories.placed('T', 1, 'new', 'new');
    directories.placed('T', 2, UNASSIGNED_DIRECTORY, 'new');
    directories.placed('U', 3, LOST_DIRECTORY, 'new');
    turn();
    const topics = [
      { topicId: 'T', partitions: [{ partitionIndex: 0 }] },
      { topicId: 'U', partitions: [{ partitionIndex: 3 }] },
    ];
    expect(calls.map(({ request }) => request)).toEqual([{ brokerId: 1, brokerEpoch: 71, directories: [{ id: 'new', topics }] }]);
    calls[0]!.answer(answer(calls[0]!.request));
    turn();
    expect([calls.length, timers.length]).toEqual([1, 0]);
  });

  test('are told again after a failure, without those that the metadata knows by then', () => {
    const { directories, calls, turn, retry, last } = scene();
    for (const partition of [0, 1, 2]) directories.placed('T', partition, 'old', 'new');
    turn();
    last().answer(new ExchangeError('timeout', 'nobody leads'));
    directories.placed('T', 0, 'new', 'new');
    retry();
    last().answer(answer(last().request, (partition) => (partition === 1 ? ErrorCode.UNKNOWN_SERVER_ERROR : ErrorCode.UNKNOWN_TOPIC_ID)));
    retry();
    const named = calls.map(({ request }) => request.directories[0]!.topics[0]!.partitions.map(({ partitionIndex }) => partitionIndex));
    expect(named).toEqual([[0, 1, 2], [1, 2], [1]]);
  });

  test('wait for the registration, and for nothing after the end', () => {
    const { directories, calls, turn, retry, timers, setEpoch } = scene();
    setEpoch(-1);
    directories.placed('T', 0, 'old', 'new');
    turn();
    expect(calls).toEqual([]);
    setEpoch(72);
    retry();
    expect(calls.map(({ request }) => request.brokerEpoch)).toEqual([72]);
    directories.close();
    calls[0]!.answer(new ExchangeError('timeout', 'nobody leads'));
    expect(timers).toEqual([]);
  });
});
