import { TurnQueue } from '../../../src/network/turn-queue';
import { ManualTime } from './support/manual-world';

function scene(maxPerTurn?: number) {
  const time = new ManualTime();
  const queue = new TurnQueue(time, maxPerTurn);
  const ran: string[] = [];
  const client = (name: string, times = 1) => {
    let left = times;
    const self = {
      turn: () => {
        ran.push(name);
        if (--left > 0) queue.add(self);
      },
    };
    return self;
  };
  return { time, queue, ran, client };
}

describe('clients that want a turn', () => {
  test('have it together in a later turn of the loop, each once', () => {
    const { time, queue, ran, client } = scene();
    const a = client('a');
    for (const each of [a, client('b'), a]) queue.add(each);
    expect(ran).toEqual([]);
    time.turn();
    expect(ran).toEqual(['a', 'b']);
    time.settle();
    expect(ran).toEqual(['a', 'b']);
  });

  test('take turns where only one may have it', () => {
    const { time, queue, ran, client } = scene(1);
    queue.add(client('a', 3));
    queue.add(client('b', 2));
    for (let turns = 1; turns <= 5; turns++) {
      time.turn();
      expect(ran).toHaveLength(turns);
    }
    expect(ran).toEqual(['a', 'b', 'a', 'b', 'a']);
    time.settle();
    expect(ran).toHaveLength(5);
  });
});
