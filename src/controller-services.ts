/** What the handlers of the controller's listeners work with: the quorum and the controller of this node. */
import type { Controller } from '../controller/control/controller';
import type { MetadataImage } from '../controller/metadata/image';
import type { RaftNode } from '../controller/raft/raft-node';
import type { Env } from '../log/env';
import type { BrokerConfig } from './config/broker-config';

export interface ControllerServices {
  readonly env: Env;
  readonly config: BrokerConfig;
  readonly nodeId: number;
  readonly clusterId: string;
  readonly raft: RaftNode;
  readonly controller: Controller;
  /** The metadata as this node has applied it; null before the first. */
  readonly image: () => MetadataImage | null;
}
