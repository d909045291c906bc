'use strict';
/** kcat, and so librdkafka, as a client of the compatibility tests: produce, consume or member (see lines.cjs). */
const { spawn } = require('node:child_process');
const { createReadStream } = require('node:fs');
const { once } = require('node:events');
const { createInterface } = require('node:readline');
const { options, recordLine, write } = require('./lines.cjs');

const KEY_DELIMITER = '\t';

function kcat(...args) {
  const child = spawn('kcat', ['-b', options.bootstrap, ...args]);
  child.stdin.on('error', () => {
    // It has ended; its exit code tells why.
  });
  write({ pid: child.pid });
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return child;
}

const ended = async (child) => {
  const [code, signal] = await once(child, 'close');
  if (code !== 0 && signal === null) process.exitCode = 1;
};

async function produce() {
  const child = kcat(
    ...['-P', '-t', options.topic, '-K', KEY_DELIMITER, '-Z', '-z', options.codec, '-H', 'from=kcat'],
    ...[
      '-X',
      'enable.idempotence=true',
      '-X',
      'message.max.bytes=1040000',
      '-X',
      'linger.ms=20',
      '-X',
      'queue.buffering.max.kbytes=65536',
    ],
  );
  child.stderr.pipe(process.stderr);
  const end = ended(child);
  let count = 0;
  for await (const row of createInterface({ input: createReadStream(options.file) })) {
    const { k, v } = JSON.parse(row);
    if (!child.stdin.write(`${k ?? ''}${KEY_DELIMITER}${v ?? ''}\n`)) await once(child.stdin, 'drain');
    count++;
  }
  child.stdin.end();
  await end;
  write({ done: count });
}

function printRecords(child) {
  let count = 0;
  const rows = createInterface({ input: child.stdout });
  rows.on('line', (row) => {
    const { partition, offset, key, payload, headers } = JSON.parse(row);
    write(recordLine(partition, offset, key, payload, pairs(headers ?? [])));
    count++;
  });
  return once(rows, 'close').then(() => count);
}

/** kcat prints names and values of headers in one flat list. */
function pairs(flat) {
  return Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index], flat[2 * index + 1]]);
}

async function consume() {
  const child = kcat('-C', '-t', options.topic, '-o', 'beginning', '-e', '-J', '-q', '-X', 'fetch.wait.max.ms=200');
  child.stderr.pipe(process.stderr);
  const end = ended(child);
  const count = await printRecords(child);
  await end;
  write({ done: count });
}

async function member() {
  const child = kcat(
    ...['-G', options.group, '-J', '-u', '-X', 'auto.offset.reset=earliest', '-X', 'session.timeout.ms=6000'],
    ...[
      '-X',
      'heartbeat.interval.ms=500',
      '-X',
      'auto.commit.interval.ms=200',
      '-X',
      'fetch.wait.max.ms=200',
      options.topic,
    ],
  );
  createInterface({ input: child.stderr }).on('line', (row) => {
    const assigned = /rebalanced.*: assigned: (.*)$/.exec(row);
    if (assigned === null) process.stderr.write(`${row}\n`);
    else write({ assigned: [...assigned[1].matchAll(/\[(\d+)\]/g)].map(([, partition]) => Number(partition)) });
  });
  const end = ended(child);
  await printRecords(child);
  await end;
  write({ done: 0 });
}

({ produce, consume, member })[options.role]().catch((reason) => {
  process.stderr.write(`${reason.stack ?? reason}\n`);
  process.exit(1);
});
