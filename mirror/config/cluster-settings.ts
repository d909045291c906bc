/** One cluster's settings from the keys that start with its alias. */
import { type ConfigDefinition, type ConfigValue, defaultText, parseConfig } from '../../wire/base/config-definition';
import type { BrokerAddress } from '../../wire/cluster-client';
import type { ClusterSettings } from '../flow/settings';
import { clusterKeys } from './flow-keys';

type Key = keyof typeof clusterKeys;

/** The clients that a key may be given for, in the order in which we look. */
const ROLES = ['', 'admin.', 'consumer.', 'producer.'];

/** null when a problem was added. Values have been checked before; a bad one is not told again. */
export function clusterSettings(
  texts: ReadonlyMap<string, string>,
  alias: string,
  problems: string[],
): ClusterSettings | null {
  const names = ROLES.map((role) => `${alias}.${role}`);
  const servers = valueOf(texts, names, 'bootstrap.servers');
  if (servers === null) {
    problems.push(
      `Missing required configuration ${alias}.bootstrap.servers: it must be brokers of cluster ${alias}, like host:9092.`,
    );
    return null;
  }
  const clientId = valueOf(texts, names, 'client.id');
  const requestTimeoutMs = valueOf(texts, names, 'request.timeout.ms');
  if (clientId === null || requestTimeoutMs === null) return null;
  const bootstrap = addressesOf(servers, `${alias}.bootstrap.servers`, problems);
  return { alias, bootstrap, clientId, requestTimeoutMs };
}

/** The first that is given, else the default; null when there is none or it is bad. */
export function valueOf<K extends Key>(
  texts: ReadonlyMap<string, string>,
  prefixes: readonly string[],
  key: K,
): ConfigValue<(typeof clusterKeys)[K]> | null {
  const definition: ConfigDefinition = clusterKeys[key];
  const name = prefixes.map((prefix) => prefix + key).find((each) => texts.has(each));
  const text = name === undefined ? defaultText(definition) : texts.get(name)!;
  if (text === null) return null;
  const parsed = parseConfig(key, definition, text);
  // The definition's type is that of K; a union of definitions has lost it.
  return parsed.ok ? (parsed.value as ConfigValue<(typeof clusterKeys)[K]>) : null;
}

function addressesOf(entries: readonly string[], name: string, problems: string[]): BrokerAddress[] {
  const addresses: BrokerAddress[] = [];
  for (const entry of entries) {
    // Kafka allows a protocol in front.
    const match = /^(?:[A-Z_]+:\/\/)?(?:\[([^\]]+)\]|([^:[\]/]+)):(\d{1,5})$/.exec(entry);
    const [host, port] = [match?.[1] ?? match?.[2], Number(match?.[3])];
    if (host === undefined || port < 1 || port > 65535)
      problems.push(
        `Invalid value ${entry === '' ? '(empty)' : entry} for configuration ${name}: it must be host:port, several with commas between.`,
      );
    else addresses.push({ host, port });
  }
  if (entries.length === 0)
    problems.push(
      `Invalid value (empty) for configuration ${name}: it must be host:port, several with commas between.`,
    );
  return addresses;
}
