import { Fifo } from '../../../src/coordinator/fifo';

describe('a queue', () => {
  test('gives back in order, over many rounds', () => {
    const queue = new Fifo<number>();
    let next = 0;
    let expected = 0;
    for (let round = 0; round < 3000; round++) {
      for (let i = 0; i < round % 7; i++) queue.push(next++);
      for (let i = 0; i < round % 5 && queue.length > 0; i++) {
        expect(queue.peek()).toBe(expected);
        expect(queue.shift()).toBe(expected++);
      }
      expect(queue.length).toBe(next - expected);
    }
    expect(next).toBeGreaterThan(5000);
  });

  test('gives nothing when it is empty', () => {
    const queue = new Fifo<number>();
    queue.push(1);
    queue.shift();
    expect(queue.peek()).toBeUndefined();
    expect(queue.shift()).toBeUndefined();
  });

  test('drains what is left', () => {
    const queue = new Fifo<number>();
    for (let i = 0; i < 4; i++) queue.push(i);
    queue.shift();
    expect(queue.drain()).toEqual([1, 2, 3]);
    expect(queue.length).toBe(0);
  });
});
