/**
 * The text form of configuration values: what a property file, a flag or an AlterConfigs request may say, and what
 * DescribeConfigs prints. Both directions follow Kafka's ConfigDef, digit by digit.
 *
 * Kafka's long reaches 2^63-1 and means "without limit" there, which no number holds. A long beyond 2^53-1 therefore
 * becomes Infinity (arithmetic and comparisons then do what is meant) while its text keeps every digit.
 */

export interface ConfigValueTypes {
  readonly boolean: boolean;
  readonly string: string;
  readonly int: number;
  readonly short: number;
  readonly long: number;
  readonly double: number;
  readonly list: readonly string[];
  readonly class: string;
  readonly password: string;
}
export type ConfigType = keyof ConfigValueTypes;

/** DescribeConfigs' ConfigType codes (KIP-569). */
export const CONFIG_TYPE_CODES: Readonly<Record<ConfigType, number>> = {
  boolean: 1,
  string: 2,
  int: 3,
  short: 4,
  long: 5,
  double: 6,
  list: 7,
  class: 8,
  password: 9,
};

/** 2^63-1, Kafka's "no limit", as a value and as text. */
export const LONG_MAX = Infinity;
export const LONG_MAX_TEXT = '9223372036854775807';
export const INT_MAX = 2147483647;

const LONG_MIN_TEXT = '-9223372036854775808';
const WHOLE = /^[+-]?\d{1,19}$/;
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[dDfF]?$/;
const RANGES = { int: [-2147483648, INT_MAX], short: [-32768, 32767] } as const;

export interface ParsedText {
  readonly value: ConfigValueTypes[ConfigType];
  readonly text: string;
}

/** null when `raw` is not a value of this type. */
export function parseText(type: ConfigType, raw: string): ParsedText | null {
  // Java trims everything but passwords.
  const text = type === 'password' ? raw : raw.trim();
  switch (type) {
    case 'boolean':
      return parseBoolean(text);
    case 'int':
    case 'short':
      return parseSmall(text, RANGES[type]);
    case 'long':
      return parseLong(text);
    case 'double':
      return parseDouble(text);
    case 'list':
      return parseList(text);
    default:
      return { value: text, text };
  }
}

/** Prints a value that came from a definition, e.g. a default. */
export function formatValue(type: ConfigType, value: ConfigValueTypes[ConfigType]): string {
  if (typeof value === 'object') return value.join(',');
  if (typeof value !== 'number') return String(value);
  if (type === 'double') return formatDouble(value);
  if (value === Infinity) return LONG_MAX_TEXT;
  return value === -Infinity ? LONG_MIN_TEXT : String(value);
}

/** What a type takes, to be continued by a validator's sentence. */
export function typeSentence(type: ConfigType): string {
  switch (type) {
    case 'boolean':
      return 'true or false';
    case 'int':
    case 'short':
      return `a whole number from ${RANGES[type][0]} to ${RANGES[type][1]}`;
    case 'long':
      return 'a whole number';
    case 'double':
      return 'a number';
    case 'list':
      return 'a list separated by commas';
    case 'class':
      return 'the name of a class';
    case 'password':
    case 'string':
      return 'a text';
  }
}

function parseBoolean(text: string): ParsedText | null {
  const lower = text.toLowerCase();
  return lower === 'true' || lower === 'false' ? { value: lower === 'true', text: lower } : null;
}

function parseSmall(text: string, [min, max]: readonly [number, number]): ParsedText | null {
  if (!WHOLE.test(text)) return null;
  const value = Number(text);
  if (value < min || value > max) return null;
  return { value: value === 0 ? 0 : value, text: String(value === 0 ? 0 : value) };
}

function parseLong(text: string): ParsedText | null {
  if (!WHOLE.test(text)) return null;
  const exact = BigInt(text.startsWith('+') ? text.slice(1) : text);
  if (BigInt.asIntN(64, exact) !== exact) return null;
  const near = Number(exact);
  if (Number.isSafeInteger(near)) return { value: near, text: exact.toString() };
  return { value: near > 0 ? LONG_MAX : -LONG_MAX, text: exact.toString() };
}

function parseDouble(text: string): ParsedText | null {
  if (!DECIMAL.test(text)) return null;
  const value = Number(text.replace(/[dDfF]$/, ''));
  return Number.isFinite(value) ? { value, text: formatDouble(value) } : null;
}

/** Empty text is an empty list; repeated entries count once, as since Kafka 4.2 (KIP-1161). */
function parseList(text: string): ParsedText {
  const entries = text === '' ? [] : [...new Set(text.split(/\s*,\s*/))];
  return { value: entries, text: entries.join(',') };
}

/** Java's Double.toString: at least one digit after the point, and E notation outside [10^-3, 10^7). */
export function formatDouble(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-3 && size < 1e7)) {
    const plain = String(value);
    return plain.includes('.') ? plain : `${plain}.0`;
  }
  const [digits = '0', exponent = '0'] = value.toExponential().split('e');
  return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`;
}
