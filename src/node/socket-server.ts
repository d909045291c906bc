/** The network floor with the broker's settings. Limits are read at each decision, since their keys are dynamic. */
import { heapMemory } from '../../wire/base/buffer-pool';
import type { InvariantViolation } from '../../wire/base/invariant';
import type { Env } from '../../log/env';
import type { DynamicConfig } from '../config/dynamic-config';
import type { RequestHandler } from '../network/request-handler';
import { SocketServer } from '../network/listener';

/** All unfinished requests together, while queued.max.request.bytes says nothing. */
const MAX_UNFINISHED_BYTES = 256 * 1024 * 1024;
/** Produce requests of one connection under way together: Kafka's clients keep five in flight. */
const MAX_OVERLAP = 64;

export function createSocketServer(
  env: Env,
  dynamic: DynamicConfig,
  handler: RequestHandler,
  invariantBroken: (violation: InvariantViolation) => void,
): SocketServer {
  const config = dynamic.current;
  const queuedBytes = config.get('queued.max.request.bytes');
  return new SocketServer({
    env: { ...env, logger: env.logger.child('network') },
    handler,
    memory: env.memory ?? heapMemory,
    maxRequestBytes: config.get('socket.request.max.bytes'),
    maxUnfinishedBytes: queuedBytes > 0 ? queuedBytes : MAX_UNFINISHED_BYTES,
    limits: {
      maxConnections: () => dynamic.current.get('max.connections'),
      maxConnectionsOf: (host) => maxConnectionsOf(dynamic, host),
    },
    maxIdleMs: () => dynamic.current.get('connections.max.idle.ms'),
    maxOverlap: MAX_OVERLAP,
    invariantBroken,
  });
}

/** max.connections.per.ip, or what max.connections.per.ip.overrides (`host:count,...`) says of this address. */
function maxConnectionsOf({ current }: DynamicConfig, host: string): number {
  const overrides = current.get('max.connections.per.ip.overrides') ?? '';
  for (const entry of overrides.split(',')) {
    const colon = entry.lastIndexOf(':');
    if (colon > 0 && entry.slice(0, colon).trim() === host) return Number(entry.slice(colon + 1));
  }
  return current.get('max.connections.per.ip');
}
