/** A cluster of broker processes, as a test of tools sees it: where its nodes are, and how one goes and comes back. */
import type { BrokerProcess } from './kafka-peer';

/** Where a node runs. */
export interface NodePlace {
  readonly host: string;
  /** Stands in front of its own command: one that takes it to another network, say. */
  readonly prefix: readonly string[];
}

export const LOOPBACK: NodePlace = { host: '127.0.0.1', prefix: [] };

export interface ClusterNode {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly controllerPort: number;
  readonly logDir: string;
}

export interface ClusterProcess extends BrokerProcess {
  readonly nodes: readonly ClusterNode[];
  /** In order, as SIGTERM does. */
  stopNode(id: number): Promise<void>;
  /** On the data that it had; resolves when it serves clients. */
  startNode(id: number): Promise<void>;
}
