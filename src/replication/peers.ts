/** What a broker's replicas need of the other nodes. A broker that is alone needs none of it. */
import type { ControllerChannel } from '../controller-channel';
import type { BrokerStandings } from './isr-rules';
import type { PeerEndpoint } from './replica-fetcher';

export interface Peers {
  readonly channel: ControllerChannel;
  readonly brokers: BrokerStandings;
  /** Of this broker's registration; -1 before it. */
  brokerEpoch(): number;
  /** False when the controller may have given this broker's leaderships to others without its knowing. */
  isConfirmed(): boolean;
  /** Where the broker is for other brokers; null when the metadata does not tell (yet). */
  endpointOf(brokerId: number): PeerEndpoint | null;
}

export interface ReplicationSettings {
  /** replica.lag.time.max.ms */
  readonly maxLagMs: number;
  /** replica.fetch.wait.max.ms */
  readonly maxWaitMs: number;
  /** replica.fetch.min.bytes */
  readonly minBytes: number;
  /** replica.fetch.max.bytes */
  readonly maxBytes: number;
  /** replica.fetch.response.max.bytes */
  readonly responseMaxBytes: number;
  /** replica.fetch.backoff.ms */
  readonly backoffMs: number;
  /** replica.socket.timeout.ms */
  readonly socketTimeoutMs: number;
}

/** Kafka's defaults. */
export const DEFAULT_REPLICATION: ReplicationSettings = {
  maxLagMs: 30_000,
  maxWaitMs: 500,
  minBytes: 1,
  maxBytes: 1_048_576,
  responseMaxBytes: 10_485_760,
  backoffMs: 1000,
  socketTimeoutMs: 30_000,
};

/** Before it knows of any other broker. */
export const NO_PEERS: Peers = {
  channel: {
    call: () => {
      throw new Error('no controller channel: this broker was put together without peers');
    },
  },
  brokers: { epochOf: () => -1, isActive: () => false },
  brokerEpoch: () => -1,
  isConfirmed: () => true,
  endpointOf: () => null,
};
