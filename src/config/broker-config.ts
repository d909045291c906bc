/**
 * A broker's configuration: static layers, cluster-wide dynamic values over them, this broker's own dynamic values on top
 * (KIP-226). Built once at start and replaced as a whole when dynamic values change: an instance never changes.
 *
 * Invariants: every value has passed its definition; the rules between keys hold; listeners are parsed.
 */
import type { BrokerTexts } from '../../wire/base/config-describe';
import { type ConfigReader, type ConfigValue, type ConfigValues } from '../../wire/base/config-definition';
import { type BrokerKey, type BrokerKeys, brokerKeys } from './broker-keys';
import { crossChecks } from './cross-checks';
import type { ListenerConfig } from './listeners';
import type { NodeIdentity } from './node-identity';

export const NO_TEXTS: ReadonlyMap<string, string> = new Map();

export class BrokerConfig implements ConfigReader<BrokerKeys> {
  readonly nodeId: number;
  readonly isBroker: boolean;
  readonly isController: boolean;
  /** Every listener of this node, in the order of `listeners`. */
  readonly listeners: readonly ListenerConfig[];
  /** The listener that other brokers use; null on a node that is only a controller. */
  readonly interBrokerListenerName: string | null;
  readonly controllerListenerNames: readonly string[];
  readonly logDirs: readonly string[];
  readonly metadataLogDir: string;
  /** Every directory of the node: log.dirs, and metadata.log.dir where it is apart from them. */
  readonly directories: readonly string[];
  /** The static quorum (controller.quorum.voters); empty with a dynamic quorum, and on a node that is its own quorum. */
  readonly quorumVoters: readonly { readonly id: number; readonly host: string; readonly port: number }[];
  readonly quorumBootstrapServers: readonly { readonly host: string; readonly port: number }[];

  constructor(
    private readonly values: ConfigValues<BrokerKeys>,
    readonly identity: NodeIdentity,
    readonly texts: BrokerTexts,
  ) {
    this.nodeId = identity.nodeId;
    this.isBroker = identity.isBroker;
    this.isController = identity.isController;
    this.listeners = identity.listeners;
    this.interBrokerListenerName = identity.interBrokerListenerName;
    this.controllerListenerNames = identity.controllerListenerNames;
    this.logDirs = identity.logDirs;
    this.metadataLogDir = identity.metadataLogDir;
    this.directories = [...new Set([...identity.logDirs, identity.metadataLogDir])];
    this.quorumVoters = identity.quorumVoters;
    this.quorumBootstrapServers = identity.quorumBootstrapServers;
  }

  get<K extends BrokerKey>(key: K): ConfigValue<BrokerKeys[K]> {
    return this.values.get(key);
  }

  isSet(key: BrokerKey): boolean {
    return this.values.isSet(key);
  }

  /** The value as DescribeConfigs prints it; null when unset without a default. */
  text(key: BrokerKey): string | null {
    return this.values.text(key);
  }

  /**
   * The configuration after a change of dynamic values. A value that is not allowed is left out and named in `problems`;
   * values that together break a rule between keys change nothing, and the broken rule is named.
   */
  withDynamic(
    dynamicDefault: ReadonlyMap<string, string>,
    dynamicBroker: ReadonlyMap<string, string>,
  ): { readonly config: BrokerConfig; readonly problems: readonly string[] } {
    const problems: string[] = [];
    const defaults = usable(dynamicDefault, (scope) => scope === 'cluster', problems);
    const own = usable(dynamicBroker, (scope) => scope !== undefined, problems);
    const { config: values } = brokerKeys.resolve(new Map([...this.texts.static, ...defaults, ...own]));
    const broken = crossChecks(values);
    if (broken.length > 0) return { config: this, problems: [...problems, ...broken] };
    const texts = { static: this.texts.static, dynamicDefault, dynamicBroker };
    return { config: new BrokerConfig(values, this.identity, texts), problems };
  }
}

/** The entries of known dynamic keys whose value parses; others belong to plugins or are named in `problems`. */
function usable(
  texts: ReadonlyMap<string, string>,
  isDynamic: (scope: 'cluster' | 'broker' | 'listener' | undefined) => boolean,
  problems: string[],
): Map<string, string> {
  const kept = new Map<string, string>();
  for (const [key, text] of texts) {
    const definition = brokerKeys.find(key);
    if (definition === undefined || !isDynamic(definition.dynamic)) continue;
    const parsed = brokerKeys.parse(key, text);
    if (parsed === null || parsed.ok) kept.set(key, text);
    else problems.push(parsed.problem.message);
  }
  return kept;
}
