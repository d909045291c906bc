/** The features that a broker or a controller registers with: what it can run at. */
import { FAST_SESSION_FEATURE } from '../../controller/metadata/fast-session';
import { SUPPORTED_FEATURES } from '../../controller/metadata/supported-features';
import type { BrokerConfig } from '../config/broker-config';
import type { BrokerRegistrationRequest } from '../../wire/schema/broker';

export function registeredFeatures(isFast = false): BrokerRegistrationRequest['features'] {
  const features = [...SUPPORTED_FEATURES].map(([name, { min, max }]) => ({
    name,
    minSupportedVersion: min,
    maxSupportedVersion: max,
  }));
  return isFast ? [...features, { name: FAST_SESSION_FEATURE, minSupportedVersion: 0, maxSupportedVersion: 1 }] : features;
}

/** Whether the broker heartbeats several times a second. Whoever sets Kafka's interval or session has chosen Kafka's pace. */
export function hasFastHeartbeats(config: BrokerConfig): boolean {
  return !config.isSet('broker.heartbeat.interval.ms') && !config.isSet('broker.session.timeout.ms');
}
