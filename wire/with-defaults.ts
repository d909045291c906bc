/** A message's value as decoding would give it, from one that leaves fields out: for calls that never reach the wire. */
import type { Field, Fields, Infer, Input, Message } from './schema';

/** `value` with the default of every field that it leaves out. What it has is taken over, not copied deep down to bytes. */
export function withDefaults<M extends Message>(message: M, value: Input<M>): Infer<M> {
  // The schema that the types were made of is what is walked here.
  return completed(message.fields, value as Readonly<Record<string, unknown>>) as Infer<M>;
}

function completed(fields: Fields, value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const whole: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) whole[name] = completedField(field, value[name]);
  return whole;
}

function completedField(field: Field, value: unknown): unknown {
  if (value === undefined) {
    return field.kind === 'struct' && field.defaultValue === undefined ? completed(fieldsOf(field), {}) : field.defaultValue;
  }
  if (value === null || typeof field.element !== 'object' || field.element === null) return value;
  const fields = field.element;
  if (field.kind === 'struct') return completed(fields, value as Readonly<Record<string, unknown>>);
  return (value as readonly Readonly<Record<string, unknown>>[]).map((each) => completed(fields, each));
}

function fieldsOf({ element }: Field): Fields {
  return typeof element === 'object' && element !== null ? element : {};
}
