/** Moldau as a user starts it: the built command on an empty directory, which it formats by itself. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../../test/support/free-ports';
import type { Resources } from '../resources';
import { startBrokerProcess } from './broker-process';
import { HOST, SAME_SETTINGS, type Target } from './target';

/** What `npm run build` makes. */
export const BUILT_COMMAND = join(__dirname, '..', '..', 'dist', 'moldau.cjs');

export interface MoldauTargetOptions {
  /** log.record.validation */
  readonly validation: 'full' | 'header';
  readonly overrides: readonly string[];
}

/** `otherBuild`, to compare two of them; by default what `npm run build` made. */
export function moldauTarget(resources: Resources, options: MoldauTargetOptions, otherBuild?: string): Target {
  const command = otherBuild ?? BUILT_COMMAND;
  const title = otherBuild === undefined ? 'Moldau' : `build ${otherBuild}`;
  return {
    name: otherBuild === undefined ? 'moldau' : title,
    title,
    async start({ prefix, profileDir }) {
      if (!existsSync(command)) throw new Error(`${command} is missing: npm run build`);
      const dir = resources.makeDir('moldau');
      const [port] = (await freePorts(1)) as [number];
      const properties: Record<string, string> = {
        'node.id': '1',
        listeners: `PLAINTEXT://${HOST}:${port}`,
        'log.dirs': join(dir, 'logs'),
        'log.record.validation': options.validation,
        ...SAME_SETTINGS,
      };
      const settings = [...Object.entries(properties).map((entry) => entry.join('=')), ...options.overrides];
      const profile = profileDir === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`];
      const overrides = settings.flatMap((setting) => ['--override', setting]);
      return startBrokerProcess(resources, {
        title,
        command: [...prefix, process.execPath, ...profile, command, 'server', ...overrides],
        dir,
        port,
        stopSignal: profileDir === null ? 'SIGKILL' : 'SIGTERM',
      });
    },
  };
}
