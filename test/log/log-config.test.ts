import {
  isCompacted,
  isDeleted,
  maxSegmentMs,
  resolveTopicConfig,
  segmentSizeBytes,
  topicKeys,
} from '../../log/log-config';
import { logServerKeys } from '../../log/log-server-config';

function broker(texts: Record<string, string> = {}) {
  const { config, problems } = logServerKeys.resolve(new Map(Object.entries(texts)));
  expect(problems).toEqual([]);
  return config;
}
const topic = (overrides: Record<string, string>, defaults: Record<string, string> = {}) =>
  resolveTopicConfig(broker(defaults), new Map(Object.entries(overrides)));

describe('topic configs', () => {
  test("have Apache Kafka 4.3's defaults, and ours", () => {
    expect(topic({})).toEqual({
      cleanupPolicy: ['delete'],
      retentionMs: 604800000,
      retentionBytes: -1,
      segmentBytes: 1073741824,
      segmentMs: 604800000,
      segmentJitterMs: 0,
      segmentIndexBytes: 10485760,
      indexIntervalBytes: 4096,
      flushMessages: Infinity,
      flushMs: Infinity,
      fileDeleteDelayMs: 60000,
      maxMessageBytes: 1048588,
      deleteRetentionMs: 86400000,
      minCompactionLagMs: 0,
      maxCompactionLagMs: Infinity,
      minCleanableDirtyRatio: 0.5,
      uncleanLeaderElectionEnable: false,
      minInsyncReplicas: 1,
      mirrorSource: '',
      compressionType: 'producer',
      compressionGzipLevel: -1,
      compressionLz4Level: 9,
      compressionZstdLevel: 3,
      preallocate: false,
      messageTimestampType: 'CreateTime',
      messageTimestampBeforeMaxMs: Infinity,
      messageTimestampAfterMaxMs: 3600000,
      leaderReplicationThrottledReplicas: [],
      followerReplicationThrottledReplicas: [],
      remoteStorageEnable: false,
      localRetentionMs: -2,
      localRetentionBytes: -2,
      remoteLogCopyDisable: false,
      remoteLogDeleteOnDisable: false,
      internalSegmentBytes: null,
    });
  });

  test("equal, without anything set, the defaults of the topic's own definitions", () => {
    const defaults = topic({});
    for (const key of topicKeys.keys) {
      const field = key.replace(/\.(.)/g, (_, letter: string) => letter.toUpperCase()) as keyof typeof defaults;
      expect({ key, value: defaults[field] }).toEqual({ key, value: topicKeys.find(key)?.default });
    }
  });

  test('take the override over the broker over the default', () => {
    expect(topic({}, { 'log.segment.bytes': '2097152' }).segmentBytes).toBe(2097152);
    expect(topic({ 'segment.bytes': '3145728' }, { 'log.segment.bytes': '2097152' }).segmentBytes).toBe(3145728);
  });

  test('prefer milliseconds to minutes to hours', () => {
    expect(topic({}, { 'log.retention.hours': '2' }).retentionMs).toBe(7200000);
    expect(topic({}, { 'log.retention.hours': '2', 'log.retention.minutes': '3' }).retentionMs).toBe(180000);
    const all = { 'log.retention.hours': '2', 'log.retention.minutes': '3', 'log.retention.ms': '4' };
    expect(topic({}, all).retentionMs).toBe(4);
    expect(topic({}, { 'log.retention.hours': '-1' }).retentionMs).toBe(-1);
    expect(topic({}, { 'log.roll.hours': '1' }).segmentMs).toBe(3600000);
    expect(topic({}, { 'log.flush.scheduler.interval.ms': '50' }).flushMs).toBe(50);
    expect(topic({}, { 'log.flush.scheduler.interval.ms': '50', 'log.flush.interval.ms': '7' }).flushMs).toBe(7);
  });

  test('pass over a stored override that no longer is allowed, and names nobody knows', () => {
    const config = topic({ 'segment.bytes': 'many', 'no.such.key': '1', 'retention.ms': '5' });
    expect(config.segmentBytes).toBe(1073741824);
    expect(config.retentionMs).toBe(5);
  });

  test('let tests use segments below the lower bound', () => {
    expect(segmentSizeBytes(topic({ 'internal.segment.bytes': '1024' }))).toBe(1024);
    expect(segmentSizeBytes(topic({}))).toBe(1073741824);
  });

  test('know what is compacted, what is deleted, and what is kept for ever', () => {
    const both = topic({ 'cleanup.policy': 'compact,delete' });
    expect([isCompacted(both), isDeleted(both)]).toEqual([true, true]);
    const keptForEver = topic({ 'cleanup.policy': '' });
    expect([isCompacted(keptForEver), isDeleted(keptForEver)]).toEqual([false, false]);
  });

  test("roll a compacted topic's segment within the largest compaction lag", () => {
    expect(maxSegmentMs(topic({ 'cleanup.policy': 'compact', 'max.compaction.lag.ms': '1000' }))).toBe(1000);
    expect(maxSegmentMs(topic({ 'max.compaction.lag.ms': '1000' }))).toBe(604800000);
  });
});
