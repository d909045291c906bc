/**
 * What `moldau server --processes N` starts: the node of the configuration as it is, and N - 1 brokers beside it, with ids,
 * ports and directories derived from its own.
 */
import { parseMetricsListener } from '../../wire/metrics/metrics-server';
import type { BrokerConfig } from '../config/broker-config';
import type { ListenerConfig } from '../config/listeners';

export interface PlannedProcess {
  readonly id: number;
  /** Over the configuration of the first. */
  readonly overrides: readonly string[];
  readonly logDirs: readonly string[];
  readonly metadataLogDir: string;
  /** The first listener for clients. */
  readonly port: number;
}

const MAX_PROCESSES = 64;
/** Ports of a process lie so far above those of the one before. */
const PORT_STEP = 10;

/** The processes, the first one first; or a sentence that says why there cannot be so many. */
export function planProcesses(config: BrokerConfig, count: number): readonly PlannedProcess[] | string {
  if (!Number.isInteger(count) || count < 1 || count > MAX_PROCESSES) return `--processes takes 1 to ${MAX_PROCESSES}.`;
  if (!config.isBroker) return '--processes is for brokers, and process.roles names none.';
  const ports = config.listeners.map(({ port }) => port);
  if (ports.includes(0)) return '--processes needs listeners with ports of their own, and not 0.';
  const forClients = config.listeners.filter(({ isController }) => !isController);
  const derived = Array.from({ length: count - 1 }, (_, index) =>
    forClients.map(({ port }) => port + PORT_STEP * (index + 1)),
  ).flat();
  const all = [...ports, ...derived];
  if (Math.max(...all) > 65535) return `--processes ${count} takes ports up to ${Math.max(...all)}.`;
  const twice = all.find((port, index) => all.indexOf(port) !== index);
  if (twice !== undefined)
    return `--processes: each process listens ${PORT_STEP} ports above the one before, so two would have port ${twice}.`;
  return Array.from({ length: count }, (_, index) => planned(config, forClients, index));
}

function planned(config: BrokerConfig, forClients: readonly ListenerConfig[], index: number): PlannedProcess {
  const id = config.nodeId + index;
  const port = (forClients[0]?.port ?? 0) + PORT_STEP * index;
  // Those of one host are one rack, so that the copies of a partition lie on several hosts.
  const rack = config.isSet('broker.rack') ? [] : [`broker.rack=node-${config.nodeId}`];
  if (index === 0) return { id, overrides: rack, logDirs: config.logDirs, metadataLogDir: config.metadataLogDir, port };
  const beside = (directory: string): string => `${directory.replace(/\/+$/, '')}-${id}`;
  const logDirs = config.logDirs.map(beside);
  const shifted = (host: string, own: number): string =>
    `${host.includes(':') ? `[${host}]` : host}:${own + PORT_STEP * index}`;
  const listeners = forClients.map((each) => `${each.name}://${shifted(each.host, each.port)}`);
  const told = forClients.map(
    (each) =>
      `${each.name}://${shifted(each.advertisedHost, each.advertisedPort === 0 ? each.port : each.advertisedPort)}`,
  );
  const overrides = [
    'process.roles=broker',
    `node.id=${id}`,
    `listeners=${listeners.join(',')}`,
    `log.dirs=${logDirs.join(',')}`,
    ...(config.isSet('advertised.listeners') ? [`advertised.listeners=${told.join(',')}`] : []),
    ...(config.isSet('metadata.log.dir') ? [`metadata.log.dir=${beside(config.metadataLogDir)}`] : []),
    ...metricsOf(config, PORT_STEP * index),
    ...quorumOf(config),
    ...rack,
  ];
  return {
    id,
    overrides,
    logDirs,
    metadataLogDir: config.isSet('metadata.log.dir') ? beside(config.metadataLogDir) : (logDirs[0] ?? ''),
    port,
  };
}

/** Each process has its own port; one that is watched nowhere stays so. */
function metricsOf(config: BrokerConfig, above: number): readonly string[] {
  const parsed = parseMetricsListener(config.get('metrics.listener'));
  if (parsed === null || parsed.port === 0) return [];
  const { host, port } = parsed;
  return [`metrics.listener=${host.includes(':') ? `[${host}]` : host}:${port + above}`];
}

/** A node that names no quorum is its own: then it is the quorum of all. */
function quorumOf(config: BrokerConfig): readonly string[] {
  if (config.quorumBootstrapServers.length > 0 || config.quorumVoters.length > 0) return [];
  const controller = config.listeners.find(({ isController }) => isController);
  if (controller === undefined) return [];
  const { advertisedHost: host, advertisedPort, port } = controller;
  return [
    `controller.quorum.bootstrap.servers=${host.includes(':') ? `[${host}]` : host}:${advertisedPort === 0 ? port : advertisedPort}`,
  ];
}
