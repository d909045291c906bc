/** What `moldau cluster` is about to start: per node its ports, its directory and its property file. */
import { resolve } from 'node:path';
import { clusterDefaults } from '../config/cluster-defaults';
import { NOT_SERVED } from '../config/not-served';

export interface ClusterFlags {
  readonly nodes: number;
  readonly basePort: number;
  readonly dir: string;
  readonly overrides: readonly string[];
}

export interface PlannedNode {
  readonly id: number;
  readonly clientPort: number;
  readonly controllerPort: number;
  readonly metricsPort: number;
  readonly logDir: string;
  readonly propertiesFile: string;
  readonly properties: string;
}

/** Controllers listen so far above the clients' ports. */
const CONTROLLER_PORT_OFFSET = 100;
/** And their metrics: 9404 for the first node, as everywhere, when clients have 9092. */
const METRICS_PORT_OFFSET = 312;
const MAX_NODES = 9;

/** Keys that have no effect yet would only be warned about. */
export function shownDefaults(nodes: number): readonly (readonly [key: string, text: string])[] {
  return [...clusterDefaults(nodes).texts].filter(([key]) => !NOT_SERVED.has(key));
}

/** The nodes, or a sentence that says what is wrong with the flags. */
export function planCluster(flags: ClusterFlags): readonly PlannedNode[] | string {
  const { nodes, basePort, dir } = flags;
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > MAX_NODES) return `--nodes takes 1 to ${MAX_NODES}.`;
  const highest = basePort + METRICS_PORT_OFFSET + nodes - 1;
  if (!Number.isInteger(basePort) || basePort < 1 || highest > 65535) {
    return `--base-port takes a port from which ${METRICS_PORT_OFFSET + nodes} more are left.`;
  }
  const ids = Array.from({ length: nodes }, (_, index) => index + 1);
  const controllerPort = (id: number): number => basePort + CONTROLLER_PORT_OFFSET + id - 1;
  const bootstrap = ids.map((id) => `localhost:${controllerPort(id)}`).join(',');
  return ids.map((id) => {
    const clientPort = basePort + id - 1;
    const metricsPort = basePort + METRICS_PORT_OFFSET + id - 1;
    const logDir = resolve(dir, `node-${id}`);
    const texts = new Map([
      ['process.roles', 'broker,controller'],
      ['node.id', String(id)],
      ['listeners', `PLAINTEXT://localhost:${clientPort},CONTROLLER://localhost:${controllerPort(id)}`],
      ['controller.listener.names', 'CONTROLLER'],
      ['controller.quorum.bootstrap.servers', bootstrap],
      ['log.dirs', logDir],
      ['metrics.listener', `localhost:${metricsPort}`],
      ...shownDefaults(nodes),
    ]);
    const lines = [...texts].map(([key, value]) => `${key}=${value}\n`);
    return {
      id,
      clientPort,
      metricsPort,
      controllerPort: controllerPort(id),
      logDir,
      propertiesFile: resolve(dir, `node-${id}.properties`),
      properties: `# Written by moldau cluster; a node can be started alone: moldau server node-${id}.properties\n${lines.join('')}`,
    };
  });
}
