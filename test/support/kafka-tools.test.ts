import { needs } from './needs';
import { startKafkaPeer, type BrokerProcess } from './kafka-peer';
import { KafkaTools } from './kafka-tools';

needs('kafka')('the tool runner, against Apache Kafka', () => {
  let broker: BrokerProcess;
  let tools: KafkaTools;

  beforeAll(async () => {
    tools = new KafkaTools();
    broker = await startKafkaPeer();
  });

  afterAll(async () => {
    await tools.close();
    await broker.dispose();
  });

  test('keeps the output and the exit code of commands that run at the same time apart', async () => {
    const [version, unknown, list] = await Promise.all([
      tools.run('kafka-topics', ['--version']),
      tools.run('kafka-topics', ['--nonsense']),
      tools.run('kafka-topics', ['--bootstrap-server', broker.bootstrap, '--list']),
    ]);
    expect(version).toEqual({ stdout: expect.stringMatching(/^4\.\d+\.\d+\n$/) as string, stderr: '', code: 0 });
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain('nonsense is not a recognized option');
    expect(list).toEqual({ stdout: '\n', stderr: '', code: 0 });
  });

  test('gives a command its own standard input, and stops one that does not end', async () => {
    const target = ['--bootstrap-server', broker.bootstrap, '--topic', 'runner'];
    const consumer = tools.start('kafka-console-consumer', [...target, '--from-beginning']);
    await tools.run('kafka-console-producer', target, { stdin: 'first\nsecond\n' });
    await consumer.until(({ stdout }) => stdout === 'first\nsecond\n');
    const result = await consumer.stop();
    expect(result).toMatchObject({ stdout: 'first\nsecond\n', code: 143 });
    expect(result.stderr).toContain('Processed a total of 2 messages');
  });
});
