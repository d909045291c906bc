import { AlterPartitionManager, type WaitingProposal } from '../../../src/replication/alter-partition-manager';
import type { IsrDecision } from '../../../src/replication/partition-core';
import type { ControllerChannel } from '../../../src/controller-channel';
import { ErrorCode } from '../../../wire/base/error-codes';
import { ExchangeError } from '../../../wire/client-connection';
import type { AlterPartitionRequest, AlterPartitionResponse } from '../../../wire/schema/replica';

type Answer = (result: AlterPartitionResponse | ExchangeError) => void;

function scene(version = 3) {
  const turns: (() => void)[] = [];
  const timers: { delayMs: number; run: () => void; isCancelled: boolean }[] = [];
  const calls: { request: AlterPartitionRequest; answer: Answer }[] = [];
  const channel: ControllerChannel = {
    call: (_api, request, _timeoutMs, done) => {
      const body = (typeof request === 'function' ? request(version) : request) as AlterPartitionRequest;
      calls.push({ request: body, answer: done as Answer });
    },
  };
  const logger = { child: () => logger, debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const manager = new AlterPartitionManager({
    logger,
    channel,
    brokerId: 1,
    brokerEpoch: () => 71,
    timers: {
      soon: (run) => void turns.push(run),
      set: (delayMs, run) => {
        const timer = { delayMs, run, isCancelled: false };
        timers.push(timer);
        return { cancel: () => (timer.isCancelled = true) };
      },
    },
  });
  const decisions: [number, number][] = [];
  const propose = (partition: number, more: Partial<WaitingProposal> = {}): void => {
    const isr = [1, 2].map((brokerId) => ({ brokerId, brokerEpoch: brokerId === 2 ? 72 : -1 }));
    manager.submit({
      topicId: 'T',
      partition,
      proposal: { kind: 'expand', leaderEpoch: 5, partitionEpoch: 9, isr },
      isCurrent: () => true,
      decided: ({ errorCode }: IsrDecision) => {
        decisions.push([partition, errorCode]);
        return 'done';
      },
      ...more,
    });
  };
  const turn = (): void => turns.splice(0).forEach((run) => run());
  const asked = (): number[][] => calls.map(({ request }) => request.topics.flatMap(({ partitions }) => partitions.map((p) => p.partitionIndex)));
  return { manager, calls, timers, decisions, propose, turn, asked };
}

function answer(partitions: readonly number[], errorCode: number = ErrorCode.NONE, topErrorCode: number = ErrorCode.NONE): AlterPartitionResponse {
  const answers = partitions.map((partitionIndex) => ({
    partitionIndex,
    errorCode,
    leaderId: 1,
    leaderEpoch: 5,
    isr: [1, 2],
    leaderRecoveryState: 0,
    partitionEpoch: 10,
  }));
  return { throttleTimeMs: 0, errorCode: topErrorCode, topics: [{ topicId: 'T', partitions: answers }] };
}

describe('proposals for the controller', () => {
  test('go together, one request at a time, with the epochs of the brokers', () => {
    const { calls, asked, decisions, propose, turn } = scene();
    propose(0);
    propose(1);
    turn();
    propose(2);
    turn();
    expect(asked()).toEqual([[0, 1]]);
    const [first] = calls[0]!.request.topics[0]!.partitions;
    expect(first).toMatchObject({ leaderEpoch: 5, partitionEpoch: 9, newIsr: [] });
    expect(first?.newIsrWithEpochs).toEqual([
      { brokerId: 1, brokerEpoch: 71 },
      { brokerId: 2, brokerEpoch: 72 },
    ]);
    calls[0]!.answer(answer([0, 1]));
    turn();
    expect(asked()).toEqual([[0, 1], [2]]);
    expect(decisions).toEqual([[0, 0], [1, 0]]);
  });

  test('are without epochs for a controller that knows none', () => {
    const { calls, propose, turn } = scene(2);
    propose(0);
    turn();
    expect(calls[0]?.request.topics[0]?.partitions[0]).toMatchObject({ newIsr: [1, 2], newIsrWithEpochs: [] });
  });

  test.each([
    ['there is no answer', new ExchangeError('timeout', 'nobody')],
    ['the whole request is refused', answer([], ErrorCode.NONE, ErrorCode.STALE_BROKER_EPOCH)],
  ])('are made again after 50 ms when %s', (_, result) => {
    const { calls, asked, timers, decisions, propose, turn } = scene();
    propose(0);
    turn();
    calls[0]!.answer(result);
    propose(1);
    turn();
    expect([asked(), timers.map(({ delayMs }) => delayMs)]).toEqual([[[0]], [50]]);
    timers[0]!.run();
    expect([asked(), decisions]).toEqual([[[0], [0, 1]], []]);
  });

  test('stay when the answer leaves them out', () => {
    const { calls, asked, decisions, propose, turn } = scene();
    propose(0);
    propose(1);
    turn();
    calls[0]!.answer(answer([1]));
    turn();
    expect([asked(), decisions]).toEqual([[[0, 1], [0]], [[1, 0]]]);
  });

  test('are made again after 50 ms when the partition asks for it, and only one request is out', () => {
    const { calls, asked, timers, propose, turn } = scene();
    propose(0, { decided: () => 'again' });
    turn();
    calls[0]!.answer(answer([0], ErrorCode.UNKNOWN_SERVER_ERROR));
    propose(1);
    turn();
    expect(asked()).toEqual([[0]]);
    timers[0]!.run();
    expect(asked()).toEqual([[0], [0, 1]]);
  });

  test('are forgotten when their leader does not stand by them any more', () => {
    const { asked, manager, propose, turn } = scene();
    let isCurrent = true;
    propose(0, { isCurrent: () => isCurrent });
    isCurrent = false;
    turn();
    expect([asked(), manager.waitingCount]).toEqual([[], 0]);
    propose(1);
    turn();
    expect(asked()).toEqual([[1]]);
  });

  test('end with the broker', () => {
    const { calls, asked, decisions, manager, propose, turn } = scene();
    propose(0);
    turn();
    manager.close();
    calls[0]!.answer(answer([0]));
    propose(1);
    turn();
    expect([asked(), decisions]).toEqual([[[0]], []]);
  });
});
