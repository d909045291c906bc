/** Requests, their errors and the time of each stage, by API; and the connections they come over. */
import { errorName } from '../../../wire/base/error-codes';
import { labelText, type MetricFamily } from '../../../wire/metrics/metric-family';
import { type MetricsSource, series } from '../../../wire/metrics/metrics-registry';
import type { SocketServer } from '../../network/listener';
import type { NetworkMetrics } from '../../network/network-metrics';
import { STAGES } from '../../network/request-metrics';

/** The broker's listeners and the controller's have one each. */
export interface NamedServer {
  readonly role: 'broker' | 'controller';
  readonly sockets: SocketServer;
}

const REQUESTS: MetricFamily = {
  name: 'kafka_network_requestmetrics_requests_total',
  type: 'counter',
  help: 'Requests handled, by API and by the role that was asked',
  kafka: 'kafka.network:type=RequestMetrics,name=RequestsPerSec,request=*',
  labels: ['role', 'request'],
};
const ERRORS: MetricFamily = {
  name: 'kafka_network_requestmetrics_errors_total',
  type: 'counter',
  help: 'Errors in answers, by API and error; an answer may hold one for each partition, and NONE is not counted',
  kafka: 'kafka.network:type=RequestMetrics,name=ErrorsPerSec,request=*,error=*',
  labels: ['role', 'request', 'error'],
};
const DURATIONS: MetricFamily = {
  name: 'moldau_request_duration_seconds',
  type: 'histogram',
  help:
    'Time that requests took by stage: queue (from the read to the handler), local (in the handler), remote (waiting for followers or records), ' +
    'response (until the system has taken the answer), total',
  kafka: 'kafka.network:type=RequestMetrics,name=RequestQueueTimeMs|LocalTimeMs|RemoteTimeMs|ResponseSendTimeMs|TotalTimeMs,request=*',
  labels: ['role', 'request', 'stage'],
};
const CONNECTIONS: MetricFamily = {
  name: 'moldau_connections',
  type: 'gauge',
  help: 'Connections that are open, by listener',
  kafka: 'kafka.server:type=socket-server-metrics,listener=* connection-count',
  labels: ['listener'],
};
const ACCEPTED: MetricFamily = {
  name: 'moldau_connections_accepted_total',
  type: 'counter',
  help: 'Connections accepted',
  kafka: 'kafka.server:type=socket-server-metrics,listener=* connection-creation-total',
  labels: ['role'],
};
const ENDED: MetricFamily = {
  name: 'moldau_connections_ended_total',
  type: 'counter',
  help: 'Connections that this side has ended: refused (over a limit), idle, malformed (bytes that are no request), stalled (a request that did not come on)',
  labels: ['role', 'reason'],
};
const ACCEPT_FAILURES: MetricFamily = {
  name: 'moldau_accept_failures_total',
  type: 'counter',
  help: 'Connections that the system could not give us, as for want of descriptors',
  labels: ['role'],
};
const NETWORK_IN: MetricFamily = { name: 'moldau_network_received_bytes_total', type: 'counter', help: 'Bytes received', labels: ['role'] };
const NETWORK_OUT: MetricFamily = { name: 'moldau_network_sent_bytes_total', type: 'counter', help: 'Bytes sent', labels: ['role'] };
const IN_FLIGHT: MetricFamily = { name: 'moldau_requests_in_flight', type: 'gauge', help: 'Requests under way', labels: ['role'] };

export function requestMetrics(servers: () => readonly NamedServer[]): readonly MetricsSource[] {
  const byRole = (family: MetricFamily, read: (metrics: NetworkMetrics) => number): MetricsSource =>
    series(family, () => servers().map(({ role, sockets }) => [labelText({ role }), read(sockets.metrics)]));
  return [
    series(REQUESTS, function* () {
      for (const { role, sockets } of servers())
        for (const { name, local } of sockets.requests.all()) yield [labelText({ role, request: name }), local.count];
    }),
    series(ERRORS, function* () {
      for (const { role, sockets } of servers())
        for (const { name, errors } of sockets.requests.all())
          for (const [code, count] of errors) yield [labelText({ role, request: name, error: errorName(code) }), count];
    }),
    durations(servers),
    series(CONNECTIONS, () => connections(servers())),
    byRole(ACCEPTED, ({ connectionsAccepted }) => connectionsAccepted),
    series(ENDED, function* () {
      for (const { role, sockets } of servers())
        for (const [reason, count] of endings(sockets.metrics)) yield [labelText({ role, reason }), count];
    }),
    byRole(ACCEPT_FAILURES, ({ acceptFailures }) => acceptFailures),
    byRole(NETWORK_IN, ({ receivedBytes }) => receivedBytes),
    byRole(NETWORK_OUT, ({ sentBytes }) => sentBytes),
    byRole(IN_FLIGHT, ({ requestsInFlight }) => requestsInFlight),
  ];
}

function durations(servers: () => readonly NamedServer[]): MetricsSource {
  return {
    families: [DURATIONS],
    *collect(out) {
      out.begin(DURATIONS);
      for (const { role, sockets } of servers()) {
        for (const api of sockets.requests.all()) {
          for (const stage of STAGES) out.addHistogram(labelText({ role, request: api.name, stage }), api[stage]);
          yield;
        }
      }
    },
  };
}

function connections(servers: readonly NamedServer[]): (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const { sockets } of servers) {
    for (const name of sockets.listenerNames) counts.set(name, counts.get(name) ?? 0);
    for (const { listenerName } of sockets.connections) counts.set(listenerName, (counts.get(listenerName) ?? 0) + 1);
  }
  return [...counts].map(([listener, count]) => [labelText({ listener }), count]);
}

function endings(metrics: NetworkMetrics): readonly (readonly [string, number])[] {
  const { connectionsRefused, connectionsIdleClosed, connectionsMalformed, connectionsStalled } = metrics;
  return [
    ['refused', connectionsRefused],
    ['idle', connectionsIdleClosed],
    ['malformed', connectionsMalformed],
    ['stalled', connectionsStalled],
  ];
}
