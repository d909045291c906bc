import { createCrc32c } from './crc32c';
import { inMacrotask } from './runner';
import { SimWorld } from './world';

/** Runs a test body where the microtask drain works. */
const simulated = (body: () => void) => (): Promise<void> => inMacrotask(body);

describe('a simulated world', () => {
  test(
    'gives each process a clock of its own, whose wall time can be stepped',
    simulated(() => {
      const world = new SimWorld({ seed: 1 });
      const seen: number[][] = [];
      const main = (env: { clock: { wallMs(): number; monotonicMs(): number }; timers: { set(ms: number, run: () => void): unknown } }): void => {
        const note = (): void => void seen.push([env.clock.wallMs(), env.clock.monotonicMs()]);
        note();
        env.timers.set(1000, note);
        env.timers.set(2000, note);
      };
      world.start(world.host('a'), 'p', main);
      world.start(world.host('b'), 'q', main);
      world.run({ untilMs: 1500 });
      world.host('a').wall.offsetMs = -3_600_000;
      world.run();
      const [p0, q0, p1, q1, p2, q2] = seen as [number[], number[], number[], number[], number[], number[]];
      expect(p0[1]).not.toBe(q0[1]);
      expect(p1[0]! - p0[0]!).toBe(1000);
      expect(p2[0]! - p1[0]!).toBe(1000 - 3_600_000);
      expect(p2[1]! - p1[1]!).toBeCloseTo(1000);
      expect(q2[0]! - q1[0]!).toBe(1000);
    }),
  );

  test(
    'draws from a stream per concern and life, so that an extra draw moves no other',
    simulated(() => {
      const draw = (extra: boolean): number[] => {
        const world = new SimWorld({ seed: 7 });
        const drawn: number[] = [];
        const life = (): void => {
          world.start(world.host('a'), 'p', (env) => {
            if (extra) env.random('other').below(10);
            drawn.push(env.random('mine').below(1_000_000), env.random('mine').below(1_000_000));
          });
          world.run();
          world.kill('p');
        };
        life();
        life();
        return drawn;
      };
      const drawn = draw(false);
      expect(draw(true)).toEqual(drawn);
      expect(new Set(drawn).size).toBe(4);
    }),
  );

  test(
    'runs side jobs on copies and answers later; what a job throws is its result',
    simulated(() => {
      const input = new Uint8Array([1, 2]);
      const jobs = {
        double: (bytes: Uint8Array) => bytes.map((byte) => byte * 2),
        fail: () => {
          throw new Error('no');
        },
      };
      const world = new SimWorld({ seed: 1, jobs });
      const results: unknown[] = [];
      world.start(world.host('a'), 'p', (env) => {
        env.workers.run('double', input, (result) => results.push(result));
        env.workers.run('fail', input, (result) => results.push((result as Error).message));
        env.workers.run('unknown', input, (result) => results.push((result as Error).message));
        results.push('first');
        input.fill(9);
      });
      world.run();
      expect(results[0]).toBe('first');
      expect(results).toHaveLength(4);
      expect(results).toContainEqual(new Uint8Array([2, 4]));
      expect(results).toContain('no');
      expect(results).toContain('no such job: unknown');
    }),
  );

  test(
    'ends a process that exits, and keeps what it logged',
    simulated(() => {
      const world = new SimWorld({ seed: 1, maxLogLines: 2 });
      const after: string[] = [];
      const running = world.start(world.host('a'), 'p', async (env) => {
        env.logger.info('one');
        env.logger.child('raft').warn('two', { offset: 3 });
        env.logger.error('three');
        env.timers.set(10, () => after.push('timer'));
        await Promise.resolve();
        env.process.exit(3, 'enough');
      });
      world.run();
      expect(running.process).toMatchObject({ state: 'exited', exitCode: 3, exitWhy: 'enough' });
      expect(after).toEqual([]);
      expect(running.log.all().map((line) => line.message)).toEqual(['two', 'three']);
      expect(running.log.text()).toContain('warn raft: two {"offset":3}');
    }),
  );

  test(
    'takes an error that nobody caught for a violation that ends the process',
    simulated(() => {
      for (const main of [
        () => {
          throw new Error('synchronous bug');
        },
        async () => {
          await null;
          throw new Error('asynchronous bug');
        },
      ]) {
        const world = new SimWorld({ seed: 1 });
        const running = world.start(world.host('a'), 'p', main);
        expect(() => world.run()).toThrow('chronous bug');
        expect(running.process.state).toBe('crashed');
      }
    }),
  );

  test(
    'does not start a second life beside the first, nor on a machine without power',
    simulated(() => {
      const world = new SimWorld({ seed: 1 });
      world.start(world.host('a'), 'p', () => {});
      expect(() => world.start(world.host('a'), 'p', () => {})).toThrow('still running');
      world.powerLoss(world.host('a'));
      expect(() => world.start(world.host('a'), 'p', () => {})).toThrow('no power');
      world.powerOn(world.host('a'));
      expect(world.start(world.host('a'), 'p', () => {}).process.incarnation).toBe(2);
    }),
  );

  test(
    'finds a process that calls its ports without end in one turn',
    simulated(() => {
      const world = new SimWorld({ seed: 1 });
      world.start(world.host('a'), 'p', (env) => {
        while (env.disk.statSync('/never') === null);
      });
      expect(() => world.run()).toThrow('in one turn');
    }),
  );

  test('cannot be run from a microtask', async () => {
    const world = new SimWorld({ seed: 1 });
    await Promise.resolve();
    expect(() => world.run()).toThrow('from a macrotask');
    expect(await world.runAwaiting()).toBe('idle');
  });
});

describe('crc32c in plain JavaScript', () => {
  test('gives the known checksums', () => {
    const crc32c = createCrc32c();
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(new Uint8Array(0))).toBe(0);
  });
});
