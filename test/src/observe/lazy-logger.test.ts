import { lazyLogger, type LowestLevel } from '../../../src/observe/lazy-logger';
import { createLogger } from '../../../src/observe/logger';

function recorded(lowest: LowestLevel) {
  const lines: string[] = [];
  let created = 0;
  const logger = lazyLogger(lowest, () => {
    created += 1;
    return createLogger({ format: 'text', level: 'DEBUG', write: (line) => void lines.push(line) }).logger;
  });
  return { logger, lines, created: () => created };
}

describe('a lazy logger', () => {
  test('is made once, when a line comes that is let through, for itself and its children', () => {
    const { logger, lines, created } = recorded('warn');
    const child = logger.child('raft').child('log');
    logger.debug('no');
    child.info('no');
    expect(created()).toBe(0);
    child.warn('first', { epoch: 7 });
    logger.error('second');
    child.error('third');
    expect(created()).toBe(1);
    expect(lines.map((line) => line.replace(/^\[[^\]]*\] /, ''))).toEqual([
      'WARN  first epoch=7 (raft.log)\n',
      'ERROR second\n',
      'ERROR third (raft.log)\n',
    ]);
  });

  test('lets everything through at debug, and nothing when it is silent', () => {
    const loud = recorded('debug');
    const silent = recorded('silent');
    for (const { logger } of [loud, silent]) {
      for (const level of ['debug', 'info', 'warn', 'error'] as const) logger[level](level);
    }
    expect(loud.lines).toHaveLength(4);
    expect(silent.created()).toBe(0);
  });
});
