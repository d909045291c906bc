/**
 * What a failover has to do with each topic, told from what the target says of it. Pure: each step can be done again, and a
 * failover that was stopped goes on where it was.
 *
 * A topic's way: `mirroring` (mirror.source is the source's alias) -> `promoting` (`promoting:<alias>`: no mirror of any
 * process may append to it any more, and nobody else yet) -> `promoted` (no mirror.source, and a record of where each
 * partition ended).
 */
export type TopicStage = 'mirroring' | 'promoting' | 'promoted' | 'not-a-mirror';

export interface TopicState {
  readonly topic: string;
  readonly partitions: number;
  readonly mirrorSource: string;
  /** Partitions of which it is recorded where they ended when they were promoted. */
  readonly recorded: number;
}

export function promotingMark(alias: string): string {
  return `promoting:${alias}`;
}

export function stageOf({ mirrorSource, recorded, partitions }: TopicState, alias: string): TopicStage {
  if (mirrorSource === alias) return 'mirroring';
  if (mirrorSource === promotingMark(alias)) return 'promoting';
  return mirrorSource === '' && recorded >= partitions ? 'promoted' : 'not-a-mirror';
}

export interface FailoverOptions {
  /** Nobody asks the source: what it has beyond the copy is lost for now. */
  readonly isSourceLost: boolean;
  /** The source cannot be frozen (Apache Kafka), and its producers have been stopped by hand. */
  readonly areProducersStopped: boolean;
}

export type FailoverStep = 'freeze' | 'catch-up' | 'groups' | 'fence' | 'record' | 'promote';

/** The steps that are left, in order; each is done for all topics before the next. None when everything is promoted. */
export function stepsLeft(stages: readonly TopicStage[], options: FailoverOptions): FailoverStep[] {
  const isMirroring = stages.includes('mirroring');
  if (!isMirroring && !stages.includes('promoting')) return [];
  const steps: FailoverStep[] = [];
  if (isMirroring && !options.isSourceLost) steps.push('freeze', 'catch-up');
  if (!options.isSourceLost) steps.push('groups');
  if (isMirroring) steps.push('fence');
  return [...steps, 'record', 'promote'];
}
