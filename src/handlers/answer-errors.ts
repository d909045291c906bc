/**
 * Counts the errors in an answer, wherever its schema has them. The places are looked up once per API; then an answer costs a
 * look at each of its fields named errorCode.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import type { Fields, Message } from '../../wire/schema';
import type { ApiMetrics } from '../network/request-metrics';

/** Where errors are in a struct: in itself, and in what its fields hold. */
interface Places {
  readonly isHere: boolean;
  readonly inside: readonly (readonly [field: string, places: Places])[];
}

type Struct = Readonly<Record<string, unknown>>;

export type ErrorCounter = (answer: unknown, metrics: ApiMetrics) => void;

export function errorCounterOf({ fields }: Message): ErrorCounter {
  const places = placesIn(fields);
  return places === null ? () => undefined : (answer, metrics) => count(places, answer as Struct, metrics);
}

function placesIn(fields: Fields): Places | null {
  const inside: (readonly [string, Places])[] = [];
  for (const [name, { element }] of Object.entries(fields)) {
    const places = element === null || typeof element === 'string' ? null : placesIn(element);
    if (places !== null) inside.push([name, places]);
  }
  const isHere = fields['errorCode'] !== undefined;
  return isHere || inside.length > 0 ? { isHere, inside } : null;
}

function count({ isHere, inside }: Places, struct: Struct, metrics: ApiMetrics): void {
  if (isHere) {
    const errorCode = struct['errorCode'];
    if (typeof errorCode === 'number' && errorCode !== ErrorCode.NONE) metrics.failed(errorCode);
  }
  for (let i = 0; i < inside.length; i++) {
    const [field, places] = inside[i] as (typeof inside)[number];
    const value = struct[field];
    if (Array.isArray(value)) for (const each of value) count(places, each as Struct, metrics);
    else if (value !== null && value !== undefined) count(places, value as Struct, metrics);
  }
}
