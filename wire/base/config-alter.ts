/**
 * What an (Incremental)AlterConfigs request does to the values of one resource, without side effects (KIP-226, KIP-339).
 *
 * The outcome is a whole: either every operation is fine and the changes are returned, or one is refused with Kafka's
 * error code and nothing changes. What a resource's keys are is told by `AlterRules`, so that topics, groups, brokers and
 * client metrics share this.
 */
import { type ConfigDefinition } from './config-definition';
import { ErrorCode } from './error-codes';

/** IncrementalAlterConfigs' operations. */
export const CONFIG_OP = { set: 0, delete: 1, append: 2, subtract: 3 } as const;

/** Kafka's metadata records hold a value of this many bytes at most. */
const MAX_VALUE_BYTES = 32767;

export interface ConfigOp {
  readonly name: string;
  readonly op: number;
  readonly value: string | null;
}

export interface AlterRules {
  /** Definition of a key; undefined when the resource has no such key. */
  find(key: string): ConfigDefinition | undefined;
  /** The value in force when the resource has none of its own: what APPEND and SUBTRACT start from. */
  inherited(key: string): string | null;
  /** Kafka's code for a key that cannot be appended to. */
  readonly notAListCode: number;
}

export type Alteration =
  | {
      readonly ok: true;
      /** Only what really changes: the new value, or null to go back to the default. */
      readonly changes: ReadonlyMap<string, string | null>;
      /** The resource's values afterwards. */
      readonly values: ReadonlyMap<string, string>;
    }
  | { readonly ok: false; readonly errorCode: number; readonly message: string };

/** IncrementalAlterConfigs (44) on one resource. */
export function alterIncrementally(
  current: ReadonlyMap<string, string>,
  ops: readonly ConfigOp[],
  rules: AlterRules,
): Alteration {
  const seen = new Set<string>();
  const values = new Map(current);
  for (const { name, op, value } of ops) {
    if (seen.has(name))
      return refusedAlteration(ErrorCode.INVALID_REQUEST, `The key ${name} is altered twice in one request.`);
    seen.add(name);
    if (op === CONFIG_OP.delete) {
      values.delete(name);
      continue;
    }
    if (value === null) return refusedAlteration(ErrorCode.INVALID_REQUEST, `Null value not supported for : ${name}`);
    const changed = changedValue(values.get(name), { name, op, value }, rules);
    if (typeof changed !== 'string') return changed;
    values.set(name, changed);
  }
  return alteration(current, values);
}

/** Legacy AlterConfigs (33): the given values replace all that the resource has. */
export function alterAll(
  current: ReadonlyMap<string, string>,
  entries: readonly { readonly name: string; readonly value: string | null }[],
): Alteration {
  const values = new Map<string, string>();
  for (const { name, value } of entries) {
    if (value === null) return refusedAlteration(ErrorCode.INVALID_REQUEST, `Null value not supported for : ${name}`);
    if (values.has(name))
      return refusedAlteration(ErrorCode.INVALID_REQUEST, `The key ${name} is altered twice in one request.`);
    values.set(name, value);
  }
  return alteration(current, values);
}

export function refusedAlteration(errorCode: number, message: string): Alteration & { readonly ok: false } {
  return { ok: false, errorCode, message };
}

function changedValue(
  current: string | undefined,
  { name, op, value }: { readonly name: string; readonly op: number; readonly value: string },
  rules: AlterRules,
): string | (Alteration & { readonly ok: false }) {
  if (op === CONFIG_OP.set) return value;
  if (op !== CONFIG_OP.append && op !== CONFIG_OP.subtract) {
    return refusedAlteration(ErrorCode.INVALID_REQUEST, `Unknown operation ${op} for the key ${name}.`);
  }
  const verb = op === CONFIG_OP.append ? 'APPEND' : 'SUBTRACT';
  if (rules.find(name)?.type !== 'list') {
    return refusedAlteration(
      rules.notAListCode,
      `Can't ${verb} to key ${name} because the type of this key is not LIST.`,
    );
  }
  const before = parts(current ?? rules.inherited(name) ?? '');
  const asked = parts(value);
  if (op === CONFIG_OP.subtract) return before.filter((entry) => !asked.includes(entry)).join(',');
  return [...before, ...asked.filter((entry, at) => !before.includes(entry) && asked.indexOf(entry) === at)].join(',');
}

function alteration(current: ReadonlyMap<string, string>, values: ReadonlyMap<string, string>): Alteration {
  const changes = new Map<string, string | null>();
  for (const key of current.keys()) if (!values.has(key)) changes.set(key, null);
  for (const [key, value] of values) {
    if (current.get(key) === value) continue;
    if (Buffer.byteLength(value) > MAX_VALUE_BYTES) {
      const what = `The value of ${key} is longer than ${MAX_VALUE_BYTES} bytes.`;
      return refusedAlteration(ErrorCode.INVALID_CONFIG, what);
    }
    changes.set(key, value);
  }
  return { ok: true, changes, values };
}

function parts(list: string): readonly string[] {
  return list === '' ? [] : list.split(',').map((entry) => entry.trim());
}
