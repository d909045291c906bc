import { textLine } from '../../../src/observe/log-line';
import { type LoggerOptions, createLogger } from '../../../src/observe/logger';

function collecting(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const made = createLogger({ format: 'json', level: 'INFO', write: (line) => void lines.push(line), ...options });
  return { ...made, lines, messages: () => lines.map((line) => (JSON.parse(line) as { msg: string }).msg) };
}

describe('the logger', () => {
  test('writes one JSON object a line, with level, logger, message and fields', () => {
    const { logger, lines } = collecting();
    logger.child('kafka.server').info('started', { port: 9092, host: 'localhost' });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 'info',
      time: expect.any(Number),
      logger: 'kafka.server',
      port: 9092,
      host: 'localhost',
      msg: 'started',
    });
  });

  test('passes over what is below the level', () => {
    const { logger, messages } = collecting({ level: 'WARN' });
    for (const level of ['debug', 'info', 'warn', 'error'] as const) logger[level](level);
    expect(messages()).toEqual(['warn', 'error']);
  });

  test('changes the level of a subsystem and of what is below it, and of nothing else', () => {
    const { logger, levels, messages } = collecting();
    const server = logger.child('kafka.server');
    const replicas = server.child('ReplicaManager');
    const raft = logger.child('kafka.raft');
    levels.set('kafka.server', 'DEBUG');
    for (const each of [server, replicas, raft]) each.debug('seen');
    expect(messages()).toEqual(['seen', 'seen']);
    levels.reset('kafka.server');
    server.debug('not seen');
    expect(messages()).toHaveLength(2);
    levels.set('root', 'OFF');
    raft.error('not seen either');
    expect(messages()).toHaveLength(2);
  });

  test('lists every logger with the level in force', () => {
    const { logger, levels } = collecting();
    logger.child('kafka.raft');
    logger.child('kafka.server').child('Log');
    levels.set('kafka.server', 'ERROR');
    expect(levels.list()).toEqual([
      { name: 'root', level: 'INFO' },
      { name: 'kafka.raft', level: 'INFO' },
      { name: 'kafka.server', level: 'ERROR' },
      { name: 'kafka.server.Log', level: 'ERROR' },
    ]);
    expect([levels.has('kafka.raft'), levels.has('kafka.none')]).toEqual([true, false]);
  });

  test('writes readable lines for people', () => {
    const { logger, lines } = collecting({ format: 'text' });
    logger.child('kafka.log').warn('slow disk', { dir: '/a b', ms: 12 });
    expect(lines[0]).toMatch(
      /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\] WARN  slow disk dir="\/a b" ms=12 \(kafka\.log\)\n$/,
    );
  });
});

describe('a line for people', () => {
  const json = (msg: string) => JSON.stringify({ level: 'info', time: 0, msg });

  test('stays one line whatever a client sent', () => {
    expect(textLine(json('topic \n[forged]\u001b[2J'), false)).toContain('topic \\n[forged]\\u001b[2J\n');
  });

  test('is coloured only when asked', () => {
    expect(textLine(json('x'), true)).toContain('\u001b[');
    expect(textLine(json('x'), false)).not.toContain('\u001b[');
  });

  test('that is no JSON is shown as it is', () => {
    expect(textLine('plain\n', false)).toBe('plain\n');
  });
});
