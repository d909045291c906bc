/**
 * What a configuration says about the node itself: its id and roles, its listeners, its quorum, its directories. The rules
 * are KRaft's (KIP-500, KIP-853); what differs from Kafka is only more lenient: a node with both roles that names no
 * voters and no bootstrap servers is its own quorum.
 */
import type { ConfigReader } from '../../wire/base/config-definition';
import type { BrokerKeys } from './broker-keys';
import { type ListenerConfig, resolveListeners } from './listeners';

export interface NodeIdentity {
  readonly nodeId: number;
  readonly isBroker: boolean;
  readonly isController: boolean;
  readonly listeners: readonly ListenerConfig[];
  readonly interBrokerListenerName: string | null;
  readonly controllerListenerNames: readonly string[];
  readonly logDirs: readonly string[];
  readonly metadataLogDir: string;
  readonly quorumVoters: readonly { readonly id: number; readonly host: string; readonly port: number }[];
  readonly quorumBootstrapServers: readonly { readonly host: string; readonly port: number }[];
}

type Config = ConfigReader<BrokerKeys>;

/** The node's identity, or every sentence about what is wrong with it. */
export function nodeIdentity(
  config: Config,
): { readonly identity: NodeIdentity } | { readonly problems: readonly string[] } {
  const resolved = resolveListeners({
    listeners: config.get('listeners'),
    advertisedListeners: config.get('advertised.listeners'),
    controllerListenerNames: config.get('controller.listener.names'),
    protocolMap: config.get('listener.security.protocol.map'),
    isProtocolMapSet: config.isSet('listener.security.protocol.map'),
  });
  if (!resolved.ok) return { problems: [resolved.message] };
  const listeners = resolved.value;
  const interBroker = interBrokerListener(config, listeners);
  if (!interBroker.ok) return { problems: [interBroker.message] };
  const logDirs = config.get('log.dirs') ?? config.get('log.dir');
  const roles = config.get('process.roles');
  const identity: NodeIdentity = {
    nodeId: config.get('node.id'),
    isBroker: roles.includes('broker'),
    isController: roles.includes('controller'),
    listeners,
    interBrokerListenerName: interBroker.value,
    controllerListenerNames: config.get('controller.listener.names').map((name) => name.toUpperCase()),
    logDirs,
    // The definitions refuse an empty list, so a first directory exists.
    metadataLogDir: config.get('metadata.log.dir') ?? logDirs[0] ?? '',
    quorumVoters: config.get('controller.quorum.voters').map((entry) => {
      const at = entry.indexOf('@');
      return { id: Number(entry.slice(0, at)), ...hostAndPort(entry.slice(at + 1)) };
    }),
    quorumBootstrapServers: config.get('controller.quorum.bootstrap.servers').map(hostAndPort),
  };
  const problems = [
    ...protocolProblems(listeners),
    ...roleProblems(identity),
    ...quorumProblems(identity),
    ...idProblems(config),
  ];
  return problems.length > 0 ? { problems } : { identity };
}

function interBrokerListener(
  config: Config,
  listeners: readonly ListenerConfig[],
): { ok: true; value: string | null } | { ok: false; message: string } {
  if (!config.get('process.roles').includes('broker')) return { ok: true, value: null };
  const named = config.get('inter.broker.listener.name')?.toUpperCase() ?? null;
  if (named !== null && config.isSet('security.inter.broker.protocol')) {
    return refused('Only one of inter.broker.listener.name and security.inter.broker.protocol may be set.');
  }
  const forClients = listeners.filter((listener) => !listener.isController);
  const names = forClients.map(({ name }) => name);
  if (names.length === 0)
    return refused('A node with the role broker needs a listener that is not a controller listener.');
  const wanted = named ?? config.get('security.inter.broker.protocol');
  if (names.includes(wanted)) return { ok: true, value: wanted };
  // With a single listener there is no doubt which one other brokers use.
  if (named === null && names.length === 1) return { ok: true, value: names[0] ?? null };
  return refused(`inter.broker.listener.name must be one of the listeners ${names.join(', ')}, and it is ${wanted}.`);
}

/** Plain text in place of what was asked for would be a trap, so this is refused rather than warned about. */
function protocolProblems(listeners: readonly ListenerConfig[]): string[] {
  return listeners
    .filter(({ securityProtocol }) => securityProtocol !== 'PLAINTEXT')
    .map(
      ({ name, securityProtocol }) =>
        `Listener ${name} has the protocol ${securityProtocol}; only PLAINTEXT is served yet.`,
    );
}

function roleProblems({ isBroker, isController, listeners, controllerListenerNames }: NodeIdentity): string[] {
  const controllerListeners = listeners.filter((listener) => listener.isController);
  const names = controllerListenerNames.join(', ');
  if (isController && controllerListeners.length === 0) {
    return [
      `controller.listener.names (${names}) must name at least one of the listeners of a node with the role controller.`,
    ];
  }
  if (isController && !isBroker && controllerListeners.length < listeners.length) {
    return [`All listeners of a node that is only a controller must be in controller.listener.names (${names}).`];
  }
  if (!isController && controllerListeners.length > 0) {
    return [`controller.listener.names (${names}) must name no listener of a node that is only a broker.`];
  }
  return [];
}

function quorumProblems(identity: NodeIdentity): string[] {
  const { nodeId, isController, quorumVoters, quorumBootstrapServers } = identity;
  const isVoter = quorumVoters.some(({ id }) => id === nodeId);
  if (quorumVoters.length > 0 && quorumBootstrapServers.length > 0) {
    return ['Only one of controller.quorum.voters and controller.quorum.bootstrap.servers may be set.'];
  }
  if (new Set(quorumVoters.map(({ id }) => id)).size < quorumVoters.length) {
    return ['Each voter of controller.quorum.voters must have a different id.'];
  }
  if (isController && quorumVoters.length > 0 && !isVoter) {
    return [
      `A node with the role controller must be a voter: node.id ${nodeId} is missing in controller.quorum.voters.`,
    ];
  }
  if (!isController && isVoter) {
    return [`A node that is only a broker is no voter: node.id ${nodeId} must not be in controller.quorum.voters.`];
  }
  if (!isController && quorumVoters.length === 0 && quorumBootstrapServers.length === 0) {
    return ['A node that is only a broker needs controller.quorum.bootstrap.servers or controller.quorum.voters.'];
  }
  return [];
}

function idProblems(config: Config): string[] {
  const brokerId = config.get('broker.id');
  if (brokerId < 0 || brokerId === config.get('node.id')) return [];
  return [`broker.id (${brokerId}) must be the same as node.id (${config.get('node.id')}); it may be left out.`];
}

/** `host:port` whose form the definition has checked; an IPv6 address stands in brackets. */
function hostAndPort(text: string): { readonly host: string; readonly port: number } {
  const at = text.lastIndexOf(':');
  return { host: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) };
}

function refused(message: string): { ok: false; message: string } {
  return { ok: false, message };
}
