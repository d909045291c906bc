import { SimRandom } from './random';
import { assertDrains, createDrain, inMacrotask, run, runAwaiting } from './runner';
import { Scheduler } from './scheduler';
import { Trace } from './trace';

describe('the scheduler', () => {
  test('runs events by time, and those of one time in the order in which they were queued', () => {
    const scheduler = new Scheduler();
    const owner = scheduler.createOwner('world');
    const random = new SimRandom('order');
    const ran: { atMs: number; index: number }[] = [];
    const delays = Array.from({ length: 5000 }, () => random.below(50));
    delays.forEach((delayMs, index) => scheduler.at(delayMs, owner, () => ran.push({ atMs: scheduler.nowMs, index })));
    expect(run(scheduler, {})).toBe('idle');
    const expected = delays.map((atMs, index) => ({ atMs, index })).sort((a, b) => a.atMs - b.atMs || a.index - b.index);
    expect(ran).toEqual(expected);
  });

  test('cancels what has not run, and only that', () => {
    const scheduler = new Scheduler();
    const owner = scheduler.createOwner('world');
    const random = new SimRandom('cancel');
    const ran = new Set<number>();
    const ids = Array.from({ length: 2000 }, (_, index) => scheduler.at(random.below(100), owner, () => ran.add(index)));
    const cancelled = ids.map((id) => (random.chance(0.5) ? scheduler.cancel(id) : false));
    run(scheduler, {});
    cancelled.forEach((wasCancelled, index) => expect(ran.has(index)).toBe(!wasCancelled));
    expect(ids.some((id) => scheduler.cancel(id))).toBe(false);
  });

  test('an id does not cancel a later event that took its slot', () => {
    const scheduler = new Scheduler();
    const owner = scheduler.createOwner('world');
    const first = scheduler.at(1, owner, () => {});
    scheduler.step();
    let ran = false;
    scheduler.at(1, owner, () => (ran = true));
    expect(scheduler.cancel(first)).toBe(false);
    scheduler.step();
    expect(ran).toBe(true);
  });

  test('a killed owner never runs again, and a paused one runs its timers first when it resumes', () => {
    const scheduler = new Scheduler();
    const dead = scheduler.createOwner('dead');
    const paused = scheduler.createOwner('paused');
    const ran: string[] = [];
    scheduler.at(1, dead, () => ran.push('dead'));
    scheduler.at(1, paused, () => ran.push('input 1'));
    scheduler.at(2, paused, () => ran.push('input 2'));
    scheduler.timer(3, paused, () => ran.push('timer'));
    scheduler.kill(dead);
    scheduler.pause(paused);
    expect(scheduler.at(1, dead, () => ran.push('dead'))).toBe(0);
    run(scheduler, { untilMs: 10 });
    expect(ran).toEqual([]);
    scheduler.resume(paused);
    run(scheduler, {});
    expect(ran).toEqual(['timer', 'input 1', 'input 2']);
    expect(scheduler.nowMs).toBe(10);
  });

  test('a parked event can still be cancelled', () => {
    const scheduler = new Scheduler();
    const owner = scheduler.createOwner('paused');
    let ran = false;
    const id = scheduler.timer(1, owner, () => (ran = true));
    scheduler.pause(owner);
    run(scheduler, { untilMs: 5 });
    expect(scheduler.cancel(id)).toBe(true);
    scheduler.resume(owner);
    run(scheduler, {});
    expect(ran).toBe(false);
  });

  test('a busy owner sees later time, and its events wait while others run', () => {
    const scheduler = new Scheduler();
    const slow = scheduler.createOwner('slow');
    const other = scheduler.createOwner('other');
    const ran: string[] = [];
    scheduler.at(1, slow, () => {
      scheduler.spend(slow, 100);
      ran.push(`slow sees ${scheduler.timeOf(slow)}`);
      scheduler.at(0, slow, () => ran.push(`later at ${scheduler.nowMs}`));
    });
    scheduler.at(2, slow, () => ran.push(`second at ${scheduler.nowMs}`));
    scheduler.at(3, other, () => ran.push(`other at ${scheduler.nowMs}`));
    run(scheduler, {});
    expect(ran).toEqual(['slow sees 101', 'other at 3', 'second at 101', 'later at 101']);
  });

  test('while the clock is held only events of now run', async () => {
    const scheduler = new Scheduler({ drain: createDrain() });
    const owner = scheduler.createOwner('world');
    const ran: string[] = [];
    const release = scheduler.holdClock();
    scheduler.at(0, owner, () => ran.push('now'));
    scheduler.at(1, owner, () => ran.push('later'));
    setImmediate(() => setImmediate(() => setImmediate(() => scheduler.at(0, owner, () => (ran.push('real work'), release())))));
    expect(run(scheduler, {})).toBe('held');
    expect(ran).toEqual(['now']);
    expect(await runAwaiting(scheduler, {})).toBe('idle');
    expect(ran).toEqual(['now', 'real work', 'later']);
  });

  test('microtasks run between events', async () => {
    const scheduler = new Scheduler({ drain: createDrain() });
    const owner = scheduler.createOwner('world');
    const ran: string[] = [];
    for (const name of ['a', 'b']) {
      scheduler.at(1, owner, () => {
        const more = async (): Promise<void> => {
          ran.push(`${name}1`);
          await null;
          ran.push(`${name}2`);
          await new Promise<void>((resolve) => process.nextTick(resolve));
          ran.push(`${name}3`);
        };
        void more();
      });
    }
    await runAwaiting(scheduler, {});
    expect(ran).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'b3']);
  });

  test('the probe finds a drain that does nothing', async () => {
    const drain = createDrain();
    await inMacrotask(() => assertDrains(drain));
    await Promise.resolve();
    expect(() => assertDrains(drain)).toThrow('from a macrotask');
  });

  test('a thrown error of a live owner is reported, one of a dead owner is not', () => {
    const failures: string[] = [];
    const scheduler = new Scheduler({ threw: (owner, error) => failures.push(`${owner.name}: ${String(error)}`) });
    const live = scheduler.createOwner('live');
    const dying = scheduler.createOwner('dying');
    scheduler.at(1, live, () => {
      throw new Error('a bug');
    });
    scheduler.at(1, dying, () => {
      scheduler.kill(dying);
      throw new Error('a fiction');
    });
    run(scheduler, {});
    expect(failures).toEqual(['live: Error: a bug']);
  });

  test('the trace tells runs of different seeds apart, and runs of one seed are equal', () => {
    const once = (seed: number): string => {
      const trace = new Trace();
      const scheduler = new Scheduler({ trace });
      const owner = scheduler.createOwner('world');
      const random = new SimRandom(`${seed}`);
      const again = (): void => {
        if (scheduler.executed < 500) scheduler.at(random.fraction(), owner, again);
      };
      again();
      again();
      run(scheduler, {});
      return trace.hash;
    };
    expect(once(1)).toBe(once(1));
    expect(once(1)).not.toBe(once(2));
  });

  test('runs a million events in under four CPU seconds', () => {
    const scheduler = new Scheduler({ trace: new Trace() });
    const owner = scheduler.createOwner('world');
    const random = new SimRandom('speed');
    const again = (): void => void scheduler.at(random.fraction() * 10, owner, again);
    for (let i = 0; i < 1000; i++) again();
    const start = process.cpuUsage();
    while (scheduler.executed < 1_000_000) scheduler.step();
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(4000);
  });
});

describe('seeded chance', () => {
  test('gives the same stream for the same name, and another for another', () => {
    const draw = (name: string): number[] => {
      const random = new SimRandom(name);
      return Array.from({ length: 20 }, () => random.below(1000));
    };
    expect(draw('a')).toEqual(draw('a'));
    expect(draw('a')).not.toEqual(draw('b'));
  });

  test('is spread evenly enough', () => {
    const random = new SimRandom('even');
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) counts[random.below(10)]!++;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
    expect(random.below(1)).toBe(0);
    expect(random.below(2 ** 53 - 1)).toBeLessThan(2 ** 53 - 1);
  });
});
