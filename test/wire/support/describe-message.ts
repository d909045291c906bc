/**
 * Messages as lines of text, from our schemas and from Kafka's own definitions, so that the two can be compared.
 *
 * `FetchRequest request 1 4-18 12+ broker,controller` names type, API, valid and flexible versions, and of a request the
 * listeners (and whether its latest version is unstable); a field below it reads
 * `clusterId string 12+ nullable=12+ tag=0 default=null ignorable`. Defaults that Kafka assumes anyway are left out.
 */
import { apiByKey } from '../../../wire/api-keys';
import type { Field, Fields, Message } from '../../../wire/schema';
import type { VersionRange } from '../../../wire/version-range';
import { parseVersions } from '../../../wire/version-range';
import type { VersionText } from '../../../wire/version-range';

/** A field as Kafka's JSON has it. */
export interface KafkaField {
  readonly name: string;
  readonly type: string;
  readonly versions?: string;
  readonly nullableVersions?: string;
  readonly taggedVersions?: string;
  readonly tag?: number;
  readonly default?: unknown;
  readonly ignorable?: boolean;
  readonly mapKey?: boolean;
  readonly flexibleVersions?: string;
  readonly fields?: readonly KafkaField[];
}

export interface KafkaStruct {
  readonly name: string;
  readonly fields: readonly KafkaField[];
}

export interface KafkaMessage extends KafkaStruct {
  readonly type: string;
  readonly apiKey?: number;
  readonly validVersions: string;
  readonly flexibleVersions?: string;
  readonly listeners?: readonly string[];
  readonly latestVersionUnstable?: boolean;
  readonly commonStructs?: readonly KafkaStruct[];
}

interface Line {
  name: string;
  type: string;
  versions: string;
  nullable: string | null;
  tag: number | null;
  default: string;
  ignorable: boolean;
  key: boolean;
  flexible: boolean;
  nested: string;
}

function rangeText(range: VersionRange): string {
  if (range.max < range.min) return 'none';
  if (range.max === Infinity) return `${range.min}+`;
  return range.max === range.min ? `${range.min}` : `${range.min}-${range.max}`;
}

function normalRange(text: string | undefined): string {
  return text === undefined ? 'none' : rangeText(parseVersions(text as VersionText));
}

function listenersText(listeners: readonly string[], unstable: boolean): string {
  return [...listeners].sort().join(',') + (unstable ? ' unstable' : '');
}

function lineText(line: Line, depth: number): string {
  const parts = [line.name, line.type, line.versions];
  if (line.nullable !== null) parts.push(`nullable=${line.nullable}`);
  if (line.tag !== null) parts.push(`tag=${line.tag}`);
  if (!['0', '', 'false', '0.0'].includes(line.default)) parts.push(`default=${line.default}`);
  if (line.ignorable) parts.push('ignorable');
  if (line.key) parts.push('key');
  if (!line.flexible) parts.push('never-flexible');
  return `${'  '.repeat(depth)}${parts.join(' ')}\n${line.nested}`;
}

/** Fields that Kafka's definitions lack: tagged ones of ours, which others skip. */
export const ADDITIONS: ReadonlySet<string> = new Set([
  'AlterPartitionRequest.topics.partitions.beginsLeaderEpoch',
  'ProduceRequest.topicData.partitionData.mirror',
]);

/** What our schema says, without our additions. */
export function describeMessage(message: Message): string {
  const { name, type, apiKey, validVersions, flexibleVersions } = message;
  const head = [name, type, apiKey, rangeText(validVersions), rangeText(flexibleVersions)];
  const api = type === 'request' ? apiByKey(apiKey) : undefined;
  if (api !== undefined) head.push(listenersText(api.listeners, api.latestVersionUnstable));
  return `${head.join(' ')}\n${describeFields(message.fields, 1, name)}`;
}

function describeFields(fields: Fields, depth: number, path: string): string {
  return Object.entries(fields)
    .filter(([name]) => !ADDITIONS.has(`${path}.${name}`))
    .map(([name, field]) => {
      const nullable = rangeText(field.nullableVersions);
      const line: Line = {
        name,
        type: typeText(field),
        versions: rangeText(field.versions),
        nullable: nullable === 'none' ? null : nullable,
        tag: field.tag,
        default: defaultText(field),
        ignorable: field.ignorable,
        key: field.key,
        flexible: field.mayBeFlexible,
        nested:
          typeof field.element === 'object' && field.element !== null ? describeFields(field.element, depth + 1, `${path}.${name}`) : '',
      };
      return lineText(line, depth);
    })
    .join('');
}

function typeText(field: Field): string {
  if (field.kind === 'array') return `[]${typeof field.element === 'string' ? field.element : 'struct'}`;
  return field.kind.replace(/^(clampedInt64|bigint64)$/, 'int64');
}

function defaultText(field: Field): string {
  const value = field.defaultValue;
  if (field.kind === 'uuid') return value === 'AAAAAAAAAAAAAAAAAAAAAA' ? '' : String(value);
  // Kafka starts records at null without saying so.
  if (field.kind === 'records') return '';
  if (value === null) return 'null';
  return typeof value === 'object' || value === undefined ? '' : String(value);
}

/** What a definition of Kafka's says. */
export function describeKafkaMessage(message: KafkaMessage): string {
  const structs = new Map((message.commonStructs ?? []).map((each) => [each.name, each.fields]));
  const { name, type, apiKey = -1, validVersions, flexibleVersions } = message;
  const head = [name, type, apiKey, normalRange(validVersions), normalRange(flexibleVersions)];
  if (type === 'request') head.push(listenersText(message.listeners ?? [], message.latestVersionUnstable ?? false));
  return `${head.join(' ')}\n${describeKafkaFields(message.fields, structs, 1)}`;
}

function describeKafkaFields(
  fields: readonly KafkaField[],
  structs: ReadonlyMap<string, readonly KafkaField[]>,
  depth: number,
): string {
  return fields
    .map((field) => {
      const element = field.type.replace('[]', '');
      const nested = field.fields ?? structs.get(element);
      const line: Line = {
        name: field.name.charAt(0).toLowerCase() + field.name.slice(1),
        type: nested === undefined ? field.type : field.type.replace(element, 'struct'),
        versions: normalRange(field.versions ?? field.taggedVersions),
        nullable: field.nullableVersions === undefined ? null : normalRange(field.nullableVersions),
        tag: field.tag ?? null,
        default: kafkaDefaultText(field),
        ignorable: field.ignorable ?? false,
        key: field.mapKey ?? false,
        flexible: field.flexibleVersions !== 'none',
        nested: nested === undefined ? '' : describeKafkaFields(nested, structs, depth + 1),
      };
      if (field.taggedVersions !== undefined && normalRange(field.taggedVersions) !== line.versions) {
        throw new Error(
          `${field.name} is tagged in some of its versions only: the schema's vocabulary has no such field`,
        );
      }
      return lineText(line, depth);
    })
    .join('');
}

function kafkaDefaultText(field: KafkaField): string {
  // Kafka's generator takes a bare null for "no default given"; the default null is the text "null".
  if (field.default === undefined || field.default === null) return '';
  const text = String(field.default);
  return /^-?(0x[0-9a-f]+|\d+)$/.test(text) ? String(BigInt(text)) : text;
}
