/** The features that a broker or a controller registers with: what it can run at. */
import { SUPPORTED_FEATURES } from '../../controller/metadata/supported-features';
import type { BrokerRegistrationRequest } from '../../wire/schema/broker';

export function registeredFeatures(): BrokerRegistrationRequest['features'] {
  return [...SUPPORTED_FEATURES].map(([name, { min, max }]) => ({
    name,
    minSupportedVersion: min,
    maxSupportedVersion: max,
  }));
}
