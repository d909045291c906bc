/**
 * Copies partitions until nothing is left to copy, whether or not a mirror runs beside it: by compare-and-append both may.
 */
import { CopyEngine } from '../copy/copy-engine';
import { DEFAULT_COPY_SETTINGS } from '../copy/copy-settings';
import type { PositionBook, StoredPosition } from '../copy/ordinary-writer';
import type { FlowPartition, Trouble } from '../flow/flow-partition';
import { PreservingWriter } from '../preserve/preserving-writer';
import { DrillStopped, waitFor, type DrillParts } from './drill-parts';

export interface Gap {
  readonly topic: string;
  readonly partition: number;
  readonly fromOffset: number;
  readonly toOffset: number;
}

/** Until each partition has what is committed at its source now. Returns what had expired before it was copied. */
export async function catchUp(parts: DrillParts, partitions: readonly FlowPartition[]): Promise<Gap[]> {
  const { env, source, target, flow } = parts;
  const gaps: Gap[] = [];
  const troubles = new Map<string, string>();
  const nameOf = ({ targetTopic, partition }: FlowPartition): string => `${targetTopic}-${partition}`;
  const trouble = (partition: FlowPartition, what: Trouble): void => {
    if (what.kind === 'gap') gaps.push({ topic: partition.targetTopic, partition: partition.partition, fromOffset: what.fromOffset, toOffset: what.toOffset });
    else troubles.set(nameOf(partition), what.kind === 'refused' ? what.message : what.kind);
  };
  const positions = memoryBook();
  const firstOffset = (each: FlowPartition): Promise<number> => source.listOffset(each.sourceTopic, each.partition, -2);
  const writerParts = { env, source, target, positions, sourceAlias: flow.source.alias, firstOffset };
  const engine = new CopyEngine({
    env,
    logger: parts.logger.child('copy'),
    settings: DEFAULT_COPY_SETTINGS,
    clientId: flow.target.clientId,
    source,
    target,
    events: { copied: () => undefined, lag: () => undefined, trouble, recovered: (partition) => void troubles.delete(nameOf(partition)) },
    writerOf: (partition) => new PreservingWriter(writerParts, partition),
  });
  try {
    for (const partition of partitions) engine.add(partition);
    await waitFor(parts, () => `The copy has not caught up.${said(troubles)}`, async () => {
      const behind = await countBehind(parts, engine, partitions.length);
      if (behind > 0 && troubles.size >= behind) throw new DrillStopped(`The copy cannot go on.${said(troubles)}`);
      return behind === 0 ? true : null;
    });
  } finally {
    engine.close();
  }
  return gaps;
}

function said(troubles: ReadonlyMap<string, string>): string {
  return Array.from(troubles, ([name, what]) => ` ${name}: ${what}.`).join('');
}

async function countBehind({ source }: DrillParts, engine: CopyEngine, count: number): Promise<number> {
  let arrived = 0;
  for (const { partition, position } of engine.progress()) {
    const endOffset = await source.listOffset(partition.sourceTopic, partition.partition, -1, true);
    if (position >= endOffset) arrived++;
  }
  return count - arrived;
}

function memoryBook(): PositionBook {
  const stored = new Map<string, StoredPosition>();
  const keyOf = ({ targetTopic, partition }: FlowPartition): string => `${targetTopic}:${partition}`;
  return {
    get: (partition) => stored.get(keyOf(partition)) ?? null,
    store: (partition, position) => {
      stored.set(keyOf(partition), position);
      return Promise.resolve();
    },
  };
}
