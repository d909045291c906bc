/** Failover and failback between two real brokers in this process: what is promoted, what is lost, and what the receipt says. */
import type { DrillFiles } from '../../../mirror/drill/export-tail';
import { Failback } from '../../../mirror/drill/failback';
import { Failover } from '../../../mirror/drill/failover';
import type { FlowContext } from '../../../mirror/flow/flow-part';
import { startMirror, type Mirror } from '../../../mirror/mirror';
import { alterGroupOffsets, committedOffsets } from '../../../wire/group-admin';
import { mirrorSources } from '../../../mirror/preserve/mirror-mode';
import { ErrorCode } from '../../../wire/base/error-codes';
import { ClusterClient } from '../../../wire/cluster-client';
import { BatchView } from '../../../wire/record/batch';
import { decodeRecords } from '../../../wire/record/records';
import { until } from '../../support/until';
import { TwoClusters } from '../support/two-clusters';

let clusters: TwoClusters;
const mirrors: Mirror[] = [];
const IDENTITY = 'org.apache.kafka.connect.mirror.IdentityReplicationPolicy';
const said: string[] = [];

beforeAll(async () => {
  clusters = await TwoClusters.start();
});
afterAll(async () => {
  await Promise.all(mirrors.map((mirror) => mirror.stop()));
  await clusters.stop();
});
beforeEach(() => {
  said.length = 0;
});

function flow(topics: string, from: 'A' | 'B' = 'A'): FlowContext {
  return clusters.context(
    {
      topics,
      'offsets.preserve': 'true',
      'replication.policy.class': IDENTITY,
      'emit.heartbeats.enabled': 'false',
      'refresh.topics.interval.seconds': '1',
      'emit.checkpoints.interval.seconds': '1',
    },
    from,
  );
}

function mirror(context: FlowContext): Mirror {
  const { settings } = context;
  const started = startMirror(
    context.env,
    { clusters: new Map(), flows: [settings] },
    { storeIntervalMs: 200, sharing: { heartbeatMs: 100, sessionTimeoutMs: 6_000 } },
  );
  mirrors.push(started);
  return started;
}

const parts = (context: FlowContext) => ({ ...context, flow: context.settings, propertiesFile: 'my.properties', say: (line: string) => void said.push(line), timeoutMs: 20_000 });

function failover(context: FlowContext, options: Partial<ConstructorParameters<typeof Failover>[1]> = {}): Promise<void> {
  return new Failover(parts(context), { isSourceLost: false, areProducersStopped: false, isDryRun: false, ...options }).run();
}

class MemoryFiles implements DrillFiles {
  readonly files = new Map<string, Uint8Array>();
  writeNew(path: string, text: string): Promise<void> {
    this.files.set(path, Buffer.from(text));
    return Promise.resolve();
  }
  create(path: string) {
    const pieces: Uint8Array[] = [];
    return Promise.resolve({
      path,
      write: (bytes: Uint8Array) => Promise.resolve(void pieces.push(bytes.slice())),
      close: () => Promise.resolve(void this.files.set(path, Buffer.concat(pieces))),
    });
  }
  values(path: string): string[] {
    const bytes = this.files.get(path);
    if (bytes === undefined) throw new Error(`${path} was not written; there are ${[...this.files.keys()].join(', ')}`);
    const values: string[] = [];
    const batch = new BatchView();
    for (let at = 0; at < bytes.length; at += batch.sizeBytes) {
      for (const { value } of decodeRecords(batch.moveTo(bytes, at))) values.push(Buffer.from(value ?? []).toString());
    }
    return values;
  }
}

const write = (side: 'a' | 'b', topic: string, ...values: string[]) =>
  clusters.append(clusters[side], topic, 0, values.map((value) => ({ value: Buffer.from(value) })));

async function values(side: 'a' | 'b', topic: string): Promise<string[]> {
  return (await clusters.records(clusters[side], topic)).map(({ offset, value }) => `${offset}=${Buffer.from(value ?? []).toString()}`);
}

const copied = (topic: string, end: number) =>
  until(`${topic} is copied`, async () => {
    const [view] = await clusters.b.metadata([topic]);
    return view!.errorCode === 0 && (await clusters.b.listOffset(topic, 0, -1)) === end;
  });

describe('a planned failover', () => {
  test('freezes, catches up, moves groups, promotes; and the way back is the same again', async () => {
    await clusters.a.createTopic('plan', 1, 1);
    for (let i = 0; i < 5; i++) await write('a', 'plan', `a${i}`);
    await alterGroupOffsets(clusters.a, 'readers', [{ topic: 'plan', partition: 0, offset: 3, metadata: 'm' }]);
    const context = flow('plan');
    const running = mirror(context);
    await copied('plan', 5);
    await until('offsets of groups', async () => (await committedOffsets(clusters.b, 'readers'))[0]?.offset === 3);
    await running.stop();
    // What no mirror has copied is copied by the failover itself.
    await write('a', 'plan', 'late');
    await alterGroupOffsets(clusters.a, 'readers', [{ topic: 'plan', partition: 0, offset: 4, metadata: 'm' }]);
    await failover(context, { isDryRun: true });
    expect(said.join('\n')).toContain('Left to do: freeze, catch-up, groups, fence, record, promote');
    expect((await mirrorSources(clusters.b, ['plan'])).get('plan')).toBe('A');
    await failover(context);
    expect(await values('b', 'plan')).toEqual(await values('a', 'plan'));
    expect(await committedOffsets(clusters.b, 'readers')).toEqual([{ topic: 'plan', partition: 0, offset: 4, metadata: 'm' }]);
    await expect(write('a', 'plan', 'no')).rejects.toMatchObject({ errorCode: ErrorCode.POLICY_VIOLATION });
    expect(said.join('\n')).toContain('restart them; groups go on at the offsets that they had.\n');
    expect(said.at(-1)).toBe('When A is back: moldau mirror failback my.properties --from B --to A --dry-run');
    await write('b', 'plan', 'b0');
    // Done again, it does nothing.
    said.length = 0;
    await failover(context);
    expect(said.join('\n')).toContain('Every topic is promoted.');
    // Nothing parts the two: the receipt is empty.
    const files = new MemoryFiles();
    const receipt = await new Failback(parts(flow('plan', 'B')), files, { isDryRun: false, cuts: true }).run();
    expect(receipt.partitions[0]).toMatchObject({ promotedAt: 6, forkOffset: 6, lost: [], diverged: [], gaps: [], exported: null });
    expect(await values('a', 'plan')).toEqual(['0=a0', '1=a1', '2=a2', '3=a3', '4=a4', '5=late', '6=b0']);
    await failover(flow('plan', 'B'));
    await write('a', 'plan', 'a again');
    await expect(write('b', 'plan', 'no')).rejects.toMatchObject({ errorCode: ErrorCode.POLICY_VIOLATION });
  });
});

