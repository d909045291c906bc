/**
 * MirrorMaker 1's command line (kafka-mirror-maker.sh, removed in Kafka 4.0) as settings of the same mirror.
 *
 * Kept: source, target, group, topics by pattern under their own names, where a copy begins. Different: a record stays in the
 * partition that it has, topics are created like the source's, and positions lie on the target; where MirrorMaker 1 had come
 * to, its group on the source tells.
 */
import type { MirrorSettings } from '../../mirror/flow/settings';
import { mirrorSettings } from '../../mirror/config/mirror-settings';

export interface OldMirrorFlags {
  readonly 'consumer.config'?: string;
  readonly 'producer.config'?: string;
  readonly include?: string;
  readonly whitelist?: string;
  readonly 'num.streams'?: string;
  readonly 'offset.commit.interval.ms'?: string;
  readonly 'abort.on.send.failure'?: string;
  readonly 'new.consumer'?: boolean;
  readonly 'consumer.rebalance.listener'?: string;
  readonly 'rebalance.listener.args'?: string;
  readonly 'message.handler'?: string;
  readonly 'message.handler.args'?: string;
}

type Texts = ReadonlyMap<string, string>;

export type OldMirror =
  | {
      readonly ok: true;
      readonly settings: MirrorSettings;
      readonly storeIntervalMs: number;
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly problems: readonly string[] };

const TARGET = 'target';
const COMMIT_INTERVAL_MS = 60_000;

/** `consumer` and `producer` are the keys of both files. */
export function oldMirror(flags: OldMirrorFlags, consumer: Texts, producer: Texts): OldMirror {
  const problems = flagProblems(flags);
  const group = consumer.get('group.id')?.trim() ?? '';
  if (group === '') problems.push('The file of --consumer.config has no group.id, which names the mirror.');
  if (problems.length > 0) return { ok: false, problems };
  const source = group.replace(/[^a-zA-Z0-9._-]/g, '-');
  const config = mirrorSettings(new Map(textsOf(source, flags, consumer, producer)));
  if (!config.ok) return { ok: false, problems: config.problems };
  const flows = config.settings.flows.map((flow) => ({ ...flow, takesOverGroup: group }));
  return {
    ok: true,
    settings: { ...config.settings, flows },
    storeIntervalMs: Number(flags['offset.commit.interval.ms'] ?? COMMIT_INTERVAL_MS),
    warnings: [...flagWarnings(flags), ...config.warnings],
  };
}

function* textsOf(
  source: string,
  flags: OldMirrorFlags,
  consumer: Texts,
  producer: Texts,
): Generator<[string, string]> {
  yield ['clusters', `${source}, ${TARGET}`];
  yield [`${source}->${TARGET}.enabled`, 'true'];
  yield [`${source}->${TARGET}.topics`, patternOf(flags)];
  yield [`${source}->${TARGET}.topics.exclude`, ''];
  yield ['replication.policy.class', 'org.apache.kafka.connect.mirror.IdentityReplicationPolicy'];
  yield ['replication.factor', '-1'];
  const off = [
    'emit.heartbeats',
    'emit.checkpoints',
    'emit.offset-syncs',
    'heartbeats.replication',
    'sync.topic.configs',
  ];
  for (const what of off) yield [`${what}.enabled`, 'false'];
  yield ['refresh.topics.interval.seconds', '60'];
  // As Kafka's consumers, which MirrorMaker 1 was made of.
  yield [`${source}.consumer.auto.offset.reset`, 'latest'];
  for (const [key, text] of consumer) if (key !== 'group.id') yield [`${source}.consumer.${key}`, text];
  for (const [key, text] of producer) yield [`${TARGET}.producer.${key}`, text];
}

/** Commas become alternatives, quotes and blanks go, as MirrorMaker 1 did. */
function patternOf(flags: OldMirrorFlags): string {
  const pattern = flags.include ?? flags.whitelist ?? '';
  return pattern
    .trim()
    .replaceAll(/["'\s]/g, '')
    .replaceAll(',', '|');
}

function flagProblems(flags: OldMirrorFlags): string[] {
  const problems: string[] = [];
  if (flags['consumer.config'] === undefined || flags['producer.config'] === undefined)
    problems.push(
      'Give a file of MirrorMaker 2 (moldau mirror mm2.properties), or --consumer.config and --producer.config.',
    );
  else if (patternOf(flags) === '') problems.push('Give the topics with --include (or --whitelist).');
  for (const flag of ['consumer.rebalance.listener', 'message.handler'] as const) {
    const name = flags[flag];
    if (name !== undefined) problems.push(`--${flag} is not served: the mirror cannot run ${name}, a class of Java.`);
  }
  const interval = flags['offset.commit.interval.ms'];
  if (interval !== undefined && !/^[1-9]\d{0,8}$/.test(interval))
    problems.push(`--offset.commit.interval.ms takes milliseconds above 0, and got ${interval}.`);
  return problems;
}

function flagWarnings(flags: OldMirrorFlags): string[] {
  const warnings: string[] = [];
  const streams = flags['num.streams'];
  if (streams !== undefined && streams !== '1')
    warnings.push(
      '--num.streams has no effect: a process copies all its partitions at once; start several processes to share them.',
    );
  if (flags['abort.on.send.failure'] === 'false')
    warnings.push(
      '--abort.on.send.failure=false has no effect: a partition that the target refuses waits, and nothing is dropped.',
    );
  if (flags.include !== undefined && flags.whitelist !== undefined)
    warnings.push('--whitelist has no effect beside --include.');
  warnings.push(
    'Records keep their partitions here, and topics are created with the partitions of the source; MirrorMaker 1 dealt records out by key.',
  );
  return warnings;
}
