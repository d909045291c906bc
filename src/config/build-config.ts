/** Builds a broker's configuration from its layers, or says in whole sentences why it cannot be built. */
import { BrokerConfig, NO_TEXTS } from './broker-config';
import { brokerKeys } from './broker-keys';
import { crossChecks } from './cross-checks';
import type { ConfigLayer } from './layers';
import { nodeIdentity } from './node-identity';
import { notServedWarnings } from './not-served';
import { unknownKeyWarning } from './unknown-keys';

export type BuiltConfig =
  | { readonly ok: true; readonly config: BrokerConfig; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problems: readonly string[] };

/** `layers` from the weakest to the strongest. */
export function buildBrokerConfig(layers: readonly ConfigLayer[]): BuiltConfig {
  const given = new Map<string, string>();
  const origins = new Map<string, string>();
  for (const { origin, texts } of layers) {
    for (const [key, text] of texts) {
      given.set(key, text);
      origins.set(key, origin);
    }
  }
  // The old name of the node's id has its value too, and tools may ask for it.
  const nodeId = given.get('node.id');
  if (nodeId !== undefined && !given.has('broker.id')) given.set('broker.id', nodeId);
  const { config: values, problems } = brokerKeys.resolve(given);
  if (problems.length > 0) {
    return { ok: false, problems: problems.map(({ key, message }) => withOrigin(message, origins.get(key))) };
  }
  const checked = nodeIdentity(values);
  const rules = crossChecks(values);
  if ('problems' in checked || rules.length > 0) {
    return { ok: false, problems: [...('problems' in checked ? checked.problems : []), ...rules] };
  }
  const texts = { static: given, dynamicDefault: NO_TEXTS, dynamicBroker: NO_TEXTS };
  const config = new BrokerConfig(values, checked.identity, texts);
  return { ok: true, config, warnings: warningsOf(config, layers) };
}

function withOrigin(message: string, origin: string | undefined): string {
  return origin === undefined ? message : `${message.replace(/\.$/, '')} (it comes from ${origin}).`;
}

function warningsOf(config: BrokerConfig, layers: readonly ConfigLayer[]): readonly string[] {
  const given = new Map<string, string>();
  for (const { origin, texts, isImplied } of layers) {
    if (isImplied !== true) for (const key of texts.keys()) given.set(key, origin);
  }
  const unknown = [...given].map(([key, origin]) => unknownKeyWarning(key, origin));
  return [...unknown.filter((warning) => warning !== null), ...notServedWarnings(config, given)];
}
