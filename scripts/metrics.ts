/**
 * Writes the table of docs/metrics.md from the metrics of a node that runs, broker and controller in one:
 *
 *   node scripts/run-ts.cjs scripts/metrics.ts
 *
 * test/docs/metrics.test.ts fails when the page lags behind the code.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InlineWorkers } from '../log/node-workers';
import { NodeDisk } from '../log/node-disk';
import { makeTemporaryDirectory } from '../log/node-temporary-directory';
import { startBrokerNode } from '../src/broker';
import { buildBrokerConfig } from '../src/config/build-config';
import { withNodeDefaults } from '../src/config/layers';
import { silentLogger } from '../src/observe/silent-logger';
import { createNodeBaseEnv } from '../wire/base/node-env';
import type { MetricFamily } from '../wire/metrics/metric-family';
import { replacePart } from './differences';

export const METRICS_PAGE = join(__dirname, '../docs/metrics.md');

/** All metrics of a node that is broker and controller. */
export async function servedFamilies(): Promise<readonly MetricFamily[]> {
  const temporary = makeTemporaryDirectory('moldau-');
  const texts = new Map([
    ['listeners', 'PLAINTEXT://localhost:0,CONTROLLER://localhost:0'],
    ['log.dirs', temporary.path],
    ['metrics.listener', 'localhost:0'],
  ]);
  const built = buildBrokerConfig(withNodeDefaults([{ origin: 'scripts/metrics.ts', texts }]));
  if (!built.ok) throw new Error(built.problems.join('\n'));
  const disk = new NodeDisk({ unsafeNoSync: true, isPrivate: true });
  const env = { ...createNodeBaseEnv({ logger: silentLogger }), disk, workers: new InlineWorkers() };
  try {
    const broker = await startBrokerNode(env, built.config);
    const families = broker.metrics?.families ?? [];
    await broker.stop();
    return families;
  } finally {
    temporary.remove();
  }
}

/** The page with its table renewed. */
export function renewedMetrics(page: string, families: readonly MetricFamily[]): string {
  const rows = families.map(({ name, type, labels = [], help, kafka }) => {
    const where = kafka === undefined ? '' : kafka.replace(/\|/g, '\\|');
    return `| \`${name}\` | ${type} | ${labels.join(', ')} | ${help.replace(/\|/g, '\\|')} | ${where} |\n`;
  });
  return replacePart(page, 'metrics', `| metric | type | labels | meaning | where Kafka has it |\n|---|---|---|---|---|\n${rows.join('')}`);
}

async function main(): Promise<void> {
  writeFileSync(METRICS_PAGE, renewedMetrics(readFileSync(METRICS_PAGE, 'utf8'), await servedFamilies()));
}

if (require.main === module) void main();
