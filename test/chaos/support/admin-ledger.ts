/**
 * What administrators asked of a cluster, and what has to hold of it whatever was killed meanwhile: a CreateTopics is there
 * whole or not at all, a change of a resource's configs too, and what was acked is there.
 */
export type Outcome = 'acked' | 'unknown';

/** As Metadata and DescribeConfigs of one broker show it. */
export interface SeenTopic {
  /** Of each partition. */
  readonly replicas: readonly (readonly number[])[];
  /** What is set for this topic alone. */
  readonly configs: Readonly<Record<string, string>>;
}

export interface CreatedShape {
  readonly partitions: number;
  readonly replicas: number;
  readonly configs: Readonly<Record<string, string>>;
}

interface Change {
  readonly value: string;
  readonly outcome: Outcome;
}

export class AdminLedger {
  private readonly creations: { readonly topics: readonly string[]; readonly outcome: Outcome }[] = [];
  private readonly changes = new Map<string, Change[]>();

  constructor(
    private readonly shape: CreatedShape,
    /** Which a change sets, all to one value. */
    private readonly changedKeys: readonly string[],
  ) {}

  noteCreated(topics: readonly string[], outcome: Outcome): void {
    this.creations.push({ topics, outcome });
  }

  /** In the order in which one administrator asked; nobody else changes this resource, and after an unknown outcome nobody. */
  noteChanged(resource: string, value: string, outcome: Outcome): void {
    const own = this.changes.get(resource) ?? [];
    own.push({ value, outcome });
    this.changes.set(resource, own);
  }

  /** How many have this outcome. */
  creationsOf(outcome: Outcome): number {
    return this.creations.filter((each) => each.outcome === outcome).length;
  }

  changesOf(outcome: Outcome): number {
    return [...this.changes.values()].flat().filter((each) => each.outcome === outcome).length;
  }

  problems(seen: ReadonlyMap<string, SeenTopic>): readonly string[] {
    const ofCreations = this.creations.flatMap(({ topics, outcome }) => this.creationProblems(topics, outcome, seen));
    const ofChanges = [...this.changes].flatMap(([resource, changes]) => this.changeProblems(resource, changes, seen.get(resource)));
    return [...ofCreations, ...ofChanges];
  }

  private creationProblems(topics: readonly string[], outcome: Outcome, seen: ReadonlyMap<string, SeenTopic>): readonly string[] {
    const missing = topics.filter((name) => !seen.has(name));
    const problems = topics.flatMap((name) => this.shapeProblems(name, seen.get(name)));
    if (missing.length === topics.length && outcome === 'unknown') return [];
    if (missing.length > 0) problems.push(`${outcome} creation of ${topics.join(', ')}: ${missing.join(', ')} is not there`);
    return problems;
  }

  private shapeProblems(name: string, topic: SeenTopic | undefined): string[] {
    if (topic === undefined) return [];
    const { partitions, replicas, configs } = this.shape;
    const problems: string[] = [];
    if (topic.replicas.length !== partitions) problems.push(`${name} has ${topic.replicas.length} of ${partitions} partitions`);
    const thin = topic.replicas.find((ids) => new Set(ids).size !== replicas);
    if (thin !== undefined) problems.push(`${name} has a partition with the replicas ${thin.join(', ')} instead of ${replicas}`);
    for (const [key, value] of Object.entries(configs)) {
      if (topic.configs[key] !== value) problems.push(`${name} has ${key}=${topic.configs[key] ?? 'nothing'} instead of ${value}`);
    }
    return problems;
  }

  private changeProblems(resource: string, changes: readonly Change[], topic: SeenTopic | undefined): readonly string[] {
    if (topic === undefined) return [`${resource}, whose configs were changed, is not there`];
    const [value, ...others] = new Set(this.changedKeys.map((key) => topic.configs[key]));
    if (others.length > 0) return [`${resource} has parts of several changes: ${[value, ...others].map((each) => each ?? 'nothing').join(', ')}`];
    const lastAcked = changes.findLastIndex(({ outcome }) => outcome === 'acked');
    const allowed = changes.slice(Math.max(0, lastAcked)).map((change) => change.value);
    if (allowed.some((each) => each === value) || (lastAcked < 0 && value === undefined)) return [];
    return [`${resource} has ${value ?? 'nothing'}, and the last acked change and those after it are ${allowed.join(', ')}`];
  }
}
