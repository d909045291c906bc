import { DiskError } from '../../../log/disk';
import { banner } from '../../../src/cli/banner';
import { startFailure } from '../../../src/cli/start-failure';
import type { RunningListener } from '../../../src/running-broker';
import { BindError } from '../../../wire/base/env';
import { brokerWith } from '../config/support';

const listener = (name: string, host: string, port: number, advertisedHost = host): RunningListener => ({
  name,
  host,
  port,
  advertisedHost,
  advertisedPort: port,
});
const CONTROLLER = listener('CONTROLLER', 'localhost', 9093);

function shown(client: RunningListener, flushBeforeAck = false, isOneOfSeveral = false): string {
  const broker = {
    clusterId: 'abc',
    listeners: [client, CONTROLLER],
    logDirs: ['/data'],
    metrics: null,
    leave: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    closed: Promise.resolve(),
  };
  const controllerListenerNames = ['CONTROLLER'];
  const facts = { version: '1.2.3', nodeId: 1, startMs: 99.6, isOneOfSeveral, flushBeforeAck, controllerListenerNames };
  return banner(broker, facts);
}

describe('what is printed when a node is ready', () => {
  test('says where it is, what an ack survives, and what to try next', () => {
    expect(shown(listener('PLAINTEXT', 'localhost', 9092))).toBe(
      [
        'moldau 1.2.3 is ready after 100 ms',
        '  clients    localhost:9092 (PLAINTEXT)',
        '  controller localhost:9093 (CONTROLLER)',
        '  cluster    abc, node 1',
        '  data       /data',
        '  an ack     survives kill -9 of this process, not power loss; log.flush.before.ack=true makes it survive that too',
        '  elsewhere  only this machine can connect; clients on others need --override listeners=PLAINTEXT://:9092,CONTROLLER://localhost:9093 --override advertised.listeners=PLAINTEXT://<name of this host>:9092',
        '  try        echo hello | kcat -P -b localhost:9092 -t greetings && kcat -C -b localhost:9092 -t greetings -e',
        '             kafka-topics.sh --bootstrap-server localhost:9092 --list',
        '',
      ].join('\n'),
    );
  });

  test('says so when every ack waits for the disk', () => {
    expect(shown(listener('PLAINTEXT', 'localhost', 9092), true)).toContain('survives kill -9 and power loss');
  });

  test('promises nothing for a single node of several', () => {
    const client = listener('PLAINTEXT', 'localhost', 9092);
    expect(shown(client, false, true)).toContain('every replica in sync has the record, flushed or not');
    expect(shown(client, true, true)).toContain('after every replica in sync has flushed');
    expect(shown(client, false, true)).not.toContain('survives');
  });

  test('asks for nothing but an advertised name when every interface is open', () => {
    const text = shown(listener('PLAINTEXT', '', 9092, 'localhost'));
    expect(text).toContain('localhost:9092 (PLAINTEXT, bound to every interface, port 9092)');
    expect(text).toContain(
      'on other machines they need --override advertised.listeners=PLAINTEXT://<name of this host>:9092',
    );
    expect(text).not.toContain('--override listeners=');
  });

  test('leaves it at the address when others can connect', () => {
    expect(shown(listener('PLAINTEXT', '', 9092, 'broker-1'))).toContain('clients connect to broker-1:9092');
  });

  test('puts an IPv6 address in brackets', () => {
    expect(shown(listener('PLAINTEXT', '::1', 9092))).toContain('[::1]:9092 (PLAINTEXT)');
  });
});

describe('what is said when a node cannot start', () => {
  const config = brokerWith();

  test.each([
    ['EADDRINUSE', 'another process has the port (listen localhost:9092)'],
    ['EACCES', 'this user may not open the port'],
    ['EADDRNOTAVAIL', 'this machine has no such address'],
    ['EINVAL', 'a listener could not be opened'],
  ])('%s is put in words', (code, words) => {
    const text = startFailure(new BindError(code, 'listen localhost:9092'), config);
    expect(text).toContain(words);
    expect(text).toContain('PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093');
  });

  test.each([
    ['EACCES', 'this user may not write there (mkdir data)'],
    ['ENOSPC', 'the disk is full (mkdir data)'],
    ['ENOENT', 'there is no such directory, and it cannot be made (mkdir data)'],
    ['EIO', 'the disk refuses (mkdir data)'],
  ] as const)('%s of a log directory is put in words', (code, words) => {
    const text = startFailure(new DiskError(code, 'data', 'mkdir data'), config);
    expect(text).toBe(`Cannot start, ${words}; log.dirs is ${config.logDirs.join(',')}.`);
  });

  test('anything else is told as it is', () => {
    expect(startFailure(new Error('the directory is locked'), config)).toBe('Cannot start: the directory is locked');
    expect(startFailure('odd', config)).toBe('Cannot start: odd');
  });
});
