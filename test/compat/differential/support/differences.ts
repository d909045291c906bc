/** Compares what two brokers answered, field by field. */
import type { StepOutcome } from './run-scenario';
import type { Allowed } from './steps';

export interface Difference {
  /** `<step> <path>` */
  readonly at: string;
  readonly kafka: unknown;
  readonly moldau: unknown;
}

export function differencesOf(kafka: readonly StepOutcome[], moldau: readonly StepOutcome[]): Difference[] {
  return kafka.flatMap(({ step, outcome }, index) => compare(`${step} `, outcome, moldau[index]?.outcome));
}

/** Lines for those that are not allowed, and for allowances that allow nothing any more. */
export function complaints(differences: readonly Difference[], allowed: readonly Allowed[]): string[] {
  const bad = differences.filter(({ at }) => !allowed.some((allowance) => allowance.at.test(at)));
  const stale = allowed.filter(
    (allowance) => allowance.isOptional !== true && !differences.some((difference) => allows(allowance, difference)),
  );
  return [
    ...bad.map(({ at, kafka, moldau }) => `${at}: Kafka ${JSON.stringify(kafka)}, Moldau ${JSON.stringify(moldau)}`),
    ...stale.map(({ at }) => `allowed, but there is no difference at ${at.source}`),
  ];
}

function allows(allowance: Allowed, { at, kafka }: Difference): boolean {
  return allowance.at.test(at) && (!('kafka' in allowance) || allowance.kafka === kafka);
}

function compare(at: string, kafka: unknown, moldau: unknown): Difference[] {
  if (Array.isArray(kafka) && Array.isArray(moldau)) return compareArrays(at, kafka, moldau);
  if (isStruct(kafka) && isStruct(moldau)) {
    const names = new Set([...Object.keys(kafka), ...Object.keys(moldau)]);
    return [...names].flatMap((name) =>
      compare(at.endsWith(' ') ? at + name : `${at}.${name}`, kafka[name], moldau[name]),
    );
  }
  return Object.is(kafka, moldau) ? [] : [{ at, kafka, moldau }];
}

function compareArrays(at: string, kafka: readonly unknown[], moldau: readonly unknown[]): Difference[] {
  const keyed = keyOf(kafka, moldau);
  if (keyed !== null) return compareByKey(at, keyed, kafka as Struct[], moldau as Struct[]);
  const differences =
    kafka.length === moldau.length ? [] : [{ at: `${at}.length`, kafka: kafka.length, moldau: moldau.length }];
  const count = Math.max(kafka.length, moldau.length);
  return [
    ...differences,
    ...Array.from({ length: count }, (_, i) => compare(`${at}[${i}]`, kafka[i], moldau[i])).flat(),
  ];
}

type Struct = Readonly<Record<string, unknown>>;

const KEYS = ['name', 'apiKey'];

/** Long lists are compared by what names their elements, so that one that is missing does not shift all others. */
function keyOf(kafka: readonly unknown[], moldau: readonly unknown[]): string | null {
  const all = [...kafka, ...moldau];
  if (!all.every(isStruct)) return null;
  const isKey = (list: readonly Struct[], key: string): boolean =>
    new Set(list.map((one) => one[key])).size === list.length;
  return (
    KEYS.find(
      (key) =>
        all.every((one) => one[key] !== undefined) && isKey(kafka as Struct[], key) && isKey(moldau as Struct[], key),
    ) ?? null
  );
}

function compareByKey(at: string, key: string, kafka: readonly Struct[], moldau: readonly Struct[]): Difference[] {
  const names = new Set([...kafka, ...moldau].map((one) => one[key]));
  const find = (list: readonly Struct[], name: unknown): Struct | undefined => list.find((one) => one[key] === name);
  return [...names].flatMap((name) => {
    const [left, right] = [find(kafka, name), find(moldau, name)];
    if (left === undefined || right === undefined)
      return [{ at: `${at}[${String(name)}]`, kafka: left ?? 'not there', moldau: right ?? 'not there' }];
    return compare(`${at}[${String(name)}]`, left, right);
  });
}

function isStruct(value: unknown): value is Struct {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
