/**
 * Bytes, names and filters of Apache Kafka's own MirrorMaker 2 classes, compared with ours. `mirror-formats.json` is what
 * MirrorFormats.java wrote; where Kafka is installed it is made afresh, and WRITE_GOLDEN=1 then writes the file anew.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { flowKeys } from '../../mirror/config/flow-keys';
import { mirrorSettings } from '../../mirror/config/mirror-settings';
import { decodeCheckpoint, encodeCheckpoint } from '../../mirror/formats/checkpoint';
import { decodeHeartbeat, encodeHeartbeat } from '../../mirror/formats/heartbeat';
import type { KeyAndValue } from '../../mirror/formats/key-and-value';
import { decodeOffsetSync, encodeOffsetSync } from '../../mirror/formats/offset-sync';
import { defaultPolicy } from '../../mirror/naming/default-policy';
import { identityPolicy } from '../../mirror/naming/identity-policy';
import { nameFilter } from '../../mirror/naming/name-filter';
import { originalTopic } from '../../mirror/naming/policy-names';
import { isReplicated } from '../../mirror/naming/topic-rules';
import { defaultText, parseConfig } from '../../wire/base/config-definition';
import { compileJava, jvmFlags } from '../support/java';
import { needs } from '../support/needs';

interface Row {
  readonly key: string;
  readonly value: string;
  readonly [field: string]: string | number;
}

interface PolicyRow {
  readonly identity: boolean;
  readonly separator: string;
  readonly internal: boolean;
  readonly offsetSyncsTopic: string;
  readonly checkpointsTopic: string;
  readonly heartbeatsTopic: string;
  readonly names: readonly { readonly topic: string; readonly [fact: string]: string | boolean | null }[];
}

interface Golden {
  readonly offsetSyncs: readonly Row[];
  readonly checkpoints: readonly Row[];
  readonly heartbeats: readonly Row[];
  readonly policies: readonly PolicyRow[];
  readonly filters: readonly {
    readonly include: string;
    readonly exclude: string;
    readonly names: readonly string[];
    readonly accepted: readonly string[];
  }[];
  readonly flowKeys: Readonly<Record<string, string | null>>;
  readonly otherKeys: readonly string[];
}

const file = join(__dirname, 'mirror-formats.json');
const golden = JSON.parse(readFileSync(file, 'utf8')) as Golden;

function expectRecords<T extends object>(
  rows: readonly Row[],
  encode: (value: T) => KeyAndValue,
  decode: (record: KeyAndValue) => T | null,
): void {
  expect(rows.length).toBeGreaterThan(0);
  for (const { key, value, ...fields } of rows) {
    const decoded = decode({ key: Buffer.from(key, 'hex'), value: Buffer.from(value, 'hex') });
    expect(decoded).toEqual(fields);
    const again = encode(decoded!);
    expect({ key: hex(again.key), value: hex(again.value) }).toEqual({ key, value });
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe("beside MirrorMaker 2's own classes", () => {
  test('offset syncs, checkpoints and heartbeats are the same bytes', () => {
    expectRecords(golden.offsetSyncs, encodeOffsetSync, decodeOffsetSync);
    expectRecords(golden.checkpoints, encodeCheckpoint, decodeCheckpoint);
    expectRecords(golden.heartbeats, encodeHeartbeat, decodeHeartbeat);
  });

  test('both policies give the same names, and the same topics are replicated from A to B', () => {
    for (const { identity, separator, internal, names, ...own } of golden.policies) {
      const settings = { separator, usesSeparatorInternally: internal };
      const policy = identity ? identityPolicy(settings, 'A') : defaultPolicy(settings);
      expect(own).toEqual({
        offsetSyncsTopic: policy.offsetSyncsTopic('B'),
        checkpointsTopic: policy.checkpointsTopic('A'),
        heartbeatsTopic: policy.heartbeatsTopic,
      });
      const topics = nameFilter(['.*'], flowKeys.definitions['topics.exclude'].default);
      const cluster = (alias: string) => ({ alias, bootstrap: [], clientId: '', requestTimeoutMs: 1 });
      const flow = { policy, topics, replicatesHeartbeats: true, source: cluster('A'), target: cluster('B') };
      const ours = names.map(({ topic }) => ({
        topic,
        remote: policy.formatRemoteTopic('A', topic),
        source: policy.topicSource(topic),
        upstream: policy.upstreamTopic(topic),
        original: originalTopic(policy, topic),
        isInternal: policy.isInternalTopic(topic),
        isHeartbeats: policy.isHeartbeatsTopic(topic),
        isReplicated: isReplicated(flow, topic),
      }));
      expect({ identity, separator, internal, names: ours }).toEqual({ identity, separator, internal, names });
    }
  });

  test('lists of patterns let the same names through', () => {
    const list = (text: string): readonly string[] => parseConfig('topics', { type: 'list' }, text).ok ? text.split(/\s*,\s*/).filter((each) => each !== '') : [];
    for (const { include, exclude, names, accepted } of golden.filters) {
      const filter = nameFilter(list(include), list(exclude));
      expect({ include, accepted: names.filter((name) => filter.accepts(name)) }).toEqual({ include, accepted });
    }
  });

  test('every key of MirrorMaker, Connect and the clients is known, and defaults are the same', () => {
    const ours = flowKeys.keys.filter((key) => key !== 'offsets.preserve');
    // A flow has to be enabled in a file, whatever the connector's own default.
    const wanted = Object.fromEntries(ours.map((key) => [key, key === 'enabled' ? 'false' : golden.flowKeys[key]]));
    expect(Object.fromEntries(ours.map((key) => [key, defaultText(flowKeys.find(key)!)]))).toEqual(wanted);
    const base = { clusters: 'A,B', 'A.bootstrap.servers': 'a:1', 'B.bootstrap.servers': 'b:1', 'A->B.enabled': 'true' };
    const skipped = /^(transforms|predicates|clusters|config\.providers|security\.protocol|internal\.)/;
    const flowTexts = Object.entries(golden.flowKeys).filter(([key]) => !skipped.test(key));
    const clientTexts = golden.otherKeys.filter((key) => !skipped.test(key)).map((key) => [`A.consumer.${key}`, '1'] as const);
    const given = new Map([...flowTexts.map(([key, text]) => [key, text ?? ''] as const), ...clientTexts, ...Object.entries(base)]);
    for (const key of ['A.consumer.bootstrap.servers', 'A.consumer.auto.offset.reset']) given.delete(key);
    const config = mirrorSettings(given);
    expect(config).toMatchObject({ ok: true });
    expect(config.warnings.filter((warning) => warning.includes('is not a key'))).toEqual([]);
  });
});

needs('kafka')('what Apache Kafka says now', () => {
  test('is what is kept here', () => {
    const classpath = compileJava(join(__dirname, 'MirrorFormats.java'));
    const args = [...jvmFlags(classpath, 256), 'org.apache.kafka.connect.mirror.MirrorFormats'];
    const result = spawnSync('java', args, { encoding: 'utf8', maxBuffer: 1 << 24 });
    if (result.status !== 0) throw new Error(result.stderr);
    if (process.env['WRITE_GOLDEN'] === '1') writeFileSync(file, result.stdout);
    expect(JSON.parse(result.stdout)).toEqual(JSON.parse(readFileSync(file, 'utf8')));
  });
});
