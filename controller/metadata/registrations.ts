/** Nodes as they have registered. Values: a change makes another one. */
import type { VersionRange } from './supported-features';

export interface RegisteredEndpoint {
  /** The listener's name. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL. */
  readonly securityProtocol: number;
}

export interface BrokerRegistration {
  readonly id: number;
  readonly epoch: number;
  readonly incarnationId: string;
  readonly listeners: readonly RegisteredEndpoint[];
  readonly features: ReadonlyMap<string, VersionRange>;
  readonly rack: string | null;
  readonly fenced: boolean;
  readonly inControlledShutdown: boolean;
  readonly isMigratingZkBroker: boolean;
  /** Online log directories. */
  readonly directories: readonly string[];
  /** Directories that get no new replicas; null when the broker does not say. (KIP-1066) */
  readonly cordonedDirectories: readonly string[] | null;
}

export interface ControllerRegistration {
  readonly id: number;
  readonly incarnationId: string;
  readonly zkMigrationReady: boolean;
  readonly listeners: readonly RegisteredEndpoint[];
  readonly features: ReadonlyMap<string, VersionRange>;
}

type ListedFeature = {
  readonly name: string;
  readonly minSupportedVersion: number;
  readonly maxSupportedVersion: number;
};

export function featureRanges(features: readonly ListedFeature[]): ReadonlyMap<string, VersionRange> {
  return new Map(features.map(({ name, minSupportedVersion: min, maxSupportedVersion: max }) => [name, { min, max }]));
}
