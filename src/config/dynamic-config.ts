/**
 * The configuration in force, for parts of the broker that live longer than one version of it. `current` is replaced as a
 * whole when the metadata log brings dynamic values (KIP-226); who needs to act on a change watches it.
 */
import type { Logger } from '../../wire/base/env';
import type { BrokerConfig } from './broker-config';

export type ConfigWatcher = (now: BrokerConfig, before: BrokerConfig) => void;

export class DynamicConfig {
  private readonly watchers = new Set<ConfigWatcher>();
  private inForce: BrokerConfig;

  constructor(
    config: BrokerConfig,
    private readonly logger: Logger,
  ) {
    this.inForce = config;
  }

  get current(): BrokerConfig {
    return this.inForce;
  }

  /** Takes over the values that the metadata log has for the cluster's default and for this broker. */
  apply(dynamicDefault: ReadonlyMap<string, string>, dynamicBroker: ReadonlyMap<string, string>): void {
    const before = this.inForce;
    const { config, problems } = before.withDynamic(dynamicDefault, dynamicBroker);
    for (const problem of problems) this.logger.error(`a dynamic configuration is passed over: ${problem}`);
    if (config === before) return;
    this.inForce = config;
    for (const watcher of this.watchers) watcher(config, before);
  }

  /** Returns the function that ends the watching. */
  watch(watcher: ConfigWatcher): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }
}
