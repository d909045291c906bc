/** Whose quota it is. */
/** Entity type ("user", "client-id", "ip") to name; null: the default entity of that type. */
export type ClientQuotaEntity = ReadonlyMap<string, string | null>;

export function entityKey(entity: ClientQuotaEntity): string {
  return JSON.stringify([...entity].sort(([a], [b]) => (a < b ? -1 : 1)));
}
