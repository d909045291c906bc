import { resolveReferences } from '../../../mirror/config/references';

const PROVIDER = 'org.apache.kafka.common.config.provider.';
const PROVIDERS = {
  'config.providers': 'file, env, dir',
  'config.providers.file.class': `${PROVIDER}FileConfigProvider`,
  'config.providers.env.class': `${PROVIDER}EnvVarConfigProvider`,
  'config.providers.dir.class': `${PROVIDER}DirectoryConfigProvider`,
};

const ports = {
  readFile: (path: string): string => {
    if (path === '/etc/secrets') return 'servers=b:2';
    if (path === '/etc/dir/port') return '9092';
    throw new Error(`no file ${path}`);
  },
  environment: (name: string) => (name === 'BROKERS' ? 'a:1' : undefined),
  parseProperties: (text: string) => new Map([text.split('=') as [string, string]]),
};

function resolve(texts: Readonly<Record<string, string>>) {
  return resolveReferences(new Map(Object.entries(texts)), ports);
}

describe('references in values', () => {
  test('are taken from the environment, a file and a directory', () => {
    const { texts, problems } = resolve({
      ...PROVIDERS,
      a: '${env:BROKERS}',
      b: 'x,${file:/etc/secrets:servers}',
      c: 'h:${dir:/etc/dir:port}',
    });
    expect(problems).toEqual([]);
    expect(['a', 'b', 'c'].map((key) => texts.get(key))).toEqual(['a:1', 'x,b:2', 'h:9092']);
  });

  test('that lead nowhere are told', () => {
    const { problems } = resolve({ ...PROVIDERS, a: '${env:NONE}', b: '${file:/none:key}', c: '${vault:x:y}' });
    expect(problems).toEqual([
      'a refers to ${env:NONE}, and there is no such entry.',
      'b refers to ${file:/none:key}, which cannot be read: no file /none.',
      'c refers to ${vault:x:y}, but config.providers names no provider "vault".',
    ]);
  });

  test('of providers that we do not have are told', () => {
    expect(resolve({ 'config.providers': 'v,w', 'config.providers.v.class': 'com.acme.Vault' }).problems).toEqual([
      'Invalid value com.acme.Vault for configuration config.providers.v.class: Moldau has FileConfigProvider, DirectoryConfigProvider and EnvVarConfigProvider.',
      'Missing required configuration config.providers.w.class: config.providers names w.',
    ]);
  });
});
