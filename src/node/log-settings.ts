/** The log manager's settings out of the broker's configuration. */
import type { LogManagerSettings } from '../../log/log-manager';
import type { BrokerConfig } from '../config/broker-config';

/** Descriptors for segments; the rest of a usual limit of 1,024 and up is for sockets and the quorum. */
const MAX_OPEN_SEGMENT_FILES = 4096;

export function logManagerSettings(config: BrokerConfig): Omit<LogManagerSettings, 'configOf' | 'directoryFailed'> {
  return {
    maxOpenSegmentFiles: MAX_OPEN_SEGMENT_FILES,
    retentionCheckIntervalMs: config.get('log.retention.check.interval.ms'),
    flushSchedulerIntervalMs: flushIntervalMs(config),
    recoveryPointIntervalMs: config.get('log.flush.offset.checkpoint.interval.ms'),
    logStartIntervalMs: config.get('log.flush.start.offset.checkpoint.interval.ms'),
    highWatermarkIntervalMs: config.get('replica.high.watermark.checkpoint.interval.ms'),
    producerIdExpirationMs: config.get('producer.id.expiration.ms'),
    isForReplicas: (directory) => config.logDirs.includes(directory),
  };
}

/**
 * How often unflushed logs are looked at. Kafka looks only every log.flush.scheduler.interval.ms, by default never, so that
 * flush.ms alone does nothing there; here a topic's flush.ms is seen to within a second.
 */
function flushIntervalMs(config: BrokerConfig): number {
  const scheduled = config.get('log.flush.scheduler.interval.ms');
  return Number.isFinite(scheduled) ? scheduled : 1000;
}
