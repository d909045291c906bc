/** The data directory of a simulated node, for the check of replicas. */

import type { ReplicaDirectory } from '../../../support/replica-check';
import { DATA_DIRECTORY } from './cluster-config';
import type { SimNode } from './sim-cluster';

export function replicaDirectory({ id, host }: SimNode): ReplicaDirectory {
  const at = (path: string): string => (path === '' ? DATA_DIRECTORY : `${DATA_DIRECTORY}/${path}`);
  return {
    name: `node ${id}`,
    names: (path) => host.disk.names(at(path), 'current'),
    read: (path) => host.disk.currentContent(at(path)),
  };
}
