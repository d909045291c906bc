/** One partition of a coordinator: batches, the high watermark, failures, timeouts. */
import { CoordinatorShard } from '../../../src/coordinator/coordinator-shard';
import type { RuntimeConfig } from '../../../src/coordinator/shard-machine';
import { errorName } from '../../../wire/base/error-codes';
import { BatchView } from '../../../wire/record/batch';
import { decodeRecords, encodeBatch } from '../../../wire/record/records';
import { ManualEnv } from './manual-env';
import { MemoryLog } from './memory-log';
import { toyCodec, ToyMachine, type ToyRequest } from './toy-machine';

class Stage {
  readonly env = new ManualEnv();
  readonly machines: ToyMachine[] = [];
  readonly answers: string[] = [];
  readonly shard: CoordinatorShard<ToyRequest, string, number, string>;
  private names = 0;

  constructor(
    readonly log = new MemoryLog(),
    config: Partial<RuntimeConfig> = {},
  ) {
    const whole = { writeTimeoutMs: 5_000, appendLingerMs: -1, loadBufferBytes: 1 << 20, compression: 0, ...config };
    this.shard = new CoordinatorShard(0, this.env, whole, toyCodec, log, () => {
      this.machines.push(new ToyMachine());
      return this.machine;
    });
    this.shard.load();
    this.env.turn();
  }

  get machine(): ToyMachine {
    return this.machines.at(-1) as ToyMachine;
  }

  ask(request: ToyRequest, then: () => void = () => undefined): void {
    const name = ++this.names;
    this.shard.submit(request, {
      respond: (response) => {
        this.answers.push(`${name}: ${response}`);
        then();
      },
      fail: (errorCode) => this.answers.push(`${name}: ${errorName(errorCode)}`),
    });
  }

  add(...values: string[]): void {
    this.ask({ kind: 'add', values });
  }

  marker(producerId: number): void {
    const marker = { producerId, producerEpoch: 3, coordinatorEpoch: 8, committed: true };
    this.shard.completeTransaction(marker, (errorCode) => this.answers.push(`marker: ${errorName(errorCode)}`));
  }

  /** The values of each batch in the log. */
  get batches(): string[] {
    return this.log.batches.map((bytes) =>
      decodeRecords(new BatchView(bytes))
        .map(({ value }) => new TextDecoder().decode(value ?? undefined))
        .join(' '),
    );
  }
}

describe('writes', () => {
  test('of one turn share a batch', () => {
    const stage = new Stage();
    stage.add('a');
    stage.add('b', 'c');
    expect(stage.batches).toEqual([]);
    expect(stage.machine.values).toEqual(['a', 'b', 'c']);
    stage.env.turn();
    stage.add('d');
    stage.env.turn();
    expect(stage.batches).toEqual(['a b c', 'd']);
    expect(stage.answers).toEqual(['1: added 1', '2: added 2', '3: added 1']);
  });

  test('linger as long as they are told', () => {
    const stage = new Stage(new MemoryLog(), { appendLingerMs: 10 });
    stage.add('a');
    stage.env.pass(9);
    stage.add('b');
    expect(stage.batches).toEqual([]);
    stage.env.pass(1);
    expect(stage.batches).toEqual(['a b']);
  });

  test('do not linger at all when told so', () => {
    const stage = new Stage(new MemoryLog(), { appendLingerMs: 0 });
    stage.add('a');
    stage.add('b');
    expect(stage.batches).toEqual(['a', 'b']);
    expect(stage.answers).toEqual(['1: added 1', '2: added 1']);
  });

  test('are answered when the high watermark has passed them, those before it first', () => {
    const stage = new Stage();
    stage.log.holds = true;
    stage.add('a');
    stage.env.turn();
    stage.add('b');
    stage.env.turn();
    expect(stage.answers).toEqual([]);
    stage.log.highWatermark = 1;
    stage.shard.submit({ kind: 'peek' }, { respond: () => undefined, fail: () => undefined });
    stage.log.commit();
    expect(stage.answers).toEqual(['1: added 1', '2: added 1']);
  });

  test('that do not fit into the open batch begin a new one', () => {
    const stage = new Stage();
    stage.log.maxBatchBytes = 200;
    stage.add('a'.repeat(60));
    stage.add('b'.repeat(60));
    stage.env.turn();
    expect(stage.batches.map((values) => values[0])).toEqual(['a', 'b']);
  });

  test('that are too large for a batch are refused whole, and only they', () => {
    const stage = new Stage();
    stage.log.maxBatchBytes = 200;
    stage.add('small');
    stage.add('b'.repeat(80), 'c'.repeat(80));
    stage.add('small too');
    stage.env.turn();
    expect(stage.answers).toEqual(['2: UNKNOWN_SERVER_ERROR', '1: added 1', '3: added 1'].sort());
    expect(stage.machine.values).toEqual(['small', 'small too']);
  });

  test('that are too large but shrink enough are taken', () => {
    const stage = new Stage(new MemoryLog(), { compression: 1 });
    stage.log.maxBatchBytes = 200;
    stage.add('b'.repeat(5000));
    stage.env.turn();
    expect(stage.answers).toEqual(['1: added 1']);
  });

  test('that need not be atomic spread over batches', () => {
    const stage = new Stage();
    stage.log.maxBatchBytes = 200;
    stage.ask({ kind: 'add', values: ['a', 'b', 'c'].map((each) => each.repeat(60)), atomic: false });
    stage.env.turn();
    expect(stage.batches.map((values) => values[0])).toEqual(['a', 'b', 'c']);
    expect(stage.answers).toEqual(['1: added 3']);
  });

  test('of a transaction have a batch of their own with the producer, at once', () => {
    const stage = new Stage();
    stage.add('plain');
    stage.ask({ kind: 'add', values: ['x', 'y'], producerId: 7 });
    expect(stage.batches).toEqual(['plain', 'x y']);
    const view = new BatchView(stage.log.batches[1] as Uint8Array);
    expect(view).toMatchObject({ producerId: 7, producerEpoch: 3, baseSequence: 0, isTransactional: true });
    expect(stage.log.appended[1]).toEqual({ verificationGuard: 'guard', coordinatorEpoch: null });
    expect(stage.machine.replayed).toEqual(['plain@0', 'x@1 by 7', 'y@2 by 7']);
  });

  test('without records wait for those before them', () => {
    const stage = new Stage();
    stage.log.holds = true;
    stage.ask({ kind: 'peek' });
    stage.add('a');
    stage.ask({ kind: 'peek' });
    stage.env.turn();
    stage.ask({ kind: 'peek' });
    expect(stage.answers).toEqual(['1: ']);
    stage.log.commit();
    expect(stage.answers.slice(1)).toEqual(['2: added 1', '3: a', '4: a']);
  });
});

