import { TopicSync } from '../../../mirror/topics/topic-sync';
import { alterTopicConfigs, describeTopicConfigs } from '../../../wire/cluster-admin';
import type { ClusterClient } from '../../../wire/cluster-client';
import { until } from '../../support/until';
import { TwoClusters } from '../support/two-clusters';

const NO_ID = 'AAAAAAAAAAAAAAAAAAAAAA';

describe('the topics of a flow', () => {
  let clusters: TwoClusters;
  const parts: TopicSync[] = [];

  beforeAll(async () => {
    clusters = await TwoClusters.start();
  });
  beforeEach(() => void clusters.told.splice(0));
  afterEach(() => {
    for (const part of parts.splice(0)) part.configs.close();
  });
  afterAll(() => clusters.stop());

  function topicSync(properties: Readonly<Record<string, string>>): TopicSync {
    const part = new TopicSync(clusters.context(properties));
    parts.push(part);
    return part;
  }

  async function ownConfigs(client: ClusterClient, topic: string): Promise<Record<string, string | null>> {
    const configs = (await describeTopicConfigs(client, [topic])).get(topic) ?? [];
    return Object.fromEntries(configs.filter(({ source }) => source === 1).map(({ name, value }) => [name, value]));
  }

  test("are created with the source's partitions and own configs, the excluded ones aside", async () => {
    await clusters.a.createTopic('orders', 3, 1, {
      'retention.ms': '1000',
      'cleanup.policy': 'compact',
      'min.insync.replicas': '1',
    });
    await clusters.a.createTopic('other', 1, 1);
    const partitions = await topicSync({ topics: 'orders' }).discover();
    const [view] = await clusters.a.metadata(['orders']);
    expect(partitions).toEqual(
      [0, 1, 2].map((partition) => ({
        sourceTopic: 'orders',
        sourceTopicId: view!.topicId,
        partition,
        targetTopic: 'A.orders',
      })),
    );
    expect(await ownConfigs(clusters.b, 'A.orders')).toEqual({ 'retention.ms': '1000', 'cleanup.policy': 'compact' });
    expect(clusters.told).toEqual(['info created topic A.orders on B with 3 partitions']);
  });

  test('grow with the source', async () => {
    await clusters.a.createTopic('growing', 1, 1);
    const part = topicSync({ topics: 'growing' });
    await part.discover();
    await clusters.a.ask('any', 'CreatePartitions', {
      topics: [{ name: 'growing', count: 3, assignments: null }],
      timeoutMs: 5000,
      validateOnly: false,
    });
    await until('three partitions on the source', async () => (await clusters.a.metadata(['growing']))[0]!.leaders.length === 3);
    expect(await part.discover()).toHaveLength(3);
    expect(clusters.told.at(-1)).toBe('info topic A.growing on B has 3 partitions now');
    await until('three partitions on the target', async () => (await clusters.b.metadata(['A.growing']))[0]!.leaders.length === 3);
  });

  test('are told when they are gone, and when they are created again', async () => {
    await clusters.a.createTopic('passing', 1, 1);
    const part = topicSync({ topics: 'passing' });
    const [before] = await part.discover();
    await clusters.a.ask('any', 'DeleteTopics', { topics: [{ name: 'passing', topicId: NO_ID }], timeoutMs: 5000 });
    await until('the topic is gone', async () => (await part.discover()).length === 0);
    expect(clusters.told.at(-1)).toBe(
      'warn topic passing of A is gone or not asked for any more; its copy A.passing stays as it is',
    );
    await clusters.a.createTopic('passing', 1, 1);
    const [after] = await part.discover();
    expect(after!.sourceTopicId).not.toBe(before!.sourceTopicId);
  });

  test('that the target refuses are left out and told once, and the others go on', async () => {
    await clusters.a.createTopic('wide', 1, 1);
    const part = topicSync({ topics: 'wide', 'replication.factor': '3' });
    expect(await part.discover()).toEqual([]);
    expect(await part.discover()).toEqual([]);
    expect(clusters.told).toEqual([expect.stringMatching(/^error cannot mirror into A\.wide: .*replication factor.*\. Lower replication\.factor in the property file\.$/i)]);
  });

  test('take over changed configs, and give back those that the source has by default', async () => {
    await clusters.a.createTopic('changing', 1, 1, { 'retention.ms': '1000' });
    await topicSync({ topics: 'changing' }).discover();
    await alterTopicConfigs(clusters.b, new Map([['A.changing', [{ name: 'segment.ms', value: '5000' }]]]));
    await alterTopicConfigs(clusters.a, new Map([['changing', [{ name: 'retention.ms', value: '2000' }]]]));
    const part = topicSync({ topics: 'changing', 'sync.topic.configs.interval.seconds': '1' });
    part.configs.lead();
    await until('its configs are told', async () => clusters.told.some((line) => line.startsWith('info configs of A.changing')));
    expect(await ownConfigs(clusters.b, 'A.changing')).toEqual({ 'retention.ms': '2000' });
    expect(clusters.told.at(-1)).toBe(
      'info configs of A.changing on B: retention.ms=2000, segment.ms back to its default',
    );
  });
});
