/** What the engine and its sides are given. */
import type { PoolMemory } from '../../wire/base/buffer-pool';
import type { BaseEnv, Logger } from '../../wire/base/env';
import { type BrokerAddress, type ClusterClient, MAX_ANSWER_BYTES } from '../../wire/cluster-client';
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

type LinkParts = Pick<EngineParts, 'env' | 'clientId' | 'settings'>;

const CONNECT_TIMEOUT_MS = 10_000;

export function linkTo({ env, clientId, settings }: LinkParts, { host, port }: BrokerAddress): PeerLink {
  const { requestTimeoutMs } = settings;
  const bounds = { connectTimeoutMs: CONNECT_TIMEOUT_MS, maxResponseBytes: MAX_ANSWER_BYTES };
  const options = { host, port, clientId, requestTimeoutMs, ...bounds };
  return new PeerLink(env, env.memory === undefined ? options : { ...options, memory: env.memory });
}
