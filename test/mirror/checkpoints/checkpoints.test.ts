import { CheckpointRound } from '../../../mirror/checkpoints/checkpoint-part';
import { isIdle, isNews } from '../../../mirror/checkpoints/checkpoint-core';
import type { FlowContext } from '../../../mirror/flow/flow-part';
import { decodeCheckpoint, encodeCheckpoint } from '../../../mirror/formats/checkpoint';
import { heartbeatPart } from '../../../mirror/heartbeats/heartbeat-part';
import { decodeHeartbeat } from '../../../mirror/formats/heartbeat';
import { encodeOffsetSync } from '../../../mirror/formats/offset-sync';
import { OffsetSyncWriter } from '../../../mirror/translation/offset-sync-writer';
import type { ClusterClient } from '../../../wire/cluster-client';
import { alterGroupOffsets, committedOffsets } from '../../../wire/group-admin';
import { until } from '../../support/until';
import { TwoClusters } from '../support/two-clusters';

describe('checkpoints', () => {
  let clusters: TwoClusters;
  const writers: OffsetSyncWriter[] = [];

  beforeEach(async () => {
    clusters = await TwoClusters.start();
  });
  afterEach(async () => {
    for (const writer of writers.splice(0)) writer.close();
    await clusters.stop();
  });

  function parts(
    properties: Readonly<Record<string, string>> = {},
    from: 'A' | 'B' = 'A',
  ): { context: FlowContext; writer: OffsetSyncWriter; round: CheckpointRound } {
    const context = clusters.context(properties, from);
    const writer = new OffsetSyncWriter(context);
    writers.push(writer);
    return { context, writer, round: new CheckpointRound({ ...context, flushSyncs: () => writer.flush() }) };
  }

  /** `count` records of orders at the source, and their copies, the first of which lies at `lead` on the target. */
  async function mirrored(
    writer: OffsetSyncWriter,
    source: ClusterClient,
    target: ClusterClient,
    copy: string,
    count: number,
    lead: number,
  ): Promise<void> {
    await source.createTopic('orders', 1, 1);
    await target.createTopic(copy, 1, 1);
    const records = Array.from({ length: count }, (_, i) => ({ value: Buffer.from(String(i)) }));
    if (lead > 0)
      await clusters.append(
        target,
        copy,
        0,
        Array.from({ length: lead }, () => ({ value: Buffer.from('before') })),
      );
    await clusters.append(source, 'orders', 0, records);
    const firstTargetOffset = await clusters.append(target, copy, 0, records);
    const [view] = await source.metadata(['orders']);
    writer.events.copied({
      partition: { sourceTopic: 'orders', sourceTopicId: view!.topicId, partition: 0, targetTopic: copy },
      ...{
        firstSourceOffset: 0,
        lastSourceOffset: count - 1,
        firstTargetOffset,
        lastTargetOffset: firstTargetOffset + count - 1,
      },
      ...{ isContiguous: true, bytes: 1, records: count, maxTimestampMs: 0 },
    });
  }

  async function commit(client: ClusterClient, group: string, topic: string, offset: number): Promise<void> {
    await alterGroupOffsets(client, group, [{ topic, partition: 0, offset, metadata: 'note' }]);
  }

  async function checkpoints(topic = 'A.checkpoints.internal') {
    const records = await clusters.records(clusters.b, topic);
    return records.map(({ key, value }) => decodeCheckpoint({ key: key!, value: value! })!);
  }

  test('say where a group goes on, exactly, and again when it has come farther or gone back', async () => {
    const { writer, round } = parts();
    await mirrored(writer, clusters.a, clusters.b, 'A.orders', 500, 20);
    await commit(clusters.a, 'g', 'orders', 123);
    await commit(clusters.a, 'console-consumer-1', 'orders', 5);
    await round.emit();
    await round.emit();
    await commit(clusters.a, 'g', 'orders', 500);
    await round.emit();
    await commit(clusters.a, 'g', 'orders', 7);
    await round.emit();
    const common = { group: 'g', topic: 'A.orders', partition: 0, metadata: 'note' };
    expect(await checkpoints()).toEqual([
      { ...common, upstreamOffset: 123, downstreamOffset: 143 },
      { ...common, upstreamOffset: 500, downstreamOffset: 520 },
      { ...common, upstreamOffset: 7, downstreamOffset: 27 },
    ]);
  });

  test("go on from MirrorMaker's syncs and checkpoints", async () => {
    const { round } = parts();
    await clusters.a.createTopic('orders', 1, 1);
    const sync = (upstreamOffset: number) =>
      encodeOffsetSync({ topic: 'orders', partition: 0, upstreamOffset, downstreamOffset: upstreamOffset });
    const written = {
      group: 'g',
      topic: 'A.orders',
      partition: 0,
      upstreamOffset: 150,
      downstreamOffset: 101,
      metadata: 'note',
    };
    for (const [client, topic] of [
      [clusters.a, 'mm2-offset-syncs.B.internal'],
      [clusters.b, 'A.checkpoints.internal'],
    ] as const)
      await client.createTopic(topic, 1, 1, { 'cleanup.policy': 'compact' });
    await clusters.append(clusters.a, 'mm2-offset-syncs.B.internal', 0, [sync(0), sync(100), sync(200)]);
    await clusters.append(clusters.b, 'A.checkpoints.internal', 0, [encodeCheckpoint(written)]);
    await commit(clusters.a, 'g', 'orders', 160);
    await round.emit();
    await commit(clusters.a, 'g', 'orders', 260);
    await round.emit();
    expect(await checkpoints()).toEqual([written, { ...written, upstreamOffset: 260, downstreamOffset: 201 }]);
  });

  test('give a topic that came from the target its own name and offsets back', async () => {
    // The flow B->A has copied orders of B into B.orders of A; a group has read there, and returns to B.
    const back = parts({}, 'B');
    await mirrored(back.writer, clusters.b, clusters.a, 'B.orders', 100, 10);
    await back.writer.flush();
    const { round } = parts({ 'sync.group.offsets.enabled': 'true' });
    await commit(clusters.a, 'g', 'B.orders', 60);
    await round.emit();
    expect(await checkpoints()).toEqual([
      { group: 'g', topic: 'orders', partition: 0, upstreamOffset: 60, downstreamOffset: 50, metadata: 'note' },
    ]);
    await round.syncGroups();
    expect(await committedOffsets(clusters.b, 'g')).toEqual([
      { topic: 'orders', partition: 0, offset: 50, metadata: 'note' },
    ]);
  });

  test('become offsets of groups without members on the target, never back', async () => {
    const { writer, round } = parts();
    await mirrored(writer, clusters.a, clusters.b, 'A.orders', 100, 0);
    for (const group of ['fresh', 'behind', 'ahead']) await commit(clusters.a, group, 'orders', 50);
    await commit(clusters.b, 'behind', 'A.orders', 20);
    await commit(clusters.b, 'ahead', 'A.orders', 90);
    await round.emit();
    await round.syncGroups();
    const offsets = async (group: string) => (await committedOffsets(clusters.b, group)).map(({ offset }) => offset);
    expect([await offsets('fresh'), await offsets('behind'), await offsets('ahead')]).toEqual([[50], [50], [90]]);
  });

  test('of a group that the target refuses are told once, and the other groups go on', async () => {
    const { writer, round } = parts();
    await mirrored(writer, clusters.a, clusters.b, 'A.orders', 100, 0);
    await clusters.a.createTopic('gone', 1, 1);
    const syncs = 'mm2-offset-syncs.B.internal';
    await clusters.a.createTopic(syncs, 1, 1);
    const sync = { topic: 'gone', partition: 0, upstreamOffset: 0, downstreamOffset: 0 };
    await clusters.append(clusters.a, syncs, 0, [encodeOffsetSync(sync)]);
    await commit(clusters.a, 'a-refused', 'gone', 1);
    await commit(clusters.a, 'b-good', 'orders', 50);
    await round.emit();
    await round.syncGroups();
    await round.syncGroups();
    expect((await committedOffsets(clusters.b, 'b-good')).map(({ offset }) => offset)).toEqual([50]);
    const told = clusters.told.filter((line) => line.includes('a-refused'));
    expect(told).toEqual([
      expect.stringMatching(/^warn group a-refused on B is left out: .*UNKNOWN_TOPIC_OR_PARTITION/),
    ]);
  });

  test('are left to groups that have members on the target', async () => {
    const { writer, round } = parts();
    await mirrored(writer, clusters.a, clusters.b, 'A.orders', 100, 0);
    await commit(clusters.a, 'busy', 'orders', 50);
    const protocols = [{ name: 'range', metadata: new Uint8Array(0) }];
    const join = {
      groupId: 'busy',
      sessionTimeoutMs: 30_000,
      rebalanceTimeoutMs: 30_000,
      protocolType: 'consumer',
      protocols,
    };
    const coordinator = await clusters.b.findCoordinator('busy');
    const { memberId } = await clusters.b.ask(coordinator, 'JoinGroup', { ...join, memberId: '' });
    expect(await clusters.b.ask(coordinator, 'JoinGroup', { ...join, memberId })).toMatchObject({ errorCode: 0 });
    await round.emit();
    await round.syncGroups();
    expect(await committedOffsets(clusters.b, 'busy')).toEqual([]);
  });

  test('are written for the first time, for a step back at the source and for a step on at the target', () => {
    const last = { group: 'g', topic: 't', partition: 0, upstreamOffset: 10, downstreamOffset: 5, metadata: '' };
    expect(isNews(last, undefined)).toBe(true);
    expect(isNews(last, last)).toBe(false);
    expect(isNews({ ...last, upstreamOffset: 9, downstreamOffset: 4 }, last)).toBe(true);
    expect(isNews({ ...last, upstreamOffset: 12, downstreamOffset: 4 }, last)).toBe(false);
    expect(isNews({ ...last, upstreamOffset: 12, downstreamOffset: 6 }, last)).toBe(true);
    expect([undefined, 'Empty', 'Dead', 'Stable', 'PreparingRebalance', ''].map(isIdle)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  test('have heartbeats beside them, which name the flow', async () => {
    const part = heartbeatPart(clusters.context());
    part.lead();
    await until(
      'a heartbeat',
      async () =>
        (await clusters.b.metadata(['heartbeats']))[0]!.errorCode === 0 &&
        (await clusters.b.listOffset('heartbeats', 0, -1)) > 0,
    );
    part.close();
    const [record] = await clusters.records(clusters.b, 'heartbeats');
    expect(decodeHeartbeat({ key: record!.key!, value: record!.value! })).toEqual({
      sourceAlias: 'A',
      targetAlias: 'B',
      timestampMs: record!.timestampMs,
    });
  });
});
