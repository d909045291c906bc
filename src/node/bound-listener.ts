/** A listener as it was configured, with the port that it got. */
import type { Listener } from '../../wire/base/env';
import { SECURITY_PROTOCOLS, type ListenerConfig } from '../config/listeners';
import type { SocketServer } from '../network/listener';
import type { RunningListener } from '../running-broker';

export interface BoundListener {
  readonly config: ListenerConfig;
  readonly listener: Listener;
}

/** Rejects with a BindError. */
export async function boundListener(sockets: SocketServer, config: ListenerConfig): Promise<BoundListener> {
  return { config, listener: await sockets.listen(config.name, config.host, config.port) };
}

export function runningListener({ config, listener }: BoundListener): RunningListener {
  return {
    name: config.name,
    host: config.host,
    port: listener.port,
    advertisedHost: config.advertisedHost,
    advertisedPort: config.advertisedPort === 0 ? listener.port : config.advertisedPort,
  };
}

/** As a node registers it; the number of the protocol is its place in Kafka's list. */
export function registeredListener(bound: BoundListener): {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly securityProtocol: number;
} {
  const { name, advertisedHost, advertisedPort } = runningListener(bound);
  const securityProtocol = SECURITY_PROTOCOLS.indexOf(bound.config.securityProtocol);
  return { name, host: advertisedHost, port: advertisedPort, securityProtocol };
}
