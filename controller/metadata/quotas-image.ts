/** Client quotas by entity. (KIP-546) An entity names a user, a client id, both, or an ip; null is the default one. */
import type { ClientQuotaRecord } from '../../wire/schema/metadata-records-settings';
import { entityKey, type ClientQuotaEntity } from './client-quota-entity';
import type { RecordedDelta } from './recorded-delta';

export class QuotasImage {
  private readonly byEntity = new Map<
    string,
    { readonly entity: ClientQuotaEntity; readonly quotas: Map<string, number> }
  >();

  /** Quota key to value; empty when nothing is set. */
  of(entity: ClientQuotaEntity): ReadonlyMap<string, number> {
    return this.byEntity.get(entityKey(entity))?.quotas ?? new Map();
  }

  all(): Iterable<{ readonly entity: ClientQuotaEntity; readonly quotas: ReadonlyMap<string, number> }> {
    return this.byEntity.values();
  }

  set(record: ClientQuotaRecord, delta: RecordedDelta | null): void {
    const entity = new Map(record.entity.map(({ entityType, entityName }) => [entityType, entityName]));
    const key = entityKey(entity);
    const entry = this.byEntity.get(key) ?? { entity, quotas: new Map<string, number>() };
    if (record.remove) entry.quotas.delete(record.key);
    else entry.quotas.set(record.key, record.value);
    if (entry.quotas.size === 0) this.byEntity.delete(key);
    else this.byEntity.set(key, entry);
    delta?.noteQuota(entity);
  }

  copy(): QuotasImage {
    const copy = new QuotasImage();
    for (const [key, { entity, quotas }] of this.byEntity) copy.byEntity.set(key, { entity, quotas: new Map(quotas) });
    return copy;
  }
}
