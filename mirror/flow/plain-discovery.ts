/** Which topics a flow copies, by their names; what is missing on the target is created with the source's partition count. */
import { ErrorCode } from '../../wire/base/error-codes';
import { ServerError } from '../../wire/broker-link';
import { isReplicated } from '../naming/topic-rules';
import type { FlowContext, TopicDiscovery } from './flow-part';
import type { FlowPartition } from './flow-partition';

export class PlainDiscovery implements TopicDiscovery {
  constructor(private readonly context: FlowContext) {}

  async discover(): Promise<readonly FlowPartition[]> {
    const { settings, source, target } = this.context;
    const partitions: FlowPartition[] = [];
    const known = new Map((await target.metadata(null)).map((view) => [view.name, view]));
    for (const view of await source.metadata(null)) {
      if (view.errorCode !== ErrorCode.NONE || !isReplicated(settings, view.name)) continue;
      const targetTopic = settings.policy.formatRemoteTopic(settings.source.alias, view.name);
      const there = known.get(targetTopic)?.leaders.length ?? 0;
      if (there === 0) await target.createTopic(targetTopic, view.leaders.length, settings.replicationFactor);
      else if (there < view.leaders.length) await this.addPartitions(targetTopic, view.leaders.length);
      for (let partition = 0; partition < view.leaders.length; partition++) {
        partitions.push({ sourceTopic: view.name, sourceTopicId: view.topicId, partition, targetTopic });
      }
    }
    return partitions;
  }

  private async addPartitions(name: string, count: number): Promise<void> {
    const topics = [{ name, count, assignments: null }];
    const request = { topics, timeoutMs: 30_000, validateOnly: false };
    const { results } = await this.context.target.ask('any', 'CreatePartitions', request);
    const errorCode = results[0]?.errorCode ?? ErrorCode.NONE;
    if (errorCode !== ErrorCode.NONE) throw new ServerError(errorCode, `CreatePartitions ${name}`);
  }
}
