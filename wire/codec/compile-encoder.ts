/**
 * Turns a version of a message into code that writes it.
 *
 * As in Kafka, a value that differs from its default may not be lost: where the version lacks a field that is not
 * `ignorable`, encoding fails. Tagged fields are written when they differ from their default.
 */
import type { Field, FieldKind, Message } from '../schema';
import { defaultSource, isDefaultSource } from './defaults';
import { checks } from './message-writer';
import type { MessageWriter } from './message-writer';
import { fixedBytes, isScalar, planMessage } from './plan';
import type { FieldPlan, StructPlan } from './plan';

const NO_BYTES = new Uint8Array(0);

export type Encoder = (writer: MessageWriter, value: unknown) => void;

/** Compiles the encoder of a version. */
export function compileEncoder(message: Message, version: number): Encoder {
  const plan = planMessage(message, version);
  const source = `'use strict';
${plan.structs.map((struct) => structSource(struct, version)).join('\n')}
return s${plan.root.id};`;
  return new Function('check', 'NO_BYTES', source)(checks, NO_BYTES) as Encoder;
}

function structSource(struct: StructPlan, version: number): string {
  const lines = [...absentSource(struct, version), ...regularSource(struct.regular), ...taggedSource(struct, version)];
  return `function s${struct.id}(w, o) {\n${lines.join('\n')}\n}`;
}

function absentSource(struct: StructPlan, version: number): string[] {
  return struct.absent
    .map((name) => [name, struct.all[name] as Field] as const)
    .filter(([, field]) => !field.ignorable)
    .map(([name, field]) => `if (!${isDefaultSource(field, `o.${name}`)}) check.refuseAbsent('${name}', ${version});`);
}

function regularSource(fields: readonly FieldPlan[]): string[] {
  const lines: string[] = [];
  let run: FieldPlan[] = [];
  const endRun = (): void => {
    if (run.length > 0) lines.push(`{ ${runSource(run).join(' ')} }`);
    run = [];
  };
  for (const plan of fields) {
    if (fixedBytes(plan.field.kind) !== undefined) {
      run.push(plan);
      continue;
    }
    endRun();
    lines.push(`{ ${variableSource(plan).join('\n')} }`);
  }
  endRun();
  return lines;
}

/** Fields of fixed size, one after the other: room for all is made once. */
function runSource(run: readonly FieldPlan[]): string[] {
  const size = run.reduce((sum, plan) => sum + (fixedBytes(plan.field.kind) ?? 0), 0);
  let offset = 0;
  const writes = run.map((plan) => {
    const write = fixedWrite(plan.field.kind, `p + ${offset}`, `o.${plan.name}`, plan);
    offset += fixedBytes(plan.field.kind) ?? 0;
    return write;
  });
  return [`const p = w.reserve(${size}), v = w.view;`, ...writes];
}

const SETTERS: Partial<Record<FieldKind, string>> = {
  bool: 'v.setInt8',
  int8: 'v.setInt8',
  int16: 'v.setInt16',
  uint16: 'v.setUint16',
  int32: 'v.setInt32',
  uint32: 'v.setUint32',
  int64: 'w.int64At',
  clampedInt64: 'w.int64At',
  bigint64: 'v.setBigInt64',
  float64: 'v.setFloat64',
};

/** A statement that writes `value`, or the field's default when it is left out, into reserved room. */
function fixedWrite(kind: FieldKind, at: string, value: string, plan: FieldPlan): string {
  const fallback = plan.field.kind === 'array' ? 'null' : defaultSource(plan.field);
  if (kind === 'uuid') return `w.uuidAt(${at}, check.uuid(${value}, ${fallback}, '${plan.name}'));`;
  const check = kind === 'clampedInt64' ? 'int64' : kind;
  return `${SETTERS[kind]}(${at}, check.${check}(${value}, ${fallback}, '${plan.name}'));`;
}

