/** What the vocabulary's types let through, and what they refuse: the compiler checks these as much as the runner does. */
import { decode, encode } from '../../wire/codec';
import { array, int16, int32, int64, message, records, string, struct } from '../../wire/schema';
import type { Infer, Input } from '../../wire/schema';
import { isIn, parseVersions } from '../../wire/version-range';
import type { VersionText } from '../../wire/version-range';

const Example = message(
  'Example',
  { type: 'data', validVersions: '1-3', flexibleVersions: '3+' },
  {
    always: int16('0+'),
    alsoAlways: int16('1+'),
    late: int64('2+'),
    early: string('0-2', { nullable: '0-2' }),
    text: string('0+', { nullable: '0+', default: null }),
    body: records('0+', { nullable: '0+' }),
    parts: array('2+', { index: int32('2+'), offsets: array('0+', 'int64') }),
    tagged: struct('3+', { epoch: int32('3+', { default: -1 }) }, { tag: 0 }),
  },
);
type Example = Infer<typeof Example>;

describe('types of a message', () => {
  test('what decoding gives has every field, and null only where the schema has it', () => {
    const value: Example = decode(Example, 1, encode(Example, 1, { always: 1, alsoAlways: 2, body: null }));
    const text: string | null = value.text;
    const offsets: number[] | undefined = value.parts[0]?.offsets;
    expect(text).toBeNull();
    expect(offsets).toBeUndefined();
    expect(value).toEqual({
      always: 1,
      alsoAlways: 2,
      late: 0,
      early: '',
      text: null,
      body: null,
      parts: [],
      tagged: { epoch: -1 },
    });
  });

  test('what encoding takes may leave out defaults, tagged fields and ones that not every version has', () => {
    const least: Input<typeof Example> = { always: 1, alsoAlways: 1, body: new Uint8Array(3) };
    const most: Input<typeof Example> = {
      ...least,
      parts: [{ index: 1, offsets: [1, 2] }],
      tagged: {},
      late: undefined,
    };
    // @ts-expect-error a field of all versions may not be left out
    const less: Input<typeof Example> = { always: 1, body: null };
    // @ts-expect-error nor one that its struct always has
    const partial: Input<typeof Example> = { ...least, parts: [{ index: 1 }] };
    // @ts-expect-error null has no encoding here
    const noNull: Input<typeof Example> = { ...least, always: null };
    expect(encode(Example, 3, most).length).toBeGreaterThan(encode(Example, 3, least).length);
    expect(() => encode(Example, 3, noNull)).toThrow('always');
    expect([less, partial]).toHaveLength(2);
  });

  test('what was decoded can be encoded', () => {
    const value: Example = decode(Example, 3, encode(Example, 3, { always: 1, alsoAlways: 2, body: Uint8Array.of(1) }));
    expect(decode(Example, 3, encode(Example, 3, value))).toEqual(value);
  });
});

describe('ranges of versions', () => {
  test.each([
    ['3', { min: 3, max: 3 }],
    ['0-4', { min: 0, max: 4 }],
    ['12+', { min: 12, max: Infinity }],
  ] as const)('%s', (text, range) => {
    expect(parseVersions(text)).toEqual(range);
    expect([isIn(range.min - 1, range), isIn(range.min, range), isIn(range.max, range)]).toEqual([false, true, true]);
  });

  test('none holds no version', () => {
    expect([-1, 0, 1].some((version) => isIn(version, parseVersions('none')))).toBe(false);
  });

  test.each(['', '+', '1-', '-1', 'a', '1+2'])('%j is none', (text) => {
    expect(() => parseVersions(text as VersionText)).toThrow(TypeError);
  });
});
