/**
 * Apache Kafka as its own scripts start it: the JVM flags of kafka-run-class.sh, the heap of KAFKA_HEAP_OPTS. Its directory is
 * formatted once and copied for each start: formatting takes a JVM of its own and is not part of Kafka's start time.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../../test/support/free-ports';
import { log4jConfig, requireKafkaClasspath } from '../../test/support/peers';
import type { Resources } from '../resources';
import { startBrokerProcess } from './broker-process';
import { HOST, SAME_SETTINGS, type Target } from './target';

/** Of kafka-run-class.sh, by spaces. */
export const JVM_FLAGS =
  '-server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35 ' +
  '-XX:+ExplicitGCInvokesConcurrent -XX:MaxInlineLevel=15 -Djava.awt.headless=true';

/** Any cluster's id will do. */
const CLUSTER_ID = 'bW9sZGF1LWJlbmNobWFyaw';

export function kafkaTarget(resources: Resources, heapMb: number): Target {
  let template: string | null = null;
  const title = heapMb % 1024 === 0 ? `Kafka ${heapMb / 1024} GB` : `Kafka ${heapMb} MB`;
  return {
    name: `kafka-${heapMb}m`,
    title,
    async start({ prefix }) {
      template ??= format(resources.makeDir('kafka-template'));
      const dir = resources.makeDir('kafka');
      const [port, controllerPort] = (await freePorts(2)) as [number, number];
      const file = writeProperties(dir, port, controllerPort);
      cpSync(template, join(dir, 'logs'), { recursive: true });
      const heap = [`-Xmx${heapMb}M`, `-Xms${heapMb}M`];
      return startBrokerProcess(resources, {
        title,
        command: [...prefix, 'java', ...heap, ...JVM_FLAGS.split(' '), ...java(), 'kafka.Kafka', file],
        dir,
        port,
        stopSignal: 'SIGKILL',
      });
    },
  };
}

function java(): string[] {
  return [`-Dlog4j2.configurationFile=${log4jConfig()}`, '-cp', requireKafkaClasspath()];
}

function writeProperties(dir: string, port: number, controllerPort: number): string {
  const properties: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@${HOST}:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://${HOST}:${port},CONTROLLER://${HOST}:${controllerPort}`,
    'log.dirs': join(dir, 'logs'),
    ...SAME_SETTINGS,
  };
  const file = join(dir, 'server.properties');
  writeFileSync(
    file,
    Object.entries(properties)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  return file;
}

/** Returns the formatted log directory. */
function format(dir: string): string {
  mkdirSync(join(dir, 'logs'));
  const file = writeProperties(dir, 9092, 9093);
  const args = [...java(), 'kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', file];
  const { status, stderr, stdout } = spawnSync('java', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`formatting Kafka's directory: ${stdout}${stderr}`);
  return join(dir, 'logs');
}
