/** Source text for defaults: the value that a field has when nobody set it, and the test whether it has it. */
import { isScalar } from './plan';
import type { Field, Fields } from '../schema';

/** An expression for a fresh default. `NO_BYTES` must be in scope. */
export function defaultSource(field: Field): string {
  const value = field.defaultValue;
  if (value === null) return 'null';
  switch (field.kind) {
    case 'bytes':
    case 'records':
      return 'NO_BYTES';
    case 'array':
      return '[]';
    case 'struct':
      return structDefaultSource(field.element as Fields);
    case 'bigint64':
      return `${String(value)}n`;
    default:
      return JSON.stringify(value);
  }
}

export function structDefaultSource(fields: Fields): string {
  const members = Object.entries(fields).map(([name, field]) => `${name}: ${defaultSource(field)}`);
  return `{ ${members.join(', ')} }`;
}

/** A condition: `value` is what the field is by default. Leaving a field out counts. */
export function isDefaultSource(field: Field, value: string): string {
  return `(${value} === undefined || ${equalsDefaultSource(field, value)})`;
}

function equalsDefaultSource(field: Field, value: string): string {
  if (field.defaultValue === null) return `${value} === null`;
  switch (field.kind) {
    case 'bytes':
    case 'array':
      return `(${value} !== null && ${value}.length === 0)`;
    case 'records':
      return `(${value} !== null && (${value}.sizeBytes ?? ${value}.length) === 0)`;
    case 'struct':
      return structIsDefaultSource(field.element, value);
    default:
      return `${value} === ${defaultSource(field)}`;
  }
}

function structIsDefaultSource(element: Field['element'], value: string): string {
  if (element === null || isScalar(element)) return 'false';
  const conditions = Object.entries(element).map(([name, field]) => isDefaultSource(field, `${value}.${name}`));
  return `(${value} !== null && ${value}.unknownTaggedFields === undefined && ${conditions.join(' && ')})`;
}
