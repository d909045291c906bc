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
        const code = { 'missing.properties': 'ENOENT', 'secret.properties': 'EACCES', folder: 'EISDIR' }[path];
        if (path !== 'server.properties') throw Object.assign(new Error('as the system says it'), { code });
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

  test.each([
    ['missing.properties', 'there is no such file.'],
    ['secret.properties', 'this user may not read it.'],
    ['folder', 'it is a directory.'],
    ['other.properties', 'as the system says it'],
  ])('says why %s cannot be read', (file, why) => {
    expect(configOf({ file })).toEqual({ ok: false, problems: [`Cannot read ${file}: ${why}`] });
  });

  test('names an override without a value', () => {
    expect(configOf({ overrides: ['num.partitions'] })).toEqual({
      ok: false,
      problems: ['--override takes key=value, and got num.partitions.'],
    });
  });
});
