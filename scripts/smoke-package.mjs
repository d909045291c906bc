/**
 * node scripts/smoke-package.mjs [NODE]
 *
 * Packs the package as npm would publish it, installs it into an empty project, and with the given Node (this one by
 * default) starts its server, writes and reads a record through kafkajs, and stops it in order.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const node = process.argv[2] ?? process.execPath;
const work = mkdtempSync(join(tmpdir(), 'moldau-package-'));
const RECORD = 'from one end to the other';
const READY_TIMEOUT_MS = 20_000;

try {
  const moldau = install();
  const version = run(node, [moldau, '--version']).trim();
  console.log(`moldau ${version} on Node ${run(node, ['--version']).trim()}`);
  await serveOneRecord(moldau);
  console.log('wrote a record, read it again, stopped in order');
} finally {
  rmSync(work, { recursive: true, force: true });
}

function run(command, args, cwd = root) {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

/** The installed command's path. */
function install() {
  run('npm', ['pack', '--silent', '--pack-destination', work]);
  const tarball = readdirSync(work).find((name) => name.endsWith('.tgz'));
  const project = join(work, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{"name":"smoke","private":true}\n');
  run('npm', ['install', '--silent', '--ignore-scripts', '--omit=dev', join(work, tarball)], project);
  return join(project, 'node_modules', 'moldau', 'dist', 'moldau.cjs');
}

async function serveOneRecord(moldau) {
  const args = [
    moldau,
    'server',
    '--override',
    'listeners=PLAINTEXT://127.0.0.1:0',
    '--override',
    `log.dirs=${join(work, 'data')}`,
  ];
  const server = spawn(node, args, { cwd: work, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(server, 'exit');
  try {
    const bootstrap = await readyAt(server);
    await roundTrip(bootstrap);
    server.kill('SIGTERM');
    const [code, signal] = await exited;
    if (code !== 0) throw new Error(`the server ended with ${signal ?? code} after SIGTERM`);
  } finally {
    server.kill('SIGKILL');
  }
}

/** host:port of the first listener, from what the server prints once it is ready. */
function readyAt(server) {
  return new Promise((resolve, reject) => {
    let text = '';
    const late = setTimeout(() => reject(new Error(`not ready in time: ${text}`)), READY_TIMEOUT_MS);
    server.once('exit', (code) => reject(new Error(`the server ended with ${code} before it was ready: ${text}`)));
    server.stdout.setEncoding('utf8').on('data', (more) => {
      text += more;
      const place = /is ready[^]*?clients\s+(\S+:\d+)/.exec(text);
      if (place === null) return;
      clearTimeout(late);
      resolve(place[1]);
    });
  });
}

async function roundTrip(bootstrap) {
  const { Kafka, Partitioners, logLevel } = createRequire(join(root, 'package.json'))('kafkajs');
  const kafka = new Kafka({ clientId: 'smoke', brokers: [bootstrap], logLevel: logLevel.ERROR });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({ topic: 'smoke', messages: [{ value: RECORD }] });
  await producer.disconnect();
  const consumer = kafka.consumer({ groupId: 'smoke' });
  await consumer.connect();
  await consumer.subscribe({ topics: ['smoke'], fromBeginning: true });
  const value = await new Promise((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    void consumer.run({ eachMessage: async ({ message }) => resolve(message.value.toString()) });
  });
  await consumer.disconnect();
  if (value !== RECORD) throw new Error(`read ${value}`);
}
