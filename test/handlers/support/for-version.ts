/** One request written for all versions: what a version has no field for is left out of it. */
import type { Field, Fields, Message } from '../../../wire/schema';
import { isIn } from '../../../wire/version-range';

/** The part of `value` that `version` can carry. */
export function forVersion<T>(message: Message, version: number, value: T): T {
  return fitStruct(message.fields, version, value as Record<string, unknown>) as T;
}

function fitStruct(fields: Fields, version: number, value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept = Object.entries(fields).filter(
    ([name, field]) => isIn(version, field.versions) && value[name] !== undefined,
  );
  return Object.fromEntries(kept.map(([name, field]) => [name, fitField(field, version, value[name])]));
}

function fitField(field: Field, version: number, value: unknown): unknown {
  if (typeof field.element !== 'object' || field.element === null || value === null) return value;
  const fields = field.element;
  if (field.kind === 'struct') return fitStruct(fields, version, value as Record<string, unknown>);
  return (value as Record<string, unknown>[]).map((element) => fitStruct(fields, version, element));
}
