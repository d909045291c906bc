/** The few lines that `moldau server` prints when it is ready: where it is, what an ack is worth, what to try next. */
import { resolve } from 'node:path';
import type { RunningBroker, RunningListener } from '../running-broker';
import { isEveryInterface } from '../config/listeners';

export interface BannerFacts {
  readonly version: string;
  readonly nodeId: number;
  readonly startMs: number;
  /** Its quorum has other nodes, or may have: an ack is a matter of several replicas. */
  readonly isOneOfSeveral: boolean;
  /** log.flush.before.ack. */
  readonly flushBeforeAck: boolean;
  readonly controllerListenerNames: readonly string[];
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/i;

export function banner(broker: RunningBroker, facts: BannerFacts): string {
  const isController = ({ name }: RunningListener) => facts.controllerListenerNames.includes(name);
  const first = broker.listeners.find((listener) => !isController(listener));
  const rows: (readonly [string, string])[] = [
    ...broker.listeners.map(
      (listener) => [isController(listener) ? 'controller' : 'clients', listenerText(listener)] as const,
    ),
    ['cluster', `${broker.clusterId}, node ${facts.nodeId}`],
    ...(broker.metrics === null ? [] : [['metrics', `${broker.metrics.url}/metrics, /healthz, /readyz`] as const]),
    ['data', broker.logDirs.map((directory) => resolve(directory)).join(', ')],
  ];
  if (first !== undefined) {
    rows.push(['an ack', ackText(facts)]);
    rows.push(['elsewhere', elsewhereText(first, broker.listeners)]);
    const address = hostPort(first.advertisedHost, first.advertisedPort);
    rows.push(['try', `echo hello | kcat -P -b ${address} -t greetings && kcat -C -b ${address} -t greetings -e`]);
    rows.push(['', `kafka-topics.sh --bootstrap-server ${address} --list`]);
  }
  const head = `moldau ${facts.version} is ready after ${Math.round(facts.startMs)} ms`;
  return `${head}\n${rows.map(([name, text]) => `  ${name.padEnd(11)}${text}\n`).join('')}`;
}

/** What an acknowledged record survives; `docs/` has the whole tables, of a single node and of a cluster. */
function ackText({ isOneOfSeveral, flushBeforeAck }: BannerFacts): string {
  if (isOneOfSeveral) {
    return flushBeforeAck
      ? 'with acks=all comes after every replica in sync has flushed the record (log.flush.before.ack=true)'
      : 'with acks=all means that every replica in sync has the record, flushed or not; log.flush.before.ack=true waits for that';
  }
  return flushBeforeAck
    ? 'comes after the disk has flushed: the record survives kill -9 and power loss (log.flush.before.ack=true)'
    : 'survives kill -9 of this process, not power loss; log.flush.before.ack=true makes it survive that too';
}

function listenerText(listener: RunningListener): string {
  const told = hostPort(listener.advertisedHost, listener.advertisedPort);
  const bound = isEveryInterface(listener.host)
    ? `every interface, port ${listener.port}`
    : hostPort(listener.host, listener.port);
  return bound === told ? `${told} (${listener.name})` : `${told} (${listener.name}, bound to ${bound})`;
}

function elsewhereText(listener: RunningListener, all: readonly RunningListener[]): string {
  if (!LOOPBACK.test(listener.advertisedHost)) {
    return `clients connect to ${hostPort(listener.advertisedHost, listener.advertisedPort)}, which must resolve where they run`;
  }
  const advertised = `--override advertised.listeners=${listener.name}://<name of this host>:${listener.port}`;
  if (isEveryInterface(listener.host)) return `clients are told localhost; on other machines they need ${advertised}`;
  const bind = all
    .map((each) => `${each.name}://${each === listener ? '' : bracketed(each.host)}:${each.port}`)
    .join(',');
  return `only this machine can connect; clients on others need --override listeners=${bind} ${advertised}`;
}

function hostPort(host: string, port: number): string {
  return `${bracketed(host)}:${port}`;
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
