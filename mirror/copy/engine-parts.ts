/** What the engine and its sides are given. */
import type { PoolMemory } from '../../wire/base/buffer-pool';
import type { BaseEnv, Logger } from '../../wire/base/env';
import type { BrokerAddress, ClusterClient } from '../../wire/cluster-client';
import { PeerLink } from '../../wire/peer-link';
import type { CopyEvents } from '../flow/flow-partition';
import type { CopySettings } from './copy-settings';
import type { WriterFactory } from './partition-writer';

/** Ports, and where answers that have not come whole are kept: the heap without it. */
export interface EngineEnv extends BaseEnv {
  readonly memory?: PoolMemory;
}

export interface EngineParts {
  readonly env: EngineEnv;
  readonly logger: Logger;
  readonly settings: CopySettings;
  readonly clientId: string;
  /** For metadata and offsets; records go over connections of the engine's own. */
  readonly source: ClusterClient;
  readonly target: ClusterClient;
  readonly events: CopyEvents;
  readonly writerOf: WriterFactory;
}

const CONNECT_TIMEOUT_MS = 10_000;

export function linkTo({ env, clientId, settings }: EngineParts, { host, port }: BrokerAddress): PeerLink {
  const { requestTimeoutMs } = settings;
  const options = { host, port, clientId, requestTimeoutMs, connectTimeoutMs: CONNECT_TIMEOUT_MS };
  return new PeerLink(env, env.memory === undefined ? options : { ...options, memory: env.memory });
}