describe('a refused batch', () => {
  test('takes back what its records did, and fails whoever is in it', () => {
    const stage = new Stage();
    stage.add('a');
    stage.env.turn();
    stage.log.nextError = 6;
    stage.add('b');
    stage.add('c');
    stage.ask({ kind: 'guarded' });
    expect(stage.machine.values).toEqual(['a', 'b', 'c']);
    stage.env.turn();
    expect(stage.machine.values).toEqual(['a']);
    expect(stage.answers.slice(1)).toEqual(['2: NOT_COORDINATOR', '3: NOT_COORDINATOR', '4: NOT_COORDINATOR']);
    stage.add('d');
    stage.env.turn();
    expect(stage.machine.replayed.at(-1)).toBe('d@1');
  });

  test('tells the machine of soft state that it has to repair', () => {
    const stage = new Stage();
    stage.log.nextError = 19;
    stage.ask({ kind: 'soft', value: 's' });
    stage.env.turn();
    stage.ask({ kind: 'soft', value: 't' });
    stage.env.turn();
    expect(stage.machine.fates).toEqual(['loaded', 'failed 1 15', 'written 2']);
    expect(stage.answers).toEqual(['1: at once', '2: at once']);
  });

  test('fails the write that had it flushed, too', () => {
    const stage = new Stage();
    stage.log.maxBatchBytes = 200;
    stage.log.nextError = 19;
    stage.add('a'.repeat(60));
    stage.add('b'.repeat(60));
    expect(stage.answers.sort()).toEqual(['1: COORDINATOR_NOT_AVAILABLE', '2: COORDINATOR_NOT_AVAILABLE']);
    expect(stage.machine.values).toEqual([]);
  });
});

describe('a write that does not commit in time', () => {
  test('fails, while its records and state stay', () => {
    const stage = new Stage();
    stage.log.holds = true;
    stage.add('a');
    stage.ask({ kind: 'soft', value: 's' });
    stage.env.turn();
    stage.env.pass(4_999);
    expect(stage.answers).toEqual(['2: at once']);
    stage.env.pass(1);
    expect(stage.answers).toEqual(['2: at once', '1: COORDINATOR_NOT_AVAILABLE']);
    expect(stage.machine.fates).toEqual(['loaded', 'failed 1 15 stored']);
    stage.log.commit();
    expect(stage.machine.values).toEqual(['a']);
    expect(stage.machine.fates).toHaveLength(2);
  });

  test('does not hold up views of soft state for longer', () => {
    const stage = new Stage();
    stage.log.holds = true;
    stage.add('a');
    stage.ask({ kind: 'peek' });
    stage.env.turn();
    stage.env.pass(5_000);
    expect(stage.answers).toEqual(['1: COORDINATOR_NOT_AVAILABLE', '2: a']);
  });

  test('has its own time, whatever others are on their way', () => {
    const stage = new Stage();
    stage.log.holds = true;
    stage.add('a');
    stage.env.pass(3_000);
    stage.add('b');
    stage.env.pass(2_000);
    expect(stage.answers).toEqual(['1: COORDINATOR_NOT_AVAILABLE']);
    stage.env.pass(3_000);
    expect(stage.answers).toEqual(['1: COORDINATOR_NOT_AVAILABLE', '2: COORDINATOR_NOT_AVAILABLE']);
  });
});

