/** Where a flow's offset syncs lie (KIP-716), and how they are read from there. */
import { DecodeError } from '../../wire/base/errors';
import type { ClusterClient } from '../../wire/cluster-client';
import type { DecodedRecord } from '../../wire/record/records';
import type { FlowContext } from '../flow/flow-part';
import { decodeOffsetSync } from '../formats/offset-sync';
import { decodeRunHeader } from '../formats/run-header';
import { type TailTaker, TopicTail } from '../topics/topic-tail';
import type { OffsetSyncStore } from './offset-sync-store-core';

export interface TopicPlace {
  readonly client: ClusterClient;
  readonly topic: string;
}

export function offsetSyncPlace({ settings, source, target }: FlowContext): TopicPlace {
  const { policy, offsetSyncsLocation } = settings;
  if (offsetSyncsLocation === 'source')
    return { client: source, topic: policy.offsetSyncsTopic(settings.target.alias) };
  return { client: target, topic: policy.offsetSyncsTopic(settings.source.alias) };
}

/** Those of the flow back, which tell where the source's copies of the target's topics came from; null when they lie elsewhere. */
export function offsetSyncPlaceBack({ settings, target }: FlowContext): TopicPlace | null {
  if (settings.offsetSyncsLocation === 'target') return null;
  return { client: target, topic: settings.policy.offsetSyncsTopic(settings.source.alias) };
}

export class OffsetSyncReader implements TailTaker {
  private readonly tail: TopicTail;

  constructor(
    { client, topic }: TopicPlace,
    readonly store: OffsetSyncStore,
  ) {
    this.tail = new TopicTail(client, topic);
  }

  readToEnd(): Promise<void> {
    return this.tail.readToEnd(this);
  }

  record({ key, value, headers }: DecodedRecord): void {
    if (key === null || value === null) return;
    try {
      this.store.add(decodeOffsetSync({ key, value }), decodeRunHeader(headers));
    } catch (error) {
      // Somebody else's record in this topic; MirrorMaker would stop at it.
      if (!(error instanceof DecodeError)) throw error;
    }
  }

  restart(): void {
    this.store.clear();
  }
}
