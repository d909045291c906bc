/**
 * A mirror in a process of its own: run-ts mirror-main.ts FILE, a JSON file with properties and options. It writes a line
 * of JSON with its counters to standard output each 200 ms, and ends in order at SIGTERM.
 */
import { readFileSync } from 'node:fs';
import { mirrorSettings } from '../../../mirror/config/mirror-settings';
import { startMirror, type MirrorOptions } from '../../../mirror/mirror';
import { createNodeBaseEnv } from '../../../wire/base/node-env';
import type { Logger } from '../../../wire/base/env';

export interface MirrorFile {
  readonly properties: Readonly<Record<string, string>>;
  readonly options: MirrorOptions;
}

export interface MirrorLine {
  readonly records: number;
  readonly bytes: number;
  readonly partitions: number;
  readonly gaps: number;
  readonly foreign: number;
}

function loggerOf(name: string): Logger {
  const line = (level: string) => (message: string) => void process.stderr.write(`${level} ${name}: ${message}\n`);
  return {
    child: (sub) => loggerOf(`${name}/${sub}`),
    debug: () => undefined,
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
  };
}

const { properties, options } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as MirrorFile;
const config = mirrorSettings(new Map(Object.entries(properties)));
if (!config.ok) throw new Error(config.problems.join('\n'));
const mirror = startMirror(createNodeBaseEnv({ logger: loggerOf('mirror') }), config.settings, options);
const timer = setInterval(() => {
  const [flow] = mirror.flows;
  const { records, bytes, gaps, foreignWrites: foreign } = flow!.counters;
  const line: MirrorLine = { records, bytes, gaps, foreign, partitions: flow!.partitions };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}, 200);
process.on('SIGTERM', () => {
  clearInterval(timer);
  void mirror.stop();
});
