/**
 * Records what Apache Kafka's own broker says about configs, into describe-configs.json:
 *
 *   node scripts/run-ts.cjs test/golden/record-configs.ts
 *
 * Needs the peers of scripts/peers/install.sh. `configs.test.ts` holds our answers against the file.
 */
import { writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { type ApiName, apis, responseHeaderVersion } from '../../wire/api-keys';
import { decode, encode } from '../../wire/codec';
import { decodeResponseHeader, encodeRequestHeader } from '../../wire/header';
import { startKafkaPeer } from '../support/kafka-peer';
import { ALTERED, CREATED, DESCRIBED, STATIC } from './config-scenario';

type Row = Readonly<Record<string, unknown>>;

async function main(): Promise<void> {
  const kafka = await startKafkaPeer({ properties: STATIC });
  try {
    const port = Number(kafka.bootstrap.split(':')[1]);
    const created = await ask(port, 'CreateTopics', 7, { topics: CREATED, timeoutMs: 10_000, validateOnly: false });
    await ask(port, 'IncrementalAlterConfigs', 1, { resources: ALTERED, validateOnly: false });
    // Dynamic values take effect when the broker has replayed them.
    let described = await describe(port);
    for (let tries = 0; tries < 1000 && !isInForce(described); tries += 1) described = await describe(port);
    const recorded = { created: created['topics'], described: described['results'] };
    // One line for each config, so that a difference between releases is seen.
    const text = JSON.stringify(recorded, replacer).replaceAll(',{"name"', ',\n{"name"');
    writeFileSync(join(__dirname, 'describe-configs.json'), `${text}\n`);
  } finally {
    await kafka.dispose();
  }
}

/** The plain topic, described first, has the broker's dynamic value. */
function isInForce(described: Row): boolean {
  const [plain] = described['results'] as readonly Row[];
  const configs = plain?.['configs'] as readonly Row[];
  return configs.some(({ name, value }) => name === 'max.message.bytes' && value === '77777');
}

function describe(port: number): Promise<Row> {
  return ask(port, 'DescribeConfigs', 4, { resources: DESCRIBED, includeSynonyms: true, includeDocumentation: false });
}

/** Values that differ from run to run are left out. */
function replacer(key: string, value: unknown): unknown {
  return ['topicId', 'documentation', 'throttleTimeMs'].includes(key) ? undefined : value;
}

async function ask(port: number, name: ApiName, version: number, body: Row): Promise<Row> {
  const api = apis[name];
  const header = encodeRequestHeader(api, version, 1, 'recorder');
  const frame = Buffer.concat([header, encode(api.request as never, version, body as never)]);
  const size = Buffer.alloc(4);
  size.writeInt32BE(frame.length);
  const response = await exchange(port, Buffer.concat([size, frame]));
  const { bodyOffset } = decodeResponseHeader(response, responseHeaderVersion(api, version));
  return decode(api.response as never, version, response.subarray(bodyOffset)) as Row;
}

function exchange(port: number, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ port, host: '127.0.0.1' }, () => void socket.write(request));
    let received = Buffer.alloc(0);
    socket.on('error', reject);
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes]);
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
      socket.destroy();
      resolve(received.subarray(4));
    });
  });
}

void main();
