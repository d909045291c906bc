'use strict';
/** kafkajs as a client of the compatibility tests: produce, consume or member (see lines.cjs). */
const { createReadStream } = require('node:fs');
const { createInterface } = require('node:readline');
const { Kafka, Partitioners, logLevel } = require('kafkajs');
const { compressionType, registerCodecs } = require('./kafkajs-codecs.cjs');
const { options, recordLine, write } = require('./lines.cjs');

/** A request stays well below the largest batch that a broker takes by default. */
const MAX_SEND_CHARS = 300_000;

const kafka = new Kafka({
  clientId: options.clientId ?? 'kafkajs',
  brokers: options.bootstrap.split(','),
  logLevel: logLevel.ERROR,
  logCreator: () => (entry) => process.stderr.write(`${entry.log.message} ${entry.log.error ?? ''}\n`),
});

const text = (bytes) => (bytes === null || bytes === undefined ? null : bytes.toString());

const headersOf = (message) => Object.entries(message.headers ?? {}).map(([name, value]) => [name, text(value)]);

const line = (partition, message) =>
  recordLine(partition, message.offset, text(message.key), text(message.value), headersOf(message));

async function produce() {
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  let messages = [];
  let chars = 0;
  let count = 0;
  const flush = async () => {
    if (messages.length === 0) return;
    await producer.send({ topic: options.topic, acks: -1, compression: compressionType[options.codec], messages });
    count += messages.length;
    messages = [];
    chars = 0;
  };
  for await (const row of createInterface({ input: createReadStream(options.file) })) {
    const { k, v, h } = JSON.parse(row);
    const length = v === null ? 0 : v.length;
    if (chars + length > MAX_SEND_CHARS) await flush();
    messages.push({ key: k, value: v, headers: Object.fromEntries(h) });
    chars += length;
  }
  await flush();
  await producer.disconnect();
  write({ done: count });
}

async function consume() {
  const consumer = kafka.consumer({ groupId: options.group, maxWaitTimeInMs: 200, maxBytesPerPartition: 1_100_000 });
  await consumer.connect();
  await consumer.subscribe({ topics: [options.topic], fromBeginning: true });
  let count = 0;
  await new Promise((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    void consumer.run({
      eachBatch: async ({ batch }) => {
        for (const message of batch.messages) write(line(batch.partition, message));
        count += batch.messages.length;
        if (count >= options.expected) resolve();
      },
    });
  });
  await consumer.disconnect();
  write({ done: count });
}

async function member() {
  const consumer = kafka.consumer({
    groupId: options.group,
    sessionTimeout: 6000,
    heartbeatInterval: 500,
    rebalanceTimeout: 10_000,
    maxWaitTimeInMs: 200,
    maxBytesPerPartition: 1_100_000,
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [options.topic], fromBeginning: true });
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    write({ assigned: payload.memberAssignment[options.topic] ?? [] });
  });
  process.on(
    'SIGTERM',
    () =>
      void consumer
        .disconnect()
        .then(() => write({ done: 0 }))
        .then(() => process.exit(0)),
  );
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    eachBatch: async ({ batch, resolveOffset, heartbeat, isRunning, isStale }) => {
      const { topic, partition } = batch;
      if (!isRunning() || isStale() || batch.messages.length === 0) return;
      for (const message of batch.messages) {
        write(line(partition, message));
        resolveOffset(message.offset);
      }
      const offset = String(Number(batch.lastOffset()) + 1);
      await consumer.commitOffsets([{ topic, partition, offset }]);
      write({ committed: { [partition]: Number(offset) } });
      await heartbeat();
    },
  });
}

write({ pid: process.pid });
registerCodecs()
  .then(() => ({ produce, consume, member })[options.role]())
  .catch((reason) => {
    process.stderr.write(`${reason.stack ?? reason}\n`);
    process.exit(1);
  });
