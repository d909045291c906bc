import { serverConfig } from '../../../src/cli/server-config';

const FILE =
  'process.roles=broker,controller\nnode.id=4\ncontroller.listener.names=CONTROLLER\n' +
  'listeners=PLAINTEXT://:9092,CONTROLLER://:9093\nlog.dirs=/file\n';

function configOf(flags: { file?: string; overrides?: string[] }, environment: Record<string, string> = {}) {
  return serverConfig(
    { file: flags.file, overrides: flags.overrides ?? [] },
    {
      environment,
      readFile: (path) => {
        if (path !== 'server.properties') throw new Error('ENOENT: no such file');
        return FILE;
      },
    },
  );
}

describe('the configuration of moldau server', () => {
  test('is a single node when nothing is given', () => {
    const built = configOf({});
    expect(built.ok && [built.config.nodeId, built.config.logDirs]).toEqual([1, ['./data']]);
  });

  test('comes from the file, then the environment, then the flags', () => {
    const built = configOf(
      { file: 'server.properties', overrides: ['num.partitions=6'] },
      {
        KAFKA_NUM_PARTITIONS: '5',
        KAFKA_LOG_DIRS: '/environment',
      },
    );
    expect(built.ok && [built.config.nodeId, built.config.logDirs, built.config.get('num.partitions')]).toEqual([
      4,
      ['/environment'],
      6,
    ]);
  });

  test('names a file that cannot be read', () => {
    expect(configOf({ file: 'other.properties' })).toEqual({
      ok: false,
      problems: ['Cannot read other.properties: ENOENT: no such file'],
    });
  });

  test('names an override without a value', () => {
    expect(configOf({ overrides: ['num.partitions'] })).toEqual({
      ok: false,
      problems: ['--override takes key=value, and got num.partitions.'],
    });
  });
});
