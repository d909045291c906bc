/** What dynamic configs belong to. */
export const ConfigResourceType = { topic: 2, broker: 4, brokerLogger: 8, clientMetrics: 16, group: 32 } as const;

export interface ConfigResource {
  readonly type: number;
  /** '' of a broker resource: the default of the whole cluster. */
  readonly name: string;
}

export type Configs = ReadonlyMap<string, string>;

export const NO_CONFIGS: Configs = new Map();

export function resourceKey(resource: ConfigResource): string {
  return `${resource.type}:${resource.name}`;
}
