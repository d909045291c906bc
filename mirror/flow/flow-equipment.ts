/** The parts that each flow is made of, by its settings. */
import { TopicSync } from '../topics/topic-sync';
import type { FlowEquipment } from './flow';
import type { FlowContext } from './flow-part';

export function flowEquipment(context: FlowContext): FlowEquipment {
  const topics = new TopicSync(context);
  return { discovery: topics, parts: [topics], writerOf: null };
}
