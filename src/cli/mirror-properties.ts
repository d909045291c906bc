/** A mirror's property file as it is read for the command line: Java's rules, config providers, every problem a sentence. */
import { readFileSync } from 'node:fs';
import { mirrorSettings } from '../../mirror/config/mirror-settings';
import { resolveReferences } from '../../mirror/config/references';
import type { MirrorSettings } from '../../mirror/flow/settings';
import { propertiesLayer } from '../config/properties';
import { FlagError } from './client-flags';

/** `overrides` go over the file's keys. Throws FlagError with all that is wrong; what has no effect is said by `warn`. */
export function readMirrorProperties(
  file: string,
  overrides: Readonly<Record<string, string>>,
  options: { readonly targets?: readonly string[] },
  warn: (sentence: string) => void,
): MirrorSettings {
  const texts = new Map([...parsed(readText(file), file), ...Object.entries(overrides)]);
  const ports = {
    readFile: readText,
    environment: (name: string) => process.env[name],
    parseProperties: (text: string) => parsed(text, 'the file of a config provider'),
  };
  const resolved = resolveReferences(texts, ports);
  if (resolved.problems.length > 0) throw new FlagError(resolved.problems.join('\n'));
  const config = mirrorSettings(resolved.texts, options);
  for (const warning of config.warnings) warn(warning);
  if (!config.ok) throw new FlagError(config.problems.join('\n'));
  return config.settings;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const why = error !== null && typeof error === 'object' && 'message' in error ? String(error.message) : String(error);
    throw new FlagError(`${path} cannot be read: ${why}`);
  }
}

function parsed(text: string, origin: string): ReadonlyMap<string, string> {
  const result = propertiesLayer(text, origin);
  if ('problem' in result) throw new FlagError(result.problem);
  return result.layer.texts;
}
