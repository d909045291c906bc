import { allowedSentence, defineConfig, parseConfig } from '../../../wire/base/config-definition';
import { LONG_MAX, LONG_MAX_TEXT, formatDouble, formatValue } from '../../../wire/base/config-text';
import { anyOf, atLeast, between, entries, entriesOf, equalTo, oneOf } from '../../../wire/base/config-validators';

const keys = defineConfig({
  'some.bytes': { type: 'int', default: 10, validator: atLeast(1), dynamic: 'cluster' },
  'some.ms': { type: 'long', default: LONG_MAX },
  'some.ratio': { type: 'double', default: 0.5, validator: between(0, 1) },
  'some.names': { type: 'list', default: ['a'], validator: entries(true) },
  'some.mode': { type: 'string', default: 'full', validator: oneOf('full', 'header') },
  'some.secret': { type: 'password', default: null },
  'some.id': { type: 'short', validator: atLeast(0) },
  'some.flag': { type: 'boolean', default: false },
});
const resolve = (texts: Record<string, string>) => keys.resolve(new Map(Object.entries({ 'some.id': '7', ...texts })));

/** The text a value prints as, or the sentence that refuses it. */
function parsed(key: keyof typeof keys.definitions, text: string): string {
  const result = parseConfig(key, keys.definitions[key], text);
  return result.ok ? result.text : result.problem.message;
}

describe('a set of configuration keys', () => {
  test('gives values of the type that their definition names', () => {
    const { config, problems } = resolve({ 'some.bytes': '20', 'some.names': 'b, c', 'some.flag': 'TRUE' });
    expect(problems).toEqual([]);
    // These assignments are the test: they compile only when the types are inferred.
    const bytes: number = config.get('some.bytes');
    const names: readonly string[] = config.get('some.names');
    const secret: string | null = config.get('some.secret');
    const flag: boolean = config.get('some.flag');
    expect({ bytes, names, secret, flag }).toEqual({ bytes: 20, names: ['b', 'c'], secret: null, flag: true });
  });

  test('says which values were given', () => {
    const { config } = resolve({ 'some.bytes': '10' });
    expect(config.isSet('some.bytes')).toBe(true);
    expect(config.isSet('some.ms')).toBe(false);
  });

  test('prints values as Kafka prints them', () => {
    const { config } = resolve({ 'some.names': ' x ,y,x', 'some.ratio': '1', 'some.bytes': '+0012' });
    expect(config.text('some.names')).toBe('x,y');
    expect(config.text('some.ratio')).toBe('1.0');
    expect(config.text('some.bytes')).toBe('12');
    expect(config.text('some.ms')).toBe('9223372036854775807');
    expect(config.text('some.secret')).toBeNull();
    expect(config.text('some.flag')).toBe('false');
  });

  test('names every bad value and every missing key at once', () => {
    const { problems } = keys.resolve(
      new Map([
        ['some.bytes', 'many'],
        ['some.ratio', '2'],
      ]),
    );
    expect(problems.map((problem) => problem.message)).toEqual([
      'Invalid value many for configuration some.bytes: it must be a whole number from -2147483648 to 2147483647, at least 1.',
      'Invalid value 2 for configuration some.ratio: it must be a number, at least 0 and at most 1.',
      'Missing required configuration some.id: it must be a whole number from -32768 to 32767, at least 0.',
    ]);
  });

  test('is not fooled by names that every object has', () => {
    expect(keys.has('constructor')).toBe(false);
    expect(keys.find('__proto__')).toBeUndefined();
  });
});

describe('parsing a value', () => {
  test.each([
    ['some.bytes', '2147483647', '2147483647'],
    ['some.bytes', ' 5 ', '5'],
    ['some.ms', '-9223372036854775808', '-9223372036854775808'],
    ['some.ms', '9223372036854775807', '9223372036854775807'],
    ['some.ms', '9007199254740993', '9007199254740993'],
    ['some.ratio', '.25', '0.25'],
    ['some.ratio', '1e-4', '1.0E-4'],
    ['some.names', '', ''],
    ['some.flag', 'False', 'false'],
  ] as const)('%s takes "%s" and prints it as "%s"', (key, text, printed) => {
    expect(parsed(key, text)).toBe(printed);
  });

  test.each([
    ['some.bytes', '2147483648'],
    ['some.bytes', '1k'],
    ['some.bytes', '1.0'],
    ['some.bytes', ''],
    ['some.ms', '9223372036854775808'],
    ['some.ms', '1L'],
    ['some.ratio', 'NaN'],
    ['some.ratio', '0x1'],
    ['some.names', 'a,,b'],
    ['some.mode', 'Full'],
    ['some.flag', 'yes'],
  ] as const)('%s refuses "%s"', (key, text) => {
    expect(parsed(key, text)).toContain(`configuration ${key}: it must be`);
  });

  test('a long beyond what a number holds is without limit, with every digit kept in its text', () => {
    const result = parseConfig('some.ms', keys.definitions['some.ms'], LONG_MAX_TEXT);
    expect(result).toEqual({ ok: true, value: Infinity, text: LONG_MAX_TEXT });
  });

  test('a password is kept as it is, blanks too', () => {
    expect(parseConfig('some.secret', keys.definitions['some.secret'], ' a b ')).toMatchObject({ value: ' a b ' });
  });

  test('a refused password is not repeated', () => {
    const secret = { type: 'password', default: null, validator: oneOf('x') } as const;
    const result = parseConfig('k', secret, 'my-secret');
    expect(JSON.stringify(result)).not.toContain('my-secret');
  });
});

describe('sentences', () => {
  test('say what is allowed', () => {
    expect(allowedSentence({ type: 'int', default: -1, validator: anyOf(between(1, 9), equalTo(-1)) })).toBe(
      'a whole number from -2147483648 to 2147483647, at least 1 and at most 9, or equal to -1',
    );
    expect(allowedSentence({ type: 'list', default: [], validator: entriesOf(false, 'a', 'b') })).toBe(
      'a list separated by commas, one or more of a, b',
    );
  });
});

describe('printing', () => {
  test.each([
    [0, '0.0'],
    [0.5, '0.5'],
    [9999999, '9999999.0'],
    [1e7, '1.0E7'],
    [12345678.9, '1.23456789E7'],
    [0.001, '0.001'],
    [0.0001, '1.0E-4'],
    [Number.MAX_VALUE, '1.7976931348623157E308'],
    [-2.5, '-2.5'],
  ])('the double %d is %s, as Java prints it', (value, text) => {
    expect(formatDouble(value)).toBe(text);
  });

  test('lists are joined by commas without blanks', () => {
    expect(formatValue('list', ['compact', 'delete'])).toBe('compact,delete');
  });
});
