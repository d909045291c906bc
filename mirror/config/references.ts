/**
 * `${provider:path:key}` in values, resolved by Kafka's config providers (KIP-297, KIP-887): a file, a directory of files,
 * or the environment. The file and the environment are passed in.
 */

export interface ReferencePorts {
  /** Throws when there is no such file. */
  readFile(path: string): string;
  environment(name: string): string | undefined;
  /** A `.properties` file's keys. Throws when it is none. */
  parseProperties(text: string): ReadonlyMap<string, string>;
}

type Lookup = (path: string, key: string) => string | undefined;

const REFERENCE = /\$\{([^}:]*):(?:([^}]*?):)?([^}]*?)\}/g;
const PACKAGE = 'org.apache.kafka.common.config.provider.';

export interface Resolved {
  readonly texts: ReadonlyMap<string, string>;
  readonly problems: readonly string[];
}

export function resolveReferences(texts: ReadonlyMap<string, string>, ports: ReferencePorts): Resolved {
  const problems: string[] = [];
  const lookups = lookupsOf(texts, ports, problems);
  const resolved = new Map<string, string>();
  for (const [key, text] of texts) {
    resolved.set(
      key,
      text.replace(REFERENCE, (whole, name: string, path: string | undefined, entry: string) => {
        const found = lookUp(lookups, name, path ?? '', entry);
        if (typeof found === 'string') return found;
        problems.push(`${key} refers to ${whole}, ${found.why}.`);
        return whole;
      }),
    );
  }
  return { texts: resolved, problems };
}

function lookUp(
  lookups: ReadonlyMap<string, Lookup>,
  name: string,
  path: string,
  entry: string,
): string | { readonly why: string } {
  const lookup = lookups.get(name);
  if (lookup === undefined) return { why: `but config.providers names no provider "${name}"` };
  try {
    return lookup(path, entry) ?? { why: 'and there is no such entry' };
  } catch (error) {
    const why =
      error !== null && typeof error === 'object' && 'message' in error ? String(error.message) : String(error);
    return { why: `which cannot be read: ${why}` };
  }
}

function lookupsOf(texts: ReadonlyMap<string, string>, ports: ReferencePorts, problems: string[]): Map<string, Lookup> {
  const names = (texts.get('config.providers') ?? '').split(',').map((name) => name.trim());
  const lookups = new Map<string, Lookup>();
  for (const name of names.filter((each) => each !== '')) {
    const key = `config.providers.${name}.class`;
    const className = texts.get(key)?.trim();
    const lookup = lookupOf(className?.replace(PACKAGE, ''), ports);
    if (lookup !== null) lookups.set(name, lookup);
    else if (className === undefined)
      problems.push(`Missing required configuration ${key}: config.providers names ${name}.`);
    else
      problems.push(
        `Invalid value ${className} for configuration ${key}: Moldau has FileConfigProvider, DirectoryConfigProvider and EnvVarConfigProvider.`,
      );
  }
  return lookups;
}

function lookupOf(className: string | undefined, ports: ReferencePorts): Lookup | null {
  switch (className) {
    case 'FileConfigProvider':
      return (path, key) => ports.parseProperties(ports.readFile(path)).get(key);
    case 'DirectoryConfigProvider':
      return (path, key) => (/[\\/]/.test(key) ? undefined : ports.readFile(`${path}/${key}`));
    case 'EnvVarConfigProvider':
      return (_path, key) => ports.environment(key);
    default:
      return null;
  }
}
