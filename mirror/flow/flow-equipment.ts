/** The parts that each flow is made of, by its settings. */
import { CheckpointPart } from '../checkpoints/checkpoint-part';
import { heartbeatPart } from '../heartbeats/heartbeat-part';
import { groupOffsetSync } from '../preserve/group-offset-sync';
import { preservingWriters } from '../preserve/preserving-writer';
import { TopicSync } from '../topics/topic-sync';
import { OffsetSyncWriter } from '../translation/offset-sync-writer';
import type { FlowEquipment } from './flow';
import type { FlowContext, TopicDiscovery } from './flow-part';

/** Of a flow that is not enabled: it has heartbeats alone. */
const NOTHING: TopicDiscovery = { discover: () => Promise.resolve([]) };

export function flowEquipment(context: FlowContext): FlowEquipment {
  const heartbeats = heartbeatPart(context);
  if (!context.settings.isEnabled) return { discovery: NOTHING, parts: [heartbeats], writerOf: null };
  const topics = new TopicSync(context);
  if (context.settings.preservesOffsets) {
    const parts = [topics.configs, groupOffsetSync(context), heartbeats];
    return { discovery: topics, parts, writerOf: preservingWriters(context) };
  }
  const syncs = new OffsetSyncWriter(context);
  const checkpoints = new CheckpointPart({ ...context, flushSyncs: () => syncs.flush() });
  return { discovery: topics, parts: [topics.configs, syncs, checkpoints, heartbeats], writerOf: null };
}
