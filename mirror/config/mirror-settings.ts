/**
 * MirrorMaker 2's properties (KIP-382), read whole: what is wrong is refused, what has no effect is named, each in a sentence.
 *
 * Precedence is Kafka's: `A->B.<key>` over `<key>` for flows; `A.<key>` over `<key>` for the connection to a cluster.
 */
import { parseConfig } from '../../wire/base/config-definition';
import { nearestKey } from '../../wire/base/nearest-key';
import type { ClusterSettings, FlowSettings, MirrorSettings } from '../flow/settings';
import { clusterSettings } from './cluster-settings';
import { clusterKeys, flowKeys, onlyClasses } from './flow-keys';
import { flowSettings } from './flow-settings';
import { clientKeyOf, ownerOf } from './key-owners';
import { keysWithoutEffect, withoutEffect } from './keys-without-effect';

export interface MirrorConfigOptions {
  /** `--clusters`: only flows to these; absent or empty: all. */
  readonly targets?: readonly string[];
}

export type MirrorConfig =
  | { readonly ok: true; readonly settings: MirrorSettings; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problems: readonly string[]; readonly warnings: readonly string[] };

/** `texts` are the file's keys, references resolved. */
export function mirrorSettings(texts: ReadonlyMap<string, string>, options: MirrorConfigOptions = {}): MirrorConfig {
  const aliases = aliasesOf(texts);
  const problems: string[] = [...clusterListProblems(texts, aliases), ...targetProblems(options, aliases)];
  const notes = new Notes();
  for (const [name, text] of texts) look(name, text, aliases, problems, notes);
  const clusters = new Map<string, ClusterSettings>();
  for (const alias of aliases) {
    const cluster = clusterSettings(texts, alias, problems);
    if (cluster !== null) clusters.set(alias, cluster);
  }
  const flows = problems.length > 0 ? [] : flowsOf(texts, clusters, options, problems);
  if (problems.length > 0) return { ok: false, problems: [...new Set(problems)], warnings: notes.sentences() };
  return { ok: true, settings: { clusters, flows }, warnings: notes.sentences() };
}

/** `clusters`, in its order. */
export function aliasesOf(texts: ReadonlyMap<string, string>): readonly string[] {
  const names = (texts.get('clusters') ?? '').split(',').map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ''))];
}

function clusterListProblems(texts: ReadonlyMap<string, string>, aliases: readonly string[]): string[] {
  if (!texts.has('clusters'))
    return ['Missing required configuration clusters: it must be the aliases of the clusters, like A, B.'];
  const bad = aliases.filter((alias) => !/^[a-zA-Z0-9._-]+$/.test(alias));
  const badNames = bad.map(
    (alias) =>
      `Invalid value ${alias} for configuration clusters: aliases become part of topic names, so they have letters, digits, ".", "_" and "-" only.`,
  );
  if (aliases.length < 2)
    return [
      ...badNames,
      `Invalid value ${texts.get('clusters')} for configuration clusters: a flow takes two clusters.`,
    ];
  return badNames;
}

function targetProblems({ targets = [] }: MirrorConfigOptions, aliases: readonly string[]): string[] {
  return targets
    .filter((target) => !aliases.includes(target))
    .map((target) => `--clusters names ${target}, and clusters has ${aliases.join(', ')} only.`);
}

/** Checks one key's value, or notes why it has none. */
function look(name: string, text: string, aliases: readonly string[], problems: string[], notes: Notes): void {
  if (name === 'clusters' || name.startsWith('config.providers')) return;
  const owner = ownerOf(name, aliases);
  if (owner.kind === 'stranger') return notes.add(`${name} has no effect: clusters does not name ${owner.alias}.`);
  const { key } = owner;
  if (owner.kind !== 'cluster' && Object.hasOwn(onlyClasses, key)) return;
  const clientKey = clientKeyOf(key);
  if (/^(?:transforms|predicates)(?:\.|$)/.test(key))
    return void problems.push(`${name} is not served: the mirror copies records as they are. Take it out of the file.`);
  if (owner.kind !== 'cluster' && flowKeys.has(key)) return check(name, flowKeys.find(key)!, text, problems);
  if (clientKey === 'security.protocol') return checkProtocol(name, text, problems);
  if (isClusterKey(clientKey)) {
    if (owner.kind === 'all')
      return notes.add(`${name} has no effect: put the alias of a cluster in front, like ${aliases[0]}.${name}.`);
    return check(name, clusterKeys[clientKey], text, problems);
  }
  // Turned off is what it is here.
  if (key === 'sync.topic.acls.enabled' && text.trim().toLowerCase() === 'false') return;
  notes.key(name, key, clientKey);
}

function isClusterKey(key: string): key is keyof typeof clusterKeys {
  return Object.hasOwn(clusterKeys, key);
}

function check(name: string, definition: Parameters<typeof parseConfig>[1], text: string, problems: string[]): void {
  const parsed = parseConfig(name, definition, text);
  if (!parsed.ok) problems.push(parsed.problem.message);
}

function checkProtocol(name: string, text: string, problems: string[]): void {
  if (text.trim().toUpperCase() === 'PLAINTEXT') return;
  problems.push(`${name}=${text} is not served yet: the mirror connects by PLAINTEXT only.`);
}

function flowsOf(
  texts: ReadonlyMap<string, string>,
  clusters: ReadonlyMap<string, ClusterSettings>,
  { targets = [] }: MirrorConfigOptions,
  problems: string[],
): FlowSettings[] {
  const flows: FlowSettings[] = [];
  for (const source of clusters.values()) {
    for (const target of clusters.values()) {
      if (source === target || (targets.length > 0 && !targets.includes(target.alias))) continue;
      const flow = flowSettings(texts, source, target, problems);
      if (flow !== null && (flow.isEnabled || flow.emitHeartbeatsMs !== null)) flows.push(flow);
    }
  }
  if (problems.length === 0 && !flows.some(({ isEnabled }) => isEnabled)) problems.push(nothingToDo(clusters, targets));
  return flows;
}

function nothingToDo(clusters: ReadonlyMap<string, ClusterSettings>, targets: readonly string[]): string {
  const [first, second] = [...clusters.keys()];
  const where = targets.length > 0 ? ` to ${targets.join(', ')}` : '';
  return `No flow${where} is enabled: say ${first}->${second}.enabled=true for each that you want.`;
}

/** What has no effect, each told once. */
class Notes {
  readonly #sentences = new Set<string>();
  readonly #silent = new Set<string>();

  add(sentence: string): void {
    this.#sentences.add(sentence);
  }

  key(name: string, whole: string, clientKey: string): void {
    const key = withoutEffect(whole) === null ? clientKey : whole;
    const reason = withoutEffect(key);
    if (reason === '') this.#silent.add(key);
    else if (reason !== null) this.add(`${key} has no effect: ${reason}.`);
    else {
      const nearest = nearestKey(key, [...flowKeys.keys, ...Object.keys(clusterKeys), ...keysWithoutEffect]);
      const hint = nearest === null || nearest === key ? '' : ` Did you mean ${nearest}?`;
      this.add(`${name} is not a key that the mirror knows, and has no effect.${hint}`);
    }
  }

  sentences(): readonly string[] {
    const keys = [...this.#silent].sort();
    if (keys.length === 0) return [...this.#sentences];
    return [...this.#sentences, `Known to Kafka, and without effect in Moldau's mirror: ${keys.join(', ')}.`];
  }
}
