import { NodeLife } from '../../src/node-life';

/** A life, its later turns, and what it has been told. */
function scene() {
  const turns: (() => void)[] = [];
  const told: string[] = [];
  const life = new NodeLife((run) => void turns.push(run));
  const tell = (what: string) => () => void told.push(what);
  const turn = (): void => turns.shift()?.();
  return { life, turns, told, tell, turn };
}

test('what comes during a pause is told afterwards, in order, one a turn, before what is newer', () => {
  const { life, told, tell, turn } = scene();
  life.deliver(tell('a'));
  life.pause();
  for (const what of ['b', 'c']) life.deliver(tell(what));
  expect(told).toEqual(['a']);
  life.resume();
  expect(told).toEqual(['a']);
  turn();
  life.deliver(tell('d'));
  expect(told).toEqual(['a', 'b']);
  turn();
  turn();
  expect(told).toEqual(['a', 'b', 'c', 'd']);
  expect(life.isRunning).toBe(false);
  turn();
  expect(life.isRunning).toBe(true);
});

test('a pause while it catches up keeps the rest', () => {
  const { life, turns, told, tell, turn } = scene();
  life.pause();
  for (const what of ['a', 'b']) life.deliver(tell(what));
  life.resume();
  turn();
  life.pause();
  while (turns.length > 0) turn();
  expect(told).toEqual(['a']);
  life.resume();
  while (turns.length > 0) turn();
  expect(told).toEqual(['a', 'b']);
});

test('nothing is read from the pause until it has caught up', () => {
  const { life, turns, told, tell, turn } = scene();
  life.reads({ hold: tell('hold'), letGo: tell('let go') });
  life.pause();
  life.deliver(tell('a'));
  life.reads({ hold: tell('hold the late one'), letGo: tell('let the late one go') });
  life.resume();
  while (turns.length > 0) turn();
  expect(told).toEqual(['hold', 'hold the late one', 'a', 'let go', 'let the late one go']);
});

test('at the end only what has to be told is told, and what is open is closed', async () => {
  const { life, told, tell } = scene();
  life.track(tell('closed'));
  life.pause();
  life.deliver(tell('lost'));
  life.deliverSurely(tell('due'));
  await life.end();
  life.deliver(tell('late'));
  life.deliverSurely(tell('late and due'));
  life.resume();
  expect(told).toEqual(['due', 'closed', 'late and due']);
});
