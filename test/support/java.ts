/** Compiles the small Java programs beside the tests, once per content, into the peers' cache. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { kafkaVersion, log4jConfig, peersDir, requireKafkaClasspath } from './peers';

/** The class path with the compiled program in front. Two test processes may compile at once: the first to finish wins. */
export function compileJava(sourceFile: string): string {
  const hash = createHash('sha256').update(kafkaVersion()).update(readFileSync(sourceFile)).digest('hex').slice(0, 16);
  const parent = join(peersDir(), 'classes');
  const target = join(parent, hash);
  if (!existsSync(target)) {
    mkdirSync(parent, { recursive: true });
    const fresh = mkdtempSync(join(parent, 'new-'));
    const result = spawnSync('javac', ['-nowarn', '-d', fresh, '-cp', requireKafkaClasspath(), sourceFile], {
      encoding: 'utf8',
    });
    if (result.status !== 0) throw new Error(`javac ${sourceFile}: ${result.stderr}`);
    try {
      renameSync(fresh, target);
    } catch (reason) {
      if (!existsSync(target)) throw reason;
      rmSync(fresh, { recursive: true });
    }
  }
  return `${target}${delimiter}${requireKafkaClasspath()}`;
}

/** Flags of every JVM here: small and quick to start, since a test uses each for seconds. */
export function jvmFlags(classpath: string, heapMb: number): string[] {
  return [
    `-Xmx${heapMb}m`,
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    ...jvmBasics(classpath),
  ];
}

/** What every program here needs, however large and quick its JVM is. */
export function jvmBasics(classpath: string): string[] {
  return [
    '-XX:-UsePerfData',
    // For the tool runner, which looks for the shutdown hooks of its commands.
    '--add-opens=java.base/java.lang=ALL-UNNAMED',
    '-Dfile.encoding=UTF-8',
    '-Duser.timezone=UTC',
    '-Duser.language=en',
    `-Dlog4j2.configurationFile=${log4jConfig()}`,
    '-cp',
    classpath,
  ];
}
