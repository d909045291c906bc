/** Elections and resignations, and who answers what. */
import { CoordinatorRuntime } from '../../../src/coordinator/runtime';
import { errorName } from '../../../wire/base/error-codes';
import { ManualEnv } from './manual-env';
import { MemoryLog } from './memory-log';
import { toyCodec, ToyMachine, type ToyRequest } from './toy-machine';

function stage() {
  const env = new ManualEnv();
  const answers: string[] = [];
  const machines: ToyMachine[] = [];
  const config = { writeTimeoutMs: 5_000, appendLingerMs: -1, loadBufferBytes: 1 << 20, compression: 0 };
  const runtime = new CoordinatorRuntime<ToyRequest, string, number, string>(env, config, toyCodec, () => {
    const machine = new ToyMachine();
    machines.push(machine);
    return machine;
  });
  const ask = (partition: number, request: ToyRequest = { kind: 'peek' }): void =>
    runtime.submit(partition, request, {
      respond: (response) => answers.push(response),
      fail: (errorCode) => answers.push(errorName(errorCode)),
    });
  return { env, runtime, machines, answers, ask };
}

describe('a coordinator', () => {
  test('is not available before it is started and after it is stopped', () => {
    const { runtime, ask, answers, env } = stage();
    ask(3);
    runtime.start(50);
    runtime.elected(3, 0, new MemoryLog());
    env.turn();
    ask(3, { kind: 'wait', delayMs: 1 });
    runtime.stop();
    ask(3);
    expect(answers).toEqual(['COORDINATOR_NOT_AVAILABLE', 'NOT_COORDINATOR', 'COORDINATOR_NOT_AVAILABLE']);
  });

  test('is another for partitions that are not led here', () => {
    const { runtime, ask, answers } = stage();
    runtime.start(50);
    ask(3);
    expect(answers).toEqual(['NOT_COORDINATOR']);
    expect(runtime.stateOf(3)).toBe('CLOSED');
  });

  test('knows the partition of a key once it has started', () => {
    const { runtime } = stage();
    expect(runtime.partitionOf('hello')).toBe(-1);
    runtime.start(50);
    expect(runtime.partitionOf('hello')).toBe(22);
  });
});

describe('an election', () => {
  test('loads the partition', () => {
    const { runtime, ask, answers, env } = stage();
    runtime.start(50);
    const log = new MemoryLog();
    runtime.elected(3, 0, log);
    expect(runtime.partitionsLed).toEqual([3]);
    env.turn();
    ask(3);
    expect(answers).toEqual(['']);
  });

  test('to a newer epoch keeps what is loaded; to an older one is nothing', () => {
    const { runtime, machines, env } = stage();
    runtime.start(50);
    const log = new MemoryLog();
    runtime.elected(3, 5, log);
    env.turn();
    runtime.elected(3, 6, log);
    runtime.elected(3, 4, log);
    env.turn();
    expect(machines).toHaveLength(1);
    runtime.resigned(3, 6);
    expect(runtime.stateOf(3)).toBe('ACTIVE');
    runtime.resigned(3, 7);
    expect(runtime.stateOf(3)).toBe('CLOSED');
  });

  test('to a newer epoch loads a failed partition again', () => {
    const { runtime, env } = stage();
    runtime.start(50);
    const log = new MemoryLog();
    const read = log.read.bind(log);
    log.logEndOffset = 1;
    log.read = (_offset, _maxBytes, done) => done(new Uint8Array([1, 2, 3]));
    runtime.elected(3, 5, log);
    env.turn();
    expect(runtime.stateOf(3)).toBe('FAILED');
    log.read = read;
    runtime.elected(3, 6, log);
    env.turn();
    expect(runtime.stateOf(3)).toBe('ACTIVE');
  });
});

test('a deleted partition is given up whatever the epoch', () => {
  const { runtime, env, ask, answers } = stage();
  runtime.start(50);
  runtime.elected(3, 5, new MemoryLog());
  env.turn();
  ask(3, { kind: 'wait', delayMs: 1 });
  runtime.resigned(3, null);
  runtime.resigned(3, null);
  expect(answers).toEqual(['NOT_COORDINATOR']);
});

test('a partition that is given up while it loads stops loading', () => {
  const { runtime, env, machines } = stage();
  runtime.start(50);
  const log = new MemoryLog();
  let done: (batches: Uint8Array) => void = () => undefined;
  log.logEndOffset = 1;
  log.read = (_offset, _maxBytes, then) => void (done = then);
  runtime.elected(3, 5, log);
  runtime.resigned(3, null);
  done(new Uint8Array(0));
  env.turn();
  expect(machines[0]?.fates).toEqual([]);
});
