import { Purgatory, type DelayedOperation } from '../../../wire/base/purgatory';

/** Timers that fire when told to. */
class ManualTimers {
  private readonly pending: { run: () => void; cancelled: boolean }[] = [];
  set(_delayMs: number, run: () => void): { cancel(): void } {
    const timer = { run, cancelled: false };
    this.pending.push(timer);
    return { cancel: () => void (timer.cancelled = true) };
  }
  soon(run: () => void): void {
    run();
  }
  fireAll(): void {
    for (const timer of this.pending.splice(0)) if (!timer.cancelled) timer.run();
  }
}

class Operation implements DelayedOperation {
  ended: string[] = [];
  breaksWith: Error | null = null;
  constructor(public isReady = false) {}
  tryComplete(): boolean {
    if (this.breaksWith !== null) throw this.breaksWith;
    if (this.isReady) this.ended.push('completed');
    return this.isReady;
  }
  expire(): void {
    if (this.breaksWith !== null) throw this.breaksWith;
    this.ended.push('expired');
  }
  failed(error: unknown): void {
    this.ended.push((error as Error).message);
  }
}

describe('the purgatory', () => {
  test('ends an operation at once when it can end', () => {
    const operation = new Operation(true);
    const purgatory = new Purgatory(new ManualTimers(), 10);
    purgatory.tryCompleteElseWatch(operation, ['a'], 100);
    expect([operation.ended, purgatory.size]).toEqual([['completed'], 0]);
  });

  test('wakes it by any of its keys, once, and forgets its timer', () => {
    const timers = new ManualTimers();
    const purgatory = new Purgatory(timers, 10);
    const operation = new Operation();
    purgatory.tryCompleteElseWatch(operation, ['a', 'b'], 100);
    purgatory.check('a');
    expect(operation.ended).toEqual([]);
    operation.isReady = true;
    purgatory.check('c');
    expect(operation.ended).toEqual([]);
    purgatory.check('b');
    purgatory.check('a');
    timers.fireAll();
    expect([operation.ended, purgatory.size]).toEqual([['completed'], 0]);
  });

  test('expires it when its time has run out, and all of them when it is closed', () => {
    const timers = new ManualTimers();
    const purgatory = new Purgatory(timers, 10);
    const late = new Operation();
    purgatory.tryCompleteElseWatch(late, ['a'], 100);
    timers.fireAll();
    const other = new Operation();
    purgatory.tryCompleteElseWatch(other, ['a', 'b'], 100);
    purgatory.close();
    timers.fireAll();
    expect([late.ended, other.ended, purgatory.size]).toEqual([['expired'], ['expired'], 0]);
  });

  test('lets nothing more wait beyond its bound', () => {
    const purgatory = new Purgatory(new ManualTimers(), 1);
    purgatory.tryCompleteElseWatch(new Operation(), ['a'], 100);
    const second = new Operation();
    purgatory.tryCompleteElseWatch(second, ['a'], 100);
    expect([second.ended, purgatory.size]).toEqual([['expired'], 1]);
  });

  test('forgets an operation that its client has given up', () => {
    const purgatory = new Purgatory(new ManualTimers(), 10);
    const operation = new Operation();
    const forget = purgatory.tryCompleteElseWatch(operation, ['a'], 100);
    forget?.();
    operation.isReady = true;
    purgatory.check('a');
    expect([operation.ended, purgatory.size]).toEqual([[], 0]);
  });

  test('has nothing to forget of an operation that ended at once', () => {
    const purgatory = new Purgatory(new ManualTimers(), 0);
    expect(purgatory.tryCompleteElseWatch(new Operation(true), ['a'], 100)).toBeNull();
    expect(purgatory.tryCompleteElseWatch(new Operation(), ['a'], 100)).toBeNull();
  });

  test('lets an operation that breaks end by itself, without harm to those beside it or to who woke it', () => {
    const timers = new ManualTimers();
    const purgatory = new Purgatory(timers, 10);
    const [woken, other, expiring] = [new Operation(), new Operation(), new Operation()];
    purgatory.tryCompleteElseWatch(woken, ['a'], 100);
    purgatory.tryCompleteElseWatch(other, ['a'], 100);
    woken.breaksWith = new Error('broken');
    other.isReady = true;
    purgatory.check('a');
    expect([woken.ended, other.ended, purgatory.size]).toEqual([['broken'], ['completed'], 0]);
    purgatory.tryCompleteElseWatch(expiring, ['a'], 100);
    expiring.breaksWith = new Error('late');
    timers.fireAll();
    expect([expiring.ended, purgatory.size]).toEqual([['late'], 0]);
  });

  test('lets nothing wait once it is closed', () => {
    const purgatory = new Purgatory(new ManualTimers(), 10);
    purgatory.close();
    const operation = new Operation();
    purgatory.tryCompleteElseWatch(operation, ['a'], 100);
    expect([operation.ended, purgatory.size]).toEqual([['expired'], 0]);
  });
});
