/**
 * Known bugs, planted one at a time: a simulation that does not find them would not find their like either.
 *
 * A mutant replaces a piece of compiled text in one file as it is loaded (run-ts.cjs has the loader). When the text is no
 * longer there the mutant fails loudly, rather than test nothing.
 */

import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { brokerMutants } from '../scenarios/broker/broker-mutants';
import { clusterMutants, scriptedMutants } from '../scenarios/cluster/cluster-mutants';
import { logMutants } from '../scenarios/log-mutants';
import { mirrorMutants } from '../scenarios/mirror/mirror-mutants';
import { quorumMutants } from '../scenarios/quorum/quorum-mutants';
import type { Mutant } from './mutant';

export const mutants: readonly Mutant[] = [...logMutants, ...brokerMutants, ...quorumMutants, ...clusterMutants, ...scriptedMutants, ...mirrorMutants];

const ROOT = resolve(__dirname, '..', '..', '..');

export function findMutant(name: string): Mutant {
  const mutant = mutants.find((candidate) => candidate.name === name);
  if (mutant === undefined) throw new Error(`no such mutant: ${name}; --mutant list names them`);
  return mutant;
}

interface CompilableModule {
  _compile(code: string, path: string): unknown;
}

/** From now on the file is loaded with the bug in it. Must come before the file is loaded. */
export function plantMutant(mutant: Mutant): void {
  const target = join(ROOT, mutant.file);
  const extensions = require.extensions as Record<string, ((module: CompilableModule, path: string) => void) | undefined>;
  const load = extensions['.ts'];
  if (load === undefined) throw new Error('mutants need the loader of run-ts.cjs');
  if (require.cache[target] !== undefined) throw new Error(`${mutant.file} is loaded already`);
  extensions['.ts'] = (module, path) => {
    if (path === target) {
      const compile = module._compile.bind(module);
      module._compile = (code, codePath) => compile(edit(mutant, code), codePath);
    }
    load(module, path);
  };
}

function edit(mutant: Mutant, code: string): string {
  const parts = code.split(mutant.find);
  if (parts.length !== 2) throw new Error(`mutant ${mutant.name}: its text occurs ${parts.length - 1} times in ${mutant.file}, not once`);
  return parts.join(mutant.replace);
}

/** Runs each in a process of its own. Returns 0 when all were found. */
export async function runMutants(mutants: readonly Mutant[], say: (line: string) => void): Promise<number> {
  let missed = 0;
  for (const mutant of mutants) {
    if ((await simulate(['--mutant', mutant.name, ...(mutant.args ?? ['--seeds', '500'])])) !== 0) missed++;
  }
  say(`${mutants.length - missed} of ${mutants.length} mutants found`);
  return missed === 0 ? 0 : 1;
}

/** Whether the code as it is passes this seed: else a mutant that fails on it proves nothing. */
export async function isCleanWithout(mutant: Mutant, seed: string): Promise<boolean> {
  return (await simulate(['--scenario', mutant.scenario, '--seed', seed, '--quiet'])) === 0;
}

function simulate(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, ['scripts/run-ts.cjs', 'test/sim/simulate.ts', ...args], { cwd: ROOT, stdio: 'inherit' });
  return new Promise((done, failed) => {
    child.on('error', failed);
    child.on('exit', (code) => done(code ?? 1));
  });
}
