/**
 * `moldau mirror`: reads the properties, starts the flows, and stops them in order.
 *
 * Exit codes: 0 after a stop by signal; 1 when the properties are wrong, when stopping failed, or after a second signal.
 */
import { readFileSync } from 'node:fs';
import { type MirrorConfig, mirrorSettings } from '../../mirror/config/mirror-settings';
import { resolveReferences } from '../../mirror/config/references';
import type { FlowSettings, MirrorSettings } from '../../mirror/flow/settings';
import { type MirrorOptions, startMirror } from '../../mirror/mirror';
import { createNodeBaseEnv } from '../../wire/base/node-env';
import { propertiesLayer } from '../config/properties';
import { version } from '../version';
import { type OldMirrorFlags, oldMirror } from './mirror-old-config';
import { commandLogger, endOnUncaughtErrors, fail, messageOf, outliveReaders, stopOnSignals } from './process-setup';

/** `oldFlags` have no place beside a file: what would be passed over is refused. */
export async function runMirror(file: string, targets: readonly string[], oldFlags: OldMirrorFlags = {}): Promise<void> {
  const misplaced = Object.keys(oldFlags).map((flag) => `--${flag}`);
  if (misplaced.length > 0)
    return fail([`${misplaced.join(' and ')} cannot stand beside a file of MirrorMaker 2: that is the command line of MirrorMaker 1.`]);
  const config = readMirrorConfig(file, targets);
  warn(config.warnings);
  if (!config.ok) return fail(config.problems);
  await run(config.settings, {});
}

export async function runOldMirror(flags: OldMirrorFlags, targets: readonly string[] = []): Promise<void> {
  if (targets.length > 0) return fail(['--clusters is of MirrorMaker 2, with its file: moldau mirror mm2.properties --clusters backup.']);
  const texts = (path: string | undefined) => (path === undefined ? new Map<string, string>() : readProperties(path));
  const mirror = oldMirror(flags, texts(flags['consumer.config']), texts(flags['producer.config']));
  if (!mirror.ok) return fail(mirror.problems);
  warn(mirror.warnings);
  await run(mirror.settings, { storeIntervalMs: mirror.storeIntervalMs });
}

/** `overrides` go over the file's keys. Fails the process when there is no such file. */
export function readMirrorConfig(
  file: string,
  targets: readonly string[],
  overrides: Readonly<Record<string, string>> = {},
): MirrorConfig {
  const { texts, problems } = resolveReferences(new Map([...readProperties(file), ...Object.entries(overrides)]), {
    readFile: (path) => readFileSync(path, 'utf8'),
    environment: (name) => process.env[name],
    parseProperties: (text) => propertiesOf(text, 'a file that is referred to'),
  });
  return problems.length > 0 ? { ok: false, problems, warnings: [] } : mirrorSettings(texts, { targets });
}

/** Fails the process when there is no such file. */
export function readProperties(path: string): ReadonlyMap<string, string> {
  try {
    return propertiesOf(readFileSync(path, 'utf8'), path);
  } catch (error) {
    return fail([`Cannot read ${path}: ${messageOf(error)}`]);
  }
}

function propertiesOf(text: string, origin: string): ReadonlyMap<string, string> {
  const parsed = propertiesLayer(text, origin);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.layer.texts;
}

function warn(warnings: readonly string[]): void {
  for (const warning of warnings) process.stderr.write(`moldau: warning: ${warning}\n`);
}

function run(settings: MirrorSettings, options: MirrorOptions): Promise<void> {
  outliveReaders();
  const logger = commandLogger();
  endOnUncaughtErrors(logger, 'The mirror');
  const mirror = startMirror(createNodeBaseEnv({ logger }), settings, options);
  stopOnSignals(() => {
    mirror.stop().then(
      () => process.exit(0),
      (error: unknown) => fail([`Stopping failed: ${messageOf(error)}`]),
    );
  });
  process.stdout.write(readyText(settings));
  // Ends by a signal only.
  return new Promise(() => undefined);
}

function readyText({ flows }: MirrorSettings): string {
  const lines = flows.map((flow) => `  ${flow.source.alias} -> ${flow.target.alias}  ${doing(flow)}\n`);
  return `moldau ${version} mirrors\n${lines.join('')}`;
}

function doing(flow: FlowSettings): string {
  if (!flow.isEnabled) return 'heartbeats only';
  if (!flow.preservesOffsets && flow.emitCheckpointsMs === null) return 'records';
  return flow.preservesOffsets ? 'records at their own offsets' : 'records, with offsets translated for groups';
}
