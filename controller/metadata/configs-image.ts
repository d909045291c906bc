/**
 * Dynamic configs by resource. (KIP-226, KIP-339)
 *
 * Invariants: a resource without a key left is not there. Equal sets of configs are one object, since ten thousand topics
 * have a handful of different ones; a set never changes, a change replaces it.
 */
import type { ConfigRecord } from '../../wire/schema/metadata-records-settings';
import { ConfigResourceType, NO_CONFIGS, resourceKey, type ConfigResource, type Configs } from './config-resource';
import type { RecordedDelta } from './recorded-delta';

interface SharedConfigs {
  readonly configs: Configs;
  readonly text: string;
  references: number;
}

export class ConfigsImage {
  private readonly byResource = new Map<string, SharedConfigs>();
  private readonly shared = new Map<string, SharedConfigs>();

  /** The configs set on the resource itself; empty when there are none. */
  of(resource: ConfigResource): Configs {
    return this.byResource.get(resourceKey(resource))?.configs ?? NO_CONFIGS;
  }

  ofTopic(name: string): Configs {
    return this.of({ type: ConfigResourceType.topic, name });
  }

  /** '' gives the defaults of the cluster. */
  ofBroker(name: string): Configs {
    return this.of({ type: ConfigResourceType.broker, name });
  }

  /** Every resource with configs. */
  *all(): Iterable<{ readonly resource: ConfigResource; readonly configs: Configs }> {
    for (const [key, { configs }] of this.byResource) yield { resource: parseKey(key), configs };
  }

  set(record: ConfigRecord, delta: RecordedDelta | null): void {
    const resource = { type: record.resourceType, name: record.resourceName };
    const configs = new Map(this.of(resource));
    if (record.value === null) configs.delete(record.name);
    else configs.set(record.name, record.value);
    this.replace(resource, configs);
    delta?.noteConfig(resource);
  }

  /** What a deleted topic leaves behind. */
  remove(resource: ConfigResource, delta: RecordedDelta | null): void {
    if (!this.byResource.has(resourceKey(resource))) return;
    this.replace(resource, NO_CONFIGS);
    delta?.noteConfig(resource);
  }

  copy(): ConfigsImage {
    const copy = new ConfigsImage();
    for (const { resource, configs } of this.all()) copy.replace(resource, configs);
    return copy;
  }

  private replace(resource: ConfigResource, configs: Configs): void {
    const key = resourceKey(resource);
    const before = this.byResource.get(key);
    if (configs.size === 0) this.byResource.delete(key);
    else this.byResource.set(key, this.share(configs));
    if (before === undefined) return;
    before.references -= 1;
    if (before.references === 0) this.shared.delete(before.text);
  }

  private share(configs: Configs): SharedConfigs {
    const text = JSON.stringify([...configs].sort(([a], [b]) => (a < b ? -1 : 1)));
    const known = this.shared.get(text);
    if (known !== undefined) {
      known.references += 1;
      return known;
    }
    const fresh = { configs, text, references: 1 };
    this.shared.set(text, fresh);
    return fresh;
  }
}

function parseKey(key: string): ConfigResource {
  const colon = key.indexOf(':');
  return { type: Number(key.slice(0, colon)), name: key.slice(colon + 1) };
}