describe('a failover from a source that is lost', () => {
  test('has to be told that it is', async () => {
    await clusters.a.createTopic('silent', 1, 1);
    await write('a', 'silent', 'x');
    const context = flow('silent');
    const running = mirror(context);
    await copied('silent', 1);
    await running.stop();
    const gone = new ClusterClient(clusters.env, { bootstrap: [{ host: '127.0.0.1', port: 1 }], clientId: 'test', maxAttempts: 1 });
    await expect(failover({ ...context, source: gone })).rejects.toThrow(/^A does not answer .*--source-lost/);
    expect((await mirrorSources(clusters.b, ['silent'])).get('silent')).toBe('A');
    await failover({ ...context, source: gone }, { isSourceLost: true });
    expect(said.join('\n')).toContain('groups go on at their offsets that the mirror copied last');
    expect((await mirrorSources(clusters.b, ['silent'])).get('silent')).toBe('');
  });

  test('promotes what is there; failback exports what only the old primary had, and brings it up to date', async () => {
    await clusters.a.createTopic('lost', 1, 1);
    for (let i = 0; i < 4; i++) await write('a', 'lost', `both${i}`);
    const context = flow('lost');
    const running = mirror(context);
    await copied('lost', 4);
    await running.stop();
    await write('a', 'lost', 'only a', 'only a too');
    await write('a', 'lost', 'only a, last');
    await failover(context, { isSourceLost: true });
    await write('b', 'lost', 'b0');
    await write('b', 'lost', 'b1');
    const back = flow('lost', 'B');
    const dry = await new Failback(parts(back), new MemoryFiles(), { isDryRun: true, cuts: true }).run();
    expect(dry.partitions[0]).toMatchObject({ forkOffset: 4, lostRecords: 3, exported: null });
    await write('a', 'lost', 'a stray producer');
    const files = new MemoryFiles();
    const receipt = await new Failback(parts(back), files, { isDryRun: false, cuts: true }).run();
    expect(receipt.partitions).toEqual([
      {
        topic: 'lost',
        partition: 0,
        promotedAt: 4,
        primary: { logStartOffset: 0, logEndOffset: 8 },
        secondary: { logStartOffset: 0, logEndOffset: 6 },
        same: { fromOffset: 0, batches: 4, records: 4 },
        forkOffset: 4,
        lost: [{ fromOffset: 4, toOffset: 7 }],
        lostRecords: 4,
        diverged: [{ fromOffset: 4, toOffset: 5 }],
        gaps: [],
        restored: [],
        exported: { file: 'lost-0/00000000000000000004.log', bytes: expect.any(Number), batches: 3, records: 4 },
      },
    ]);
    expect(files.values('lost-0/00000000000000000004.log')).toEqual(['only a', 'only a too', 'only a, last', 'a stray producer']);
    expect(JSON.parse(Buffer.from(files.files.get('receipt.json')!).toString())).toEqual(receipt);
    expect(await values('a', 'lost')).toEqual(['0=both0', '1=both1', '2=both2', '3=both3', '4=b0', '5=b1']);
    expect(await values('b', 'lost')).toEqual(await values('a', 'lost'));
    // Once more: there is nothing left to export or to cut.
    const again = await new Failback(parts(back), new MemoryFiles(), { isDryRun: false, cuts: true }).run();
    expect(again.partitions[0]).toMatchObject({ forkOffset: 6, lost: [], diverged: [], restored: [], exported: null });
  });

  test('an old primary that lost records itself gets them back', async () => {
    await clusters.a.createTopic('behind', 1, 1);
    for (let i = 0; i < 4; i++) await write('a', 'behind', `${i}`);
    const context = flow('behind');
    const running = mirror(context);
    await copied('behind', 4);
    await running.stop();
    await failover(context, { isSourceLost: true });
    // The old primary comes back with half of its log.
    await clusters.a.ask('any', 'DeleteTopics', { topics: [{ name: 'behind', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }], timeoutMs: 10_000 });
    await clusters.a.createTopic('behind', 1, 1);
    await until('it is there again', async () => {
      try {
        await write('a', 'behind', '0');
        return true;
      } catch {
        return false;
      }
    });
    const receipt = await new Failback(parts(flow('behind', 'B')), new MemoryFiles(), { isDryRun: false, cuts: true }).run();
    expect(receipt.partitions[0]).toMatchObject({ forkOffset: 1, lost: [], restored: [{ fromOffset: 1, toOffset: 3 }] });
    expect(await values('a', 'behind')).toEqual(['0=0', '1=1', '2=2', '3=3']);
  });
});
