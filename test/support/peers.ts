/** Where scripts/peers/install.sh put the peers; nothing here installs anything. */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, join } from 'node:path';

/** The cache folder, outside the checkout. */
export function peersDir(): string {
  // Set to nothing is not set, as in the shell's `${NAME:-default}` that installs them.
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return process.env['MOLDAU_PEERS'] || join(cache, 'moldau-peers');
}

/** The class path of Apache Kafka's broker and tools, or null when it is not installed. */
export function kafkaClasspath(): string | null {
  const file = join(peersDir(), 'kafka', 'classpath');
  if (!existsSync(file)) return null;
  const classpath = readFileSync(file, 'utf8').trim();
  const first = classpath.split(delimiter)[0];
  return first !== undefined && existsSync(first) ? classpath : null;
}

/** The same, for a suite that has asked `needs('kafka')`. */
export function requireKafkaClasspath(): string {
  const classpath = kafkaClasspath();
  if (classpath === null) throw new Error('Apache Kafka is not installed: run scripts/peers/install.sh');
  return classpath;
}

/** The version of Apache Kafka in the cache, such as 4.3.1. */
export function kafkaVersion(): string {
  return readFileSync(join(peersDir(), 'kafka', 'version'), 'utf8').trim();
}

/** The path of one jar by the start of its name, such as `kafka-clients`. */
export function kafkaJar(name: string): string {
  const jar = requireKafkaClasspath()
    .split(delimiter)
    .find((path) => basename(path).startsWith(`${name}-`));
  if (jar === undefined) throw new Error(`no jar named ${name} in the peers' cache`);
  return jar;
}

/** The log4j2 configuration that brokers and tools run with: warnings, on standard error. */
export function log4jConfig(): string {
  return join(peersDir(), 'kafka', 'log4j2.properties');
}

export function node24Path(): string {
  return join(peersDir(), 'node24', 'bin', 'node');
}