describe('the end of a transaction', () => {
  test('comes after what was written before it, as a control batch', () => {
    const stage = new Stage();
    stage.add('a');
    stage.marker(7);
    expect(stage.machine.values).toEqual(['a', 'commit 7']);
    const view = new BatchView(stage.log.batches[1] as Uint8Array);
    expect(view).toMatchObject({
      producerId: 7,
      producerEpoch: 3,
      isControl: true,
      isTransactional: true,
      baseOffset: 1,
    });
    expect(stage.log.appended[1]).toEqual({ verificationGuard: null, coordinatorEpoch: 8 });
    expect(stage.answers).toEqual(['1: added 1', 'marker: NONE']);
  });

  test('is answered when it has committed', () => {
    const stage = new Stage();
    stage.log.holds = true;
    stage.marker(7);
    expect(stage.answers).toEqual([]);
    stage.log.commit();
    expect(stage.answers).toEqual(['marker: NONE']);
  });

  test('that is refused is taken back', () => {
    const stage = new Stage();
    stage.log.nextError = 6;
    stage.marker(7);
    expect(stage.machine.values).toEqual([]);
    expect(stage.answers).toEqual(['marker: NOT_COORDINATOR']);
  });

  test('does not happen when what comes before it is refused', () => {
    const stage = new Stage();
    stage.log.nextError = 6;
    stage.add('a');
    stage.marker(7);
    expect(stage.machine.values).toEqual([]);
    expect(stage.answers.sort()).toEqual(['1: NOT_COORDINATOR', 'marker: NOT_COORDINATOR']);
    expect(stage.batches).toEqual([]);
  });
});

describe('a log that goes its own way', () => {
  test('makes the shard load anew and fail everybody', () => {
    const stage = new Stage();
    stage.add('a');
    stage.env.turn();
    stage.log.nextBaseOffset = 17;
    stage.add('b');
    stage.ask({ kind: 'wait', delayMs: 1_000 });
    stage.env.turn();
    expect(stage.answers.slice(1).sort()).toEqual(['2: NOT_COORDINATOR', '3: NOT_COORDINATOR']);
    expect(stage.machines).toHaveLength(2);
    expect(stage.shard.state).toBe('ACTIVE');
    expect(stage.machine.values).toEqual(['a', 'b']);
  });
});

describe('requests', () => {
  test('are refused while the partition is loading, and when it could not be loaded', () => {
    const log = new MemoryLog();
    const stage = new Stage(log);
    stage.add('a');
    stage.env.turn();
    const again = new Stage(log);
    again.shard.load();
    again.ask({ kind: 'peek' });
    expect(again.answers).toEqual(['1: COORDINATOR_LOAD_IN_PROGRESS']);
    log.batches[0]?.fill(0, 30, 40);
    again.env.turn();
    const broken = new Stage(log);
    broken.ask({ kind: 'peek' });
    expect(broken.shard.state).toBe('FAILED');
    expect(broken.answers).toEqual(['1: NOT_COORDINATOR']);
  });

  test('made while another is answered come after it', () => {
    const stage = new Stage();
    stage.ask({ kind: 'peek' }, () => stage.ask({ kind: 'peek' }, () => stage.answers.push('innermost')));
    expect(stage.answers).toEqual(['1: ', '2: ', 'innermost']);
  });

  test('that are parked end with the shard, and its timers with them', () => {
    const stage = new Stage();
    stage.log.holds = true;
    stage.ask({ kind: 'wait', delayMs: 1_000 });
    stage.add('a');
    stage.env.turn();
    stage.add('open');
    stage.shard.close();
    stage.ask({ kind: 'peek' });
    expect(stage.answers.sort()).toEqual([1, 2, 3, 4].map((name) => `${name}: NOT_COORDINATOR`));
    expect(stage.machine.fates).toEqual(['loaded', 'unloaded']);
    stage.env.turn();
    expect(stage.env.timersSet).toBe(0);
    expect(stage.shard.openRequests).toBe(0);
    expect(stage.batches).toEqual(['a']);
  });

  test('that are parked wake by their timers', () => {
    const stage = new Stage();
    stage.ask({ kind: 'wait', delayMs: 1_000 });
    stage.env.pass(1_000);
    expect(stage.answers).toEqual(['1: woken']);
  });
});

