import { TimerQueue } from '../../../src/coordinator/timer-queue';
import { ManualEnv } from './manual-env';

function stage() {
  const env = new ManualEnv();
  const fired: string[] = [];
  let then: (name: string) => void = () => undefined;
  const queue = new TimerQueue<string>(env.clock, env.timers, (name) => {
    fired.push(`${name}@${env.elapsedMs}`);
    then(name);
  });
  return { env, queue, fired, onFire: (run: (name: string) => void) => void (then = run) };
}

describe('keyed timers', () => {
  test('run in the order of their deadlines, and of being set', () => {
    const { env, queue, fired } = stage();
    queue.set('b', 20, 'b');
    queue.set('a', 10, 'a');
    queue.set('c', 20, 'c');
    env.pass(100);
    expect(fired).toEqual(['a@10', 'b@20', 'c@20']);
    expect(queue.size).toBe(0);
  });

  test('need one timer of the environment for all', () => {
    const { env, queue } = stage();
    for (let i = 0; i < 1000; i++) queue.set(`k${i}`, 1000 - i, 'x');
    expect(env.timersSet).toBe(1);
    queue.clear();
    expect(env.timersSet).toBe(0);
  });

  test('are replaced by setting their key again, later or earlier', () => {
    const { env, queue, fired } = stage();
    queue.set('a', 10, 'a1');
    queue.set('a', 30, 'a2');
    queue.set('b', 30, 'b1');
    queue.set('b', 10, 'b2');
    env.pass(100);
    expect(fired).toEqual(['b2@10', 'a2@30']);
  });

  test('that are moved back and meet another run after it', () => {
    const { env, queue, fired } = stage();
    queue.set('a', 10, 'a');
    queue.set('b', 20, 'b');
    queue.set('a', 20, 'a');
    env.pass(20);
    expect(fired).toEqual(['b@20', 'a@20']);
  });

  test('do not run once cancelled, also by one that is due at the same time', () => {
    const { env, queue, fired, onFire } = stage();
    queue.set('a', 10, 'a');
    queue.set('b', 10, 'b');
    queue.set('c', 5, 'c');
    queue.cancel('c');
    queue.cancel('nothing');
    onFire(() => queue.cancel('b'));
    env.pass(100);
    expect(fired).toEqual(['a@10']);
  });

  test('set without delay while others run wait for a turn of their own', () => {
    const { env, queue, fired, onFire } = stage();
    let rounds = 0;
    onFire((name) => {
      if (name === 'again' && rounds++ < 3) queue.set('again', 0, 'again');
    });
    queue.set('again', 10, 'again');
    queue.set('other', 10, 'other');
    env.pass(10);
    expect(fired).toEqual(['again@10', 'other@10', 'again@10', 'again@10', 'again@10']);
  });

  test('behave like a plain map of deadlines, whatever is set and cancelled', () => {
    const { env, queue, fired } = stage();
    const model = new Map<string, number>();
    const expected: string[] = [];
    let seed = 1;
    const below = (limit: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % limit;
    };
    for (let round = 0; round < 3000; round++) {
      const key = `k${below(40)}`;
      if (below(4) === 0) {
        queue.cancel(key);
        model.delete(key);
      } else {
        const delayMs = 1 + below(200);
        queue.set(key, delayMs, key);
        model.set(key, env.elapsedMs + delayMs);
      }
      env.pass(below(5));
      for (const [name, atMs] of [...model].sort((a, b) => a[1] - b[1])) {
        if (atMs > env.elapsedMs) continue;
        expected.push(`${name}@${atMs}`);
        model.delete(name);
      }
      expect([...fired].sort()).toEqual([...expected].sort());
      expect(queue.size).toBe(model.size);
      fired.length = 0;
      expected.length = 0;
    }
  });
});
