/** The parts that each flow is made of, by its settings. */
import { GroupOffsetSync } from '../preserve/group-offset-sync';
import { preservingWriters } from '../preserve/preserving-writer';
import { TopicSync } from '../topics/topic-sync';
import type { FlowEquipment } from './flow';
import type { FlowContext } from './flow-part';

export function flowEquipment(context: FlowContext): FlowEquipment {
  const topics = new TopicSync(context);
  if (!context.settings.preservesOffsets) return { discovery: topics, parts: [topics], writerOf: null };
  const groups = new GroupOffsetSync(context);
  return { discovery: topics, parts: [topics, groups], writerOf: preservingWriters(context) };
}