/** Statements that write a field of any kind. `o` is the struct that it stands in. */
function variableSource(plan: FieldPlan): string[] {
  const kind = plan.field.kind;
  if (fixedBytes(kind) !== undefined) return runSource([plan]);
  const lines = [
    `let x = o.${plan.name};`,
    `if (x === undefined) x = ${kind === 'struct' ? structFallback(plan) : defaultSource(plan.field)};`,
  ];
  const write = kind === 'array' ? arraySource(plan) : [`${writeSource(kind, plan, 'x')};`];
  if (!plan.nullable) return [...lines, ...write];
  return [...lines, `if (x === null) ${nullSource(plan)}; else {`, ...write, '}'];
}

/** The encoder of a struct takes what is left out for defaults, so an empty one will do. */
function structFallback(plan: FieldPlan): string {
  return plan.field.defaultValue === null ? 'null' : '{}';
}

function nullSource(plan: FieldPlan): string {
  if (plan.field.kind === 'struct') return plan.field.tag === null ? 'w.int8(-1)' : 'w.unsignedVarint(0)';
  if (plan.flexible) return 'w.unsignedVarint(0)';
  return plan.field.kind === 'string' ? 'w.int16(-1)' : 'w.int32(-1)';
}

/** An expression that writes a value which is not null and not of a fixed size. */
function writeSource(kind: FieldKind, plan: FieldPlan, value: string): string {
  const checked = `check.${kind}(${value}, '${plan.name}')`;
  switch (kind) {
    case 'string':
      return `w.${plan.flexible ? 'compactString' : 'string'}(${checked})`;
    case 'bytes':
      return `w.${plan.flexible ? 'compactBytes' : 'bytesField'}(${checked})`;
    case 'records':
      return `w.recordsBody(${checked}, ${plan.flexible})`;
    case 'struct':
      // In front of a nullable struct stands an int8, or a varint when it is tagged; 1 is the same in both.
      return `${plan.nullable ? 'w.int8(1); ' : ''}s${(plan.struct as StructPlan).id}(w, ${checked})`;
    default:
      throw new TypeError(`cannot write ${kind}`);
  }
}

function arraySource(plan: FieldPlan): string[] {
  const length = plan.flexible ? 'w.unsignedVarint(n + 1);' : 'w.int32(n);';
  return [`const n = check.array(x, '${plan.name}').length; ${length}`, elementsSource(plan)];
}

function elementsSource(plan: FieldPlan): string {
  const loop = (write: string): string => `for (let i = 0; i < n; i++) { ${write} }`;
  if (plan.struct !== null) return loop(`s${plan.struct.id}(w, check.struct(x[i], '${plan.name}'));`);
  const element = plan.field.element;
  if (!isScalar(element)) throw new TypeError(`an array of what: ${plan.name}`);
  const size = fixedBytes(element);
  if (size === undefined) return loop(`${writeSource(element, plan, 'x[i]')};`);
  return `const p = w.reserve(n * ${size}), v = w.view; ${loop(fixedWrite(element, `p + i * ${size}`, 'x[i]', plan))}`;
}

function taggedSource(struct: StructPlan, version: number): string[] {
  const unknown = 'const unknown = o.unknownTaggedFields;';
  if (!struct.flexible) {
    return [
      unknown,
      `if (unknown !== undefined && unknown.length > 0) check.refuseAbsent('unknownTaggedFields', ${version});`,
    ];
  }
  const present = struct.tagged.map(
    (plan) => `const t${plan.field.tag} = !${isDefaultSource(plan.field, `o.${plan.name}`)};`,
  );
  const count = struct.tagged.map((plan) => `(t${plan.field.tag} ? 1 : 0) + `).join('');
  const rest = 'if (unknown !== undefined) next = w.unknownTags(unknown, next,';
  return [
    unknown,
    ...present,
    `w.unsignedVarint(${count}(unknown === undefined ? 0 : unknown.length));`,
    'let next = 0;',
    ...struct.tagged.map((plan) => `${rest} ${plan.field.tag});\n${taggedFieldSource(plan)}`),
    `${rest} Infinity);`,
  ];
}

function taggedFieldSource(plan: FieldPlan): string {
  const tag = plan.field.tag;
  return `if (t${tag}) { w.unsignedVarint(${tag}); const start = w.beginSized(); ${variableSource(plan).join('\n')} w.endSized(start); }`;
}
