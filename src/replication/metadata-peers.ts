/** The other brokers as the metadata has them, and the settings by which they are followed. */
import type { ControllerChannel } from '../controller-channel';
import type { BrokerConfig } from '../config/broker-config';
import { endpointOf, type MetadataCache } from '../metadata/metadata-cache';
import type { MoveThrottle } from './directory-moves';
import type { Peers, ReplicationSettings } from './peers';
import type { ThrottleBounds, ThrottleSettings } from './replication-throttles';

export interface PeersParts {
  readonly metadata: MetadataCache;
  readonly channel: ControllerChannel;
  /** The listener at which brokers reach each other. */
  readonly listenerName: string | null;
  /** Of this broker's registration; -1 before it. */
  brokerEpoch(): number;
  /** False when the controller may have fenced this broker without its knowing. */
  isConfirmed(): boolean;
}

export function peersOf({ metadata, channel, listenerName, brokerEpoch, isConfirmed }: PeersParts): Peers {
  const registrationOf = (brokerId: number) => metadata.image.cluster.brokers.get(brokerId);
  return {
    channel,
    brokerEpoch,
    isConfirmed,
    brokers: {
      epochOf: (brokerId) => {
        const broker = registrationOf(brokerId);
        return broker === undefined || broker.fenced ? -1 : broker.epoch;
      },
      isActive: (brokerId) => {
        const broker = registrationOf(brokerId);
        return broker !== undefined && !broker.fenced && !broker.inControlledShutdown;
      },
    },
    endpointOf: (brokerId) => {
      const broker = registrationOf(brokerId);
      return broker === undefined || listenerName === null ? null : endpointOf(broker, listenerName);
    },
  };
}

/** What the config in force says of throttled replicas. */
export function throttleSettingsOf(current: () => BrokerConfig): ThrottleSettings {
  const config = current();
  const window = {
    samples: config.get('replication.quota.window.num'),
    sampleMs: config.get('replication.quota.window.size.seconds') * 1000,
  };
  const bounds = (): ThrottleBounds => ({
    leaderRate: current().get('leader.replication.throttled.rate'),
    followerRate: current().get('follower.replication.throttled.rate'),
  });
  return { window, bounds };
}

/** What the config in force says of moves between the directories of a broker. */
export function moveThrottleOf(current: () => BrokerConfig): MoveThrottle {
  const config = current();
  const window = {
    samples: config.get('alter.log.dirs.replication.quota.window.num'),
    sampleMs: config.get('alter.log.dirs.replication.quota.window.size.seconds') * 1000,
  };
  return { window, rate: () => current().get('replica.alter.log.dirs.io.max.bytes.per.second') };
}

export function replicationSettingsOf(config: BrokerConfig): ReplicationSettings {
  return {
    maxLagMs: config.get('replica.lag.time.max.ms'),
    maxWaitMs: config.get('replica.fetch.wait.max.ms'),
    minBytes: config.get('replica.fetch.min.bytes'),
    maxBytes: config.get('replica.fetch.max.bytes'),
    responseMaxBytes: config.get('replica.fetch.response.max.bytes'),
    backoffMs: config.get('replica.fetch.backoff.ms'),
    socketTimeoutMs: config.get('replica.socket.timeout.ms'),
  };
}