describe('loading', () => {
  test('replays up to the log end offset, not only what has committed', () => {
    const log = new MemoryLog();
    const before = new Stage(log);
    before.add('a');
    before.env.turn();
    log.holds = true;
    before.add('b');
    before.env.turn();
    const stage = new Stage(log);
    expect(stage.machine.values).toEqual(['a', 'b']);
    stage.ask({ kind: 'peek' });
    expect(stage.answers).toEqual([]);
    log.commit();
    expect(stage.answers).toEqual(['1: a b']);
  });

  test('replays transactions with their producers, and their ends', () => {
    const log = new MemoryLog();
    const before = new Stage(log);
    before.ask({ kind: 'add', values: ['x'], producerId: 7 });
    before.marker(7);
    const stage = new Stage(log);
    expect(stage.machine.replayed).toEqual(['x@0 by 7']);
    expect(stage.machine.values).toEqual(['x', 'commit 7']);
  });

  test('leaves out records of a type that it does not know', () => {
    const log = new MemoryLog();
    const stage = new Stage();
    const records = [0, 9, 1].map((type, i) => ({
      key: new Uint8Array([0, type]),
      value: new TextEncoder().encode(`v${i}`),
      timestampMs: 0,
    }));
    log.append(encodeBatch({ records }, stage.env.crc32c), { verificationGuard: null, coordinatorEpoch: null });
    expect(new Stage(log).machine.values).toEqual(['v2']);
  });

  test('begins at the log start offset', () => {
    const log = new MemoryLog();
    const before = new Stage(log);
    before.add('a', 'b');
    before.env.turn();
    log.logStartOffset = 1;
    expect(new Stage(log).machine.values).toEqual(['b']);
  });

  test('takes many batches in many reads, a turn for each', () => {
    const log = new MemoryLog();
    const before = new Stage(log);
    for (let i = 0; i < 50; i++) {
      before.add(`v${i}`);
      before.env.turn();
    }
    const stage = new Stage(log, { loadBufferBytes: 200 });
    expect(stage.machine.values).toHaveLength(50);
  });

  test('takes what is appended meanwhile, too', () => {
    const log = new MemoryLog();
    const before = new Stage(log);
    before.add('a');
    before.env.turn();
    const stage = new Stage(log);
    stage.shard.load();
    before.add('b');
    before.env.turn();
    stage.env.turn();
    expect(stage.machine.values).toEqual(['a', 'b']);
    stage.add('c');
    stage.env.turn();
    expect(stage.machine.replayed.at(-1)).toBe('c@2');
  });

  test('ends where compaction took the last records', () => {
    const log = new MemoryLog();
    log.logEndOffset = 10;
    log.highWatermark = 10;
    const stage = new Stage(log);
    expect(stage.shard.state).toBe('ACTIVE');
  });

  test('fails when the log cannot be read', () => {
    const log = new MemoryLog();
    log.logEndOffset = 10;
    const { CoordinatorLogError } = jest.requireActual<typeof import('../../../src/coordinator/coordinator-log')>(
      '../../../src/coordinator/coordinator-log',
    );
    log.read = (_offset, _maxBytes, done) => done(new CoordinatorLogError(56, 'the disk is gone'));
    expect(new Stage(log).shard.state).toBe('FAILED');
  });

  test('is not held up by a slice that takes long: the rest waits for another turn', () => {
    const log = new MemoryLog();
    const before = new Stage(log);
    for (let i = 0; i < 30; i++) before.add(...Array.from({ length: 1_000 }, (_, j) => `${i}-${j}`));
    before.env.turn();
    const stage = new Stage(log);
    expect(stage.machine.values).toHaveLength(30_000);
    const slices: number[] = [];
    const late = new Stage(new MemoryLog());
    const clock = { ...late.env.clock, monotonicMs: () => (slices.push(1), slices.length * 3) };
    const slow = new CoordinatorShard(
      0,
      { clock, timers: late.env.timers, crc32c: late.env.crc32c, logger: late.env.logger },
      { writeTimeoutMs: 1, appendLingerMs: -1, loadBufferBytes: 1 << 20, compression: 0 },
      toyCodec,
      log,
      () => new ToyMachine(),
    );
    slow.load();
    late.env.turn();
    expect(slow.state).toBe('ACTIVE');
    expect(slices.length).toBeGreaterThan(100);
  });
});
