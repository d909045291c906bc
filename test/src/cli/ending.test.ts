import { signalHandler } from '../../../src/cli/ending';

function recorded() {
  const events: string[] = [];
  let nowMs = 1000;
  const handler = signalHandler({
    stop: () => void events.push('stop'),
    exit: (code) => void events.push(`exit ${code}`),
    say: (line) => void events.push(line),
    nowMs: () => nowMs,
  });
  const after = (ms: number, signal: string): void => {
    nowMs += ms;
    handler(signal);
  };
  return { events, after };
}

describe('a signal', () => {
  test('stops in order', () => {
    const { events, after } = recorded();
    after(0, 'SIGTERM');
    expect(events).toEqual(['SIGTERM, stopping in order (once more to end at once)', 'stop']);
  });

  test('that arrives twice within milliseconds is one', () => {
    const { events, after } = recorded();
    after(0, 'SIGINT');
    after(2, 'SIGINT');
    expect(events.filter((event) => event === 'stop' || event.startsWith('exit'))).toEqual(['stop']);
  });

  test('that comes again ends the process at once', () => {
    const { events, after } = recorded();
    after(0, 'SIGINT');
    after(400, 'SIGTERM');
    expect(events.slice(-2)).toEqual([
      'SIGTERM again, ending at once; the next start checks what was being written',
      'exit 1',
    ]);
  });
});
