import { mkdtempSync, rmSync } from 'node:fs';
import { WatchedBroker, HOST } from './watched-broker';
import { createTopic } from './client/topics';
import { WireConnection } from './client/wire-connection';
import { freePorts } from '../test/support/free-ports';
import { apis } from '../wire/api-keys';
import { encodeBatch } from '../wire/record/records';
import { crc32cPortable } from '../wire/record/crc32c';
import { cpuSeconds } from './process-stat';
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
  const t = await createTopic(c, { name: 'wide', partitions: 100, configs: { 'retention.bytes': '1000000' } });
  const one = process.argv[2] === 'one';
  const value = Buffer.alloc(one ? 1000 : 1048576 - 1000, 0x61);
  const n = one ? 1000 : 1;
  const records = encodeBatch(
    { records: Array.from({ length: n }, () => ({ key: null, value, timestampMs: Date.now() })) },
    crc32cPortable,
  );
  const pd = Array.from({ length: 99 }, (_, index) => ({ index, records }));
  for (let i = 0; i < 6; i++) {
    await broker.look();
    const t0 = performance.now();
    const c0 = cpuSeconds(broker.pid)!;
    const r = await c.call(apis.Produce, {
      transactionalId: null,
      acks: 1,
      timeoutMs: 30_000,
      topicData: [{ name: 'wide', topicId: t.id, partitionData: pd }],
    });
    const l = await broker.look();
    console.log(
      'took',
      (performance.now() - t0).toFixed(0),
      'cpu',
      (cpuSeconds(broker.pid)! - c0).toFixed(2),
      'err',
      r.responses[0]?.partitionResponses[0]?.errorCode,
      'longest',
      l.maxMs.toFixed(0),
      'rss',
      (l.rss / 1e6).toFixed(0),
      'peak',
      (broker.takePeakRss() / 1e6).toFixed(0),
    );
  }
  await broker.stop('SIGKILL');
  rmSync(dir, { recursive: true });
  process.exit();
}
void main();
