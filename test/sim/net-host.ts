/** A simulated machine as the network sees it. */

import type { Connection, ConnectionEvents } from '../../wire/base/env';
import type { Owner } from './owner';
import type { SimProcess } from './process';

/** Ports that `listen` on port 0 and outgoing connections are given, from here up. */
const FIRST_FREE_PORT = 32768;

/** A port that a process (or a test, then without a process) listens on. */
export interface BoundPort {
  readonly port: number;
  readonly owner: Owner;
  readonly process: SimProcess | null;
  readonly accept: (connection: Connection) => ConnectionEvents;
  unbind(): void;
}

export interface NetHost {
  readonly name: string;
  readonly address: string;
  /** Whether the machine runs. One that does not answers nothing at all. */
  isUp: boolean;
  readonly listeners: Map<number, BoundPort>;
  /** Sockets that its processes may have; more is 'limit'. */
  maxConnections: number;
  connections: number;
  nextPort: number;
}

export function createNetHost(name: string, address: string): NetHost {
  return {
    name,
    address,
    isUp: true,
    listeners: new Map(),
    maxConnections: Infinity,
    connections: 0,
    nextPort: FIRST_FREE_PORT,
  };
}

export function takePort(host: NetHost): number {
  for (;;) {
    const port = host.nextPort;
    host.nextPort = port >= 65535 ? FIRST_FREE_PORT : port + 1;
    if (!host.listeners.has(port)) return port;
  }
}
