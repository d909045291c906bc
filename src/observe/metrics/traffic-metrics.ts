/** Records and bytes by topic, and between brokers. */
import { labelText, type MetricFamily } from '../../../wire/metrics/metric-family';
import { type MetricsSource, numbers, series } from '../../../wire/metrics/metrics-registry';
import type { TopicTraffic, Traffic } from '../../replication/traffic';

const topicCounter = (name: string, help: string, kafka: string): MetricFamily => ({ name, type: 'counter', help, kafka, labels: ['topic'] });

const RECORDS_IN = topicCounter(
  'kafka_server_brokertopicmetrics_messagesin_total',
  'Records that producers have appended here',
  'kafka.server:type=BrokerTopicMetrics,name=MessagesInPerSec,topic=*',
);
const BYTES_IN = topicCounter(
  'kafka_server_brokertopicmetrics_bytesin_total',
  'Bytes of them, as they came',
  'kafka.server:type=BrokerTopicMetrics,name=BytesInPerSec,topic=*',
);
const BYTES_OUT = topicCounter(
  'kafka_server_brokertopicmetrics_bytesout_total',
  'Bytes that consumers have been given',
  'kafka.server:type=BrokerTopicMetrics,name=BytesOutPerSec,topic=*',
);
const RECORDS_OUT: MetricFamily = {
  name: 'moldau_topic_records_out_total',
  type: 'counter',
  help: 'Offsets that consumers have been given, to within a few kilobytes of each answer that its size cut off',
  labels: ['topic'],
};
const REPLICATED_IN: MetricFamily = {
  name: 'kafka_server_brokertopicmetrics_replicationbytesin_total',
  type: 'counter',
  help: 'Bytes copied from leaders elsewhere',
  kafka: 'kafka.server:type=BrokerTopicMetrics,name=ReplicationBytesInPerSec',
};
const REPLICATED_OUT: MetricFamily = {
  name: 'kafka_server_brokertopicmetrics_replicationbytesout_total',
  type: 'counter',
  help: 'Bytes given to followers elsewhere',
  kafka: 'kafka.server:type=BrokerTopicMetrics,name=ReplicationBytesOutPerSec',
};

export function trafficMetrics(traffic: Traffic): readonly MetricsSource[] {
  const byTopic = (family: MetricFamily, read: (topic: TopicTraffic) => number): MetricsSource =>
    series(family, function* () {
      for (const [topic, counts] of traffic.all()) yield [labelText({ topic }), read(counts)];
    });
  return [
    byTopic(RECORDS_IN, ({ recordsIn }) => recordsIn),
    byTopic(BYTES_IN, ({ bytesIn }) => bytesIn),
    byTopic(RECORDS_OUT, ({ recordsOut }) => recordsOut),
    byTopic(BYTES_OUT, ({ bytesOut }) => bytesOut),
    numbers([
      [REPLICATED_IN, () => traffic.replication.bytesIn],
      [REPLICATED_OUT, () => traffic.replication.bytesOut],
    ]),
  ];
}
