import { mkdtempSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { WatchedBroker, HOST } from './watched-broker';
import { startAttacker } from './attack/side-process';
import { createTopic } from './client/topics';
import { WireConnection } from './client/wire-connection';
import { freePorts } from '../test/support/free-ports';
async function main() {
  const dir = mkdtempSync('/tmp/mem-');
  const [port] = (await freePorts(1)) as [number];
  const broker = await WatchedBroker.start({
    dir,
    port,
    properties: {
      'log.retention.bytes': '20000000',
      'log.retention.check.interval.ms': '1000',
      'log.segment.bytes': '16777216',
      'log.initial.task.delay.ms': '1000',
      'log.segment.delete.delay.ms': '1000',
    },
    track: () => undefined,
  });
  const c = await WireConnection.open(HOST, port);
  await createTopic(c, { name: 'wide', partitions: 100, configs: { 'retention.bytes': '1000000' } });
  const before = await broker.look();
  console.log('before', before);
  const end = await startAttacker(
    (process.argv[2] ?? 'huge-frames') as never,
    { host: HOST, port, bulkTopic: 'bulk', wideTopic: 'wide' },
    () => undefined,
  );
  for (let i = 0; i < 20; i++) {
    await delay(250);
    const l = await broker.look();
    console.log(
      Object.entries(l)
        .map(([k, v]) => k + ' ' + (v > 1000 ? (v / 1e6).toFixed(0) + 'M' : v.toFixed(1)))
        .join(', '),
      'peak',
      (broker.takePeakRss() / 1e6).toFixed(0),
    );
  }
  await end();
  for (let i = 0; i < 3; i++) {
    await delay(500);
    const l = await broker.look();
    console.log('after', l);
  }
  await broker.stop('SIGKILL');
  rmSync(dir, { recursive: true });
  process.exit();
}
void main();
