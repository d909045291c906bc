/** What a topic may be called. Metric names cannot tell '.' from '_', so two topics may not differ in them alone. */

export const CLUSTER_METADATA_TOPIC = '__cluster_metadata';

const MAX_NAME_LENGTH = 249;
const LEGAL = /^[a-zA-Z0-9._-]*$/;

/** Why the name is no topic name, as a whole sentence; null when it is one. */
export function invalidTopicName(name: string): string | null {
  const reason = reasonAgainst(name);
  return reason === null ? null : `Topic name is invalid: ${reason}`;
}

function reasonAgainst(name: string): string | null {
  if (name === '') return 'the empty string is not allowed';
  if (name === '.' || name === '..') return `'${name}' is not allowed`;
  if (name.length > MAX_NAME_LENGTH) {
    return `the length of '${name}' is longer than the max allowed length ${MAX_NAME_LENGTH}`;
  }
  if (!LEGAL.test(name))
    return `'${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`;
  return null;
}

export function isValidTopicName(name: string): boolean {
  return reasonAgainst(name) === null;
}

export function hasCollisionChars(name: string): boolean {
  return name.includes('.') || name.includes('_');
}

export function unifyCollisionChars(name: string): string {
  return name.replaceAll('.', '_');
}
