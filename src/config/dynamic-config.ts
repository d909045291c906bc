/**
 * The configuration in force: the static one with what the metadata log says for this broker and for all (KIP-226). It is
 * replaced as a whole; whoever holds an older one has what was in force then.
 */
import type { Logger } from '../../wire/base/env';
import { ConfigResourceType } from '../../controller/metadata/config-resource';
import type { MetadataDelta } from '../../controller/metadata/delta';
import type { MetadataImage } from '../../controller/metadata/image';
import type { BrokerConfig } from './broker-config';

const CLUSTER_DEFAULT = '';

export class DynamicConfig {
  private inForce: BrokerConfig;

  constructor(
    private readonly initial: BrokerConfig,
    private readonly logger: Logger,
  ) {
    this.inForce = initial;
  }

  get current(): BrokerConfig {
    return this.inForce;
  }

  /** Takes what changed of the broker's configs; a value that cannot be applied is said and the old one stays. */
  apply(delta: MetadataDelta, image: MetadataImage): void {
    const concerns = [...delta.changedConfigs()].some(({ type }) => type === ConfigResourceType.broker);
    if (!concerns) return;
    const ofBroker = (name: string): ReadonlyMap<string, string> =>
      image.configs.of({ type: ConfigResourceType.broker, name });
    const { config, problems } = this.initial.withDynamic(
      ofBroker(CLUSTER_DEFAULT),
      ofBroker(String(this.initial.nodeId)),
    );
    for (const problem of problems) this.logger.warn(problem);
    this.inForce = config;
  }
}
