/** The configuration of `moldau server`: file, environment, flags. Everything that is wrong is told at once. */
import { type BuiltConfig, buildBrokerConfig } from '../config/build-config';
import { type ConfigLayer, environmentLayer, overrideLayer, withNodeDefaults } from '../config/layers';
import { propertiesLayer } from '../config/properties';

export interface ServerFlags {
  readonly file: string | undefined;
  readonly overrides: readonly string[];
}

export interface ServerSurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readFile(path: string): string;
}

export function serverConfig(flags: ServerFlags, around: ServerSurroundings): BuiltConfig {
  const overrides = overrideLayer(flags.overrides);
  if (overrides.bad.length > 0) {
    return refused(`--override takes key=value, and got ${overrides.bad.join(', ')}.`);
  }
  const given: readonly ConfigLayer[] = [environmentLayer(around.environment), overrides.layer];
  if (flags.file === undefined) return buildBrokerConfig(withNodeDefaults(given));
  const file = fileLayer(flags.file, around);
  return 'problem' in file ? refused(file.problem) : buildBrokerConfig([file.layer, ...given]);
}

function fileLayer(path: string, around: ServerSurroundings): { layer: ConfigLayer } | { problem: string } {
  let text: string;
  try {
    text = around.readFile(path);
  } catch (error) {
    return { problem: `Cannot read ${path}: ${whyUnread(error)}` };
  }
  return propertiesLayer(text, path);
}

function whyUnread(error: unknown): string {
  if (error === null || typeof error !== 'object') return String(error);
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  if (code === 'ENOENT') return 'there is no such file.';
  if (code === 'EISDIR') return 'it is a directory.';
  if (code === 'EACCES') return 'this user may not read it.';
  return String(message);
}

function refused(problem: string): BuiltConfig {
  return { ok: false, problems: [problem] };
}
