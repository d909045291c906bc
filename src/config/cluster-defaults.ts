/** What a local cluster of several nodes has for defaults: three copies of everything, two of which must have a record. */
import type { ConfigLayer } from './layers';

const FACTOR_KEYS = [
  'default.replication.factor',
  'offsets.topic.replication.factor',
  'transaction.state.log.replication.factor',
  'share.coordinator.state.topic.replication.factor',
] as const;
const MIN_ISR_KEYS = [
  'min.insync.replicas',
  'transaction.state.log.min.isr',
  'share.coordinator.state.topic.min.isr',
] as const;

/** With fewer nodes there are as many copies as nodes. */
export function clusterDefaults(nodes: number): ConfigLayer {
  const factor = String(Math.min(3, nodes));
  const minIsr = String(Math.min(2, nodes));
  return {
    origin: 'the defaults of a local cluster',
    isImplied: true,
    texts: new Map([
      ...FACTOR_KEYS.map((key) => [key, factor] as const),
      ...MIN_ISR_KEYS.map((key) => [key, minIsr] as const),
    ]),
  };
}
