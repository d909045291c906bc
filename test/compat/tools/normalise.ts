/** Makes the output of one run comparable with that of another: what a broker or a clock makes up becomes a placeholder. */
import type { ClusterNode } from '../../support/cluster-process';
import type { ToolResult } from '../../support/kafka-tools';
import type { AllowedDifference, RunStep, StopStep } from './scenario';

export interface Places {
  readonly bootstrap: string;
  readonly dir: string;
  readonly logDir: string;
  /** Of a cluster. */
  readonly nodes: readonly ClusterNode[];
}

type Replacement = readonly [pattern: RegExp, replacement: string];

/** In this order: the longer shapes first. */
const MADE_UP: readonly Replacement[] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uuid>'],
  [/"topicId":"[\w-]{22}"/g, '"topicId":"<uuid>"'],
  [/TopicId: [\w-]{22}/g, 'TopicId: <uuid>'],
  [/\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[:.,]\d{3}/g, '<time>'],
  [/\b1[6-9]\d{11}\b/g, '<ms>'],
  [/adminclient-\d+/g, 'adminclient-<n>'],
  [/(console-consumer-|perf-consumer-)\d+/g, '$1<n>'],
];

/** The lines of one command: its standard output, its standard error marked `2>`, its exit code. */
export function normalise(result: ToolResult, step: RunStep | StopStep, places: Places): string[] {
  const out = lines(result.stdout, step, places);
  const err = lines(result.stderr, { ...step, jsonLines: false }, places).filter((line) => !isNoise(line));
  return [...out, ...err.map((line) => `2> ${line}`), `exit ${result.code}`];
}

function lines(text: string, step: RunStep | StopStep, places: Places): string[] {
  // The formatters of internal topics print JSON objects without a line between them.
  const raw = text.replace(/\n$/, '').replaceAll('}{"key":', '}\n{"key":').split('\n');
  const kept = (text === '' ? [] : raw)
    .map((line) => (step.jsonLines === true ? sortedJson(line) : line))
    .map((line) => (step.sortDirectories === true ? sortedDirectories(line) : line))
    .map((line) => inPlaces(line, places))
    .map(sortedIsr)
    .map((line) => replaceAll(line, step.varies ?? []))
    .map((line) => replaceAll(line, MADE_UP))
    .map((line) => allow(line, step.allowed ?? []))
    .filter((line) => line !== null);
  return step.sortLines === true ? kept.sort() : kept;
}

/**
 * What a client logs as a warning while a topic or a leader is on its way depends on how fast a broker is, and the frames
 * of its stack traces on where the JVM has got to in compiling.
 */
function isNoise(line: string): boolean {
  return /^\[.*\] WARN |^\tat /.test(line);
}

function inPlaces(line: string, places: Places): string {
  const port = places.bootstrap.split(':')[1] ?? '';
  return inNodes(line, places.nodes)
    .replaceAll(places.logDir, '<logs>')
    .replaceAll(places.dir, '<dir>')
    .replaceAll(places.bootstrap, '<host:port>')
    .replace(new RegExp(`(?<!\\d)${port}(?!\\d)`, 'g'), '<port>');
}

function inNodes(line: string, nodes: readonly ClusterNode[]): string {
  return nodes.reduce(
    (text, { id, port, controllerPort, logDir }) =>
      text
        .replaceAll(logDir, `<logs of ${id}>`)
        .replace(new RegExp(`(?<!\\d)${port}(?!\\d)`, 'g'), `<port of ${id}>`)
        .replace(new RegExp(`(?<!\\d)${controllerPort}(?!\\d)`, 'g'), `<controller port of ${id}>`),
    line,
  );
}

function replaceAll(line: string, replacements: readonly Replacement[]): string {
  return replacements.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), line);
}

function allow(line: string, differences: readonly AllowedDifference[]): string | null {
  let text: string | null = line;
  for (const { pattern, replacement } of differences) {
    if (text === null) return null;
    if (replacement === null) text = pattern.test(text) ? null : text;
    else text = text.replace(pattern, replacement);
  }
  return text;
}

/** An ISR is a set; in which order a leader lists it says nothing. */
function sortedIsr(line: string): string {
  return line.replace(/(?<=\bIsr: )[\d,]+/, (isr) => isr.split(',').sort().join(','));
}

interface ListedDirectories {
  readonly brokers: readonly { readonly logDirs: { readonly logDir: string }[] }[];
}

function sortedDirectories(line: string): string {
  if (!line.startsWith('{"brokers":')) return line;
  const listed = JSON.parse(line) as ListedDirectories;
  for (const { logDirs } of listed.brokers) logDirs.sort((a, b) => (a.logDir < b.logDir ? -1 : 1));
  return JSON.stringify(listed);
}

function sortedJson(line: string): string {
  if (!line.startsWith('{')) return line;
  const { timestamp: _, ...rest } = JSON.parse(line) as Record<string, unknown>;
  return JSON.stringify(Object.fromEntries(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1))));
}
