/** What the engine and its sides are given. */
import type { BaseEnv, Logger } from '../../wire/base/env';
import type { BrokerAddress, ClusterClient } from '../../wire/cluster-client';
import { PeerLink } from '../../wire/peer-link';
import type { CopyEvents } from '../flow/flow-partition';
import type { CopySettings } from './copy-settings';
import type { WriterFactory } from './partition-writer';

export interface EngineParts {
  readonly env: BaseEnv;
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
  return new PeerLink(env, { host, port, clientId, requestTimeoutMs, connectTimeoutMs: CONNECT_TIMEOUT_MS });
}
