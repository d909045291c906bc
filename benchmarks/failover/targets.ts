/** The clusters of three that the failover is measured on, seen alike: who they are, and how one of them dies and comes back. */
import type { Child } from '../../test/support/child';
import { startKafkaCluster } from '../../test/support/kafka-cluster';
import { MoldauCluster } from '../../test/support/moldau-cluster';
import type { NodePlace } from '../../test/support/cluster-process';
import { JVM_FLAGS } from '../targets/kafka-target';
import type { SplitNetwork } from './split-network';

export type TargetName = 'moldau' | 'kafka';

export interface FailoverTarget {
  readonly nodes: readonly { readonly id: number; readonly host: string; readonly port: number }[];
  child(id: number): Child;
  /** On the data that it had; resolves when it serves clients. */
  start(id: number): Promise<void>;
  dispose(): Promise<void>;
}

interface Placed {
  readonly placeOf?: (id: number) => NodePlace;
}

/** Bounded files: hundreds of rounds write for an hour. */
const PROPERTIES = { 'log.segment.bytes': String(64 * 1024 * 1024), 'log.retention.bytes': String(128 * 1024 * 1024) };
/** Half of what Kafka's own scripts give it: three share this machine with their clients. */
const KAFKA_HEAP_MB = 512;

/** `network`: each node in its own, instead of all on loopback. */
export function startTarget(name: TargetName, network: SplitNetwork | null): Promise<FailoverTarget> {
  const place = network === null ? {} : { placeOf: (id: number) => network.placeOf(id) };
  return name === 'moldau' ? moldau(place) : kafka(place);
}

async function moldau(place: Placed): Promise<FailoverTarget> {
  const cluster = await MoldauCluster.start({ properties: PROPERTIES, ...place });
  return {
    nodes: cluster.nodes,
    child: (id) => {
      const { child } = cluster.node(id);
      if (child === null) throw new Error(`node ${id} was never started`);
      return child;
    },
    start: (id) => cluster.node(id).start(),
    dispose: () => cluster.dispose(),
  };
}

async function kafka(place: Placed): Promise<FailoverTarget> {
  const heap = [`-Xmx${KAFKA_HEAP_MB}M`, `-Xms${KAFKA_HEAP_MB}M`];
  const cluster = await startKafkaCluster({ ...place, properties: PROPERTIES, jvmFlags: [...heap, ...JVM_FLAGS.split(' ')] });
  return {
    nodes: cluster.nodes,
    child: (id) => cluster.child(id),
    start: (id) => cluster.startNode(id),
    dispose: () => cluster.dispose(),
  };
}
