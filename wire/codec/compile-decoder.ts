/**
 * Turns a version of a message into code that reads it.
 *
 * The code is ours through and through: names and constants of the schema, nothing that came over the wire. Each struct
 * becomes a function; runs of fields of fixed size are checked against the end once and read through the view. What is
 * decoded has the same fields in the same order in every version, so that callers stay monomorphic.
 */
import type { FieldKind, Message } from '../schema';
import { defaultSource } from './defaults';
import type { MessageReader } from './message-reader';
import { fixedBytes, isScalar, minElementBytes, planMessage } from './plan';
import type { FieldPlan, StructPlan } from './plan';

const NO_BYTES = new Uint8Array(0);

export type Decoder = (reader: MessageReader) => unknown;

/** Compiles the decoder of a version. */
export function compileDecoder(message: Message, version: number): Decoder {
  const plan = planMessage(message, version);
  const source = `'use strict';
${plan.structs.map((struct) => structSource(struct)).join('\n')}
return (r) => s${plan.root.id}(r, r.view);`;
  return new Function('NO_BYTES', source)(NO_BYTES) as Decoder;
}

function structSource(struct: StructPlan): string {
  const members = Object.entries(struct.all).map(([name, field]) => {
    if (struct.absent.includes(name)) return `${name}: ${defaultSource(field)}`;
    return `${name}: $${name}`;
  });
  const lines = [...regularSource(struct.regular), ...taggedSource(struct)];
  const result = `{ ${members.join(', ')} }`;
  if (struct.flexible) {
    lines.push(`const o = ${result};`, 'if (unknown !== undefined) o.unknownTaggedFields = unknown;', 'return o;');
  } else lines.push(`return ${result};`);
  return `function s${struct.id}(r, v) {\n${lines.join('\n')}\n}`;
}

function regularSource(fields: readonly FieldPlan[]): string[] {
  const lines: string[] = [];
  let run: FieldPlan[] = [];
  const endRun = (): void => {
    if (run.length > 0) lines.push(...runSource(run));
    run = [];
  };
  for (const plan of fields) {
    if (fixedBytes(plan.field.kind) !== undefined) {
      run.push(plan);
      continue;
    }
    endRun();
    lines.push(`let $${plan.name};`, ...variableSource(plan));
  }
  endRun();
  return lines;
}

/** Fields of fixed size, one after the other: one bounds check for all. */
function runSource(run: readonly FieldPlan[]): string[] {
  const at = `p_${(run[0] as FieldPlan).name}`;
  let offset = 0;
  const reads = run.map((plan) => {
    const read = `const $${plan.name} = ${fixedRead(plan.field.kind, `${at} + ${offset}`)};`;
    offset += fixedBytes(plan.field.kind) ?? 0;
    return read;
  });
  return [`const ${at} = r.take(${offset});`, ...reads];
}

function fixedRead(kind: FieldKind, at: string): string {
  switch (kind) {
    case 'bool':
      return `v.getInt8(${at}) !== 0`;
    case 'int8':
      return `v.getInt8(${at})`;
    case 'int16':
      return `v.getInt16(${at})`;
    case 'uint16':
      return `v.getUint16(${at})`;
    case 'int32':
      return `v.getInt32(${at})`;
    case 'uint32':
      return `v.getUint32(${at})`;
    case 'int64':
      return `r.int64At(${at})`;
    case 'clampedInt64':
      return `r.clampedInt64At(${at})`;
    case 'bigint64':
      return `v.getBigInt64(${at})`;
    case 'float64':
      return `v.getFloat64(${at})`;
    case 'uuid':
      return `r.uuidAt(${at})`;
    default:
      throw new TypeError(`${kind} has no fixed size`);
  }
}

/** Statements that read a field of any kind into its variable, which exists. */
function variableSource(plan: FieldPlan): string[] {
  const kind = plan.field.kind;
  const target = `$${plan.name}`;
  const size = fixedBytes(kind);
  if (size !== undefined) return [`${target} = ${fixedRead(kind, `r.take(${size})`)};`];
  if (kind === 'array') return arraySource(plan);
  if (kind === 'struct') {
    const read = `s${(plan.struct as StructPlan).id}(r, v)`;
    const isNull = plan.field.tag === null ? 'r.int8() < 0' : 'r.unsignedVarint() === 0';
    return [`${target} = ${plan.nullable ? `${isNull} ? null : ${read}` : read};`];
  }
  return [`${target} = r.${variableRead(kind, plan.flexible, plan.nullable)}();`];
}

function variableRead(kind: FieldKind, flexible: boolean, nullable: boolean): string {
  if (kind === 'string') {
    if (flexible) return nullable ? 'compactNullableString' : 'compactString';
    return nullable ? 'nullableString' : 'string';
  }
  if (flexible) return nullable ? 'compactNullableBytes' : 'compactBytes';
  return nullable ? 'nullableBytes' : 'bytesField';
}

function arraySource(plan: FieldPlan): string[] {
  const target = `$${plan.name}`;
  const length = `n_${plan.name}`;
  const read = plan.flexible ? 'compactArrayLength' : 'arrayLength';
  const onNull = plan.nullable ? `${target} = null;` : `throw r.failure('null for ${plan.name}');`;
  return [
    `const ${length} = r.${read}(${minElementBytes(plan)});`,
    `if (${length} < 0) ${onNull}`,
    `else { ${target} = []; ${elementsSource(plan, target, length)} }`,
  ];
}

function elementsSource(plan: FieldPlan, target: string, length: string): string {
  const loop = (read: string): string => `for (let i = 0; i < ${length}; i++) ${target}.push(${read});`;
  if (plan.struct !== null) return loop(`s${plan.struct.id}(r, v)`);
  const element = plan.field.element;
  if (!isScalar(element)) throw new TypeError(`an array of what: ${plan.name}`);
  const size = fixedBytes(element);
  if (size === undefined) return loop(`r.${variableRead(element, plan.flexible, false)}()`);
  return `const p = r.take(${length} * ${size}); ${loop(fixedRead(element, `p + i * ${size}`))}`;
}

function taggedSource(struct: StructPlan): string[] {
  if (!struct.flexible) return [];
  const cases = struct.tagged.map(
    (plan) => `case ${plan.field.tag}: {\n${variableSource(plan).join('\n')}\nr.closeTag(end);\nbreak;\n}`,
  );
  return [
    ...struct.tagged.map((plan) => `let $${plan.name} = ${defaultSource(plan.field)};`),
    'let unknown;',
    'for (let tags = r.unsignedVarint(); tags > 0; tags--) {',
    'const tag = r.unsignedVarint();',
    'const end = r.tagEnd();',
    cases.length === 0
      ? 'unknown = r.unknownTag(tag, end, unknown);'
      : `switch (tag) {\n${cases.join('\n')}\ndefault: unknown = r.unknownTag(tag, end, unknown);\n}`,
    '}',
  ];
}
