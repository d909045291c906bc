/**
 * Bytes that Apache Kafka's own classes wrote, decoded and encoded again to the same bytes.
 *
 * The vectors in `vectors.txt.gz.base64` come from GoldenBytes.java: every message and version, at its defaults, with nulls,
 * empty, with the largest and smallest numbers, nested, and with tagged fields that we do not know. Where Kafka is
 * installed they are made afresh, each with Kafka's JSON of it, against which the decoded fields are compared by name;
 * WRITE_GOLDEN=1 then writes the file anew.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { decode, encode } from '../../wire/codec';
import type { Field, Fields, Input, Message } from '../../wire/schema';
import { compileJava, jvmFlags } from '../support/java';
import { needs } from '../support/needs';
import { allMessages, versionsOf } from '../wire/support/all-messages';

const file = join(__dirname, 'vectors.txt.gz.base64');
const byName = new Map(allMessages.map((message) => [message.name, message]));

interface Vector {
  readonly title: string;
  readonly message: Message;
  readonly version: number;
  readonly shape: string;
  readonly bytes: Uint8Array;
  readonly json: string;
}

function parseVector(line: string): Vector {
  const [name = '', version = '', shape = '', base64 = '', ...json] = line.split(' ');
  const message = byName.get(name);
  if (message === undefined) throw new Error(`a vector of ${name}, which is no message of ours`);
  const bytes = new Uint8Array(Buffer.from(base64, 'base64'));
  return { title: `${name} v${version} ${shape}`, message, version: Number(version), shape, bytes, json: json.join(' ') };
}

function parseVectors(text: string): Vector[] {
  return text.trimEnd().split('\n').map(parseVector);
}

function readKept(): string {
  return gunzipSync(Buffer.from(readFileSync(file, 'utf8'), 'base64')).toString('utf8');
}

type Value = Record<string, unknown>;

/** Decodes, encodes again and compares; gives what was decoded. */
function roundTrip({ title, message, version, bytes }: Vector): Value {
  const value = decode(message, version, bytes, { keepUnknownTags: true });
  const again = Buffer.from(encode(message, version, value as Input<Message>)).toString('hex');
  const wanted = Buffer.from(bytes).toString('hex');
  if (again !== wanted) expect({ title, bytes: again }).toEqual({ title, bytes: wanted });
  return value as Value;
}

function expectEveryVersion(vectors: readonly Vector[]): void {
  const found = new Set(vectors.map(({ message, version }) => `${message.name} ${version}`));
  const wanted = allMessages.flatMap((message) => versionsOf(message).map((version) => `${message.name} ${version}`));
  expect([...found]).toEqual(wanted);
}

describe('the vectors kept here', () => {
  const vectors = parseVectors(readKept());

  test('cover every version of every message', () => {
    expectEveryVersion(vectors);
  });

  test('decode and encode to the same bytes', () => {
    for (const vector of vectors) roundTrip(vector);
    expect(vectors.length).toBeGreaterThan(3000);
  });

  test('at its defaults a message needs no field to be given', () => {
    for (const { title, message, version, bytes } of vectors.filter(({ shape }) => shape === 'default')) {
      if (hasRequiredRecords(message.fields)) continue;
      const again = encode(message, version, {} as Input<Message>);
      if (!isDeepStrictEqual(again, bytes)) expect({ title, again }).toEqual({ title, again: bytes });
    }
  });

  function hasRequiredRecords(fields: Fields): boolean {
    return Object.values(fields).some((field) => field.kind === 'records' && field.defaultValue !== null);
  }
});

needs('kafka')('vectors made by Apache Kafka now', () => {
  function makeVectors(mode: 'kept' | 'full'): string {
    const classpath = compileJava(join(__dirname, 'GoldenBytes.java'));
    const table = join(__dirname, '../wire/messages-table.txt');
    const result = spawnSync('java', [...jvmFlags(classpath, 256), 'GoldenBytes', table, mode], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    if (result.status !== 0) throw new Error(result.stderr);
    return result.stdout;
  }

  test('are those kept here', () => {
    const text = makeVectors('kept');
    if (process.env['WRITE_GOLDEN'] === '1') {
      const base64 = gzipSync(text, { level: 9 }).toString('base64');
      writeFileSync(file, `${base64.replace(/.{120}/g, '$&\n')}\n`);
    }
    expect(readKept() === text).toBe(true);
  });

  test('decode to what Kafka says in JSON, and encode to the same bytes', () => {
    const vectors = parseVectors(makeVectors('full'));
    expectEveryVersion(vectors);
    for (const vector of vectors) {
      const value = roundTrip(vector);
      expectJson(vector.message.fields, value, JSON.parse(vector.json) as Value, vector.title);
    }
  });

  /** Kafka's JSON leaves out what the version lacks and tagged fields at their default. */
  function expectJson(fields: Fields, value: Value, json: Value, title: string): void {
    for (const [name, wanted] of Object.entries(json)) {
      const field = fields[name];
      if (field === undefined) throw new Error(`${title}: no field ${name}`);
      expectField(field, value[name], wanted, `${title} ${name}`);
    }
  }

  function expectField(field: Field, value: unknown, wanted: unknown, title: string): void {
    if (field.kind === 'records') return;
    if (wanted === null || value === null) same(value, wanted, title);
    else if (field.kind === 'struct') expectJson(field.element as Fields, value as Value, wanted as Value, title);
    else if (field.kind !== 'array') same(plain(value), wanted, title);
    else if (typeof field.element === 'string') same(value, wanted, title);
    else {
      const [elements, wantedElements] = [value as Value[], wanted as Value[]];
      same(elements.length, wantedElements.length, title);
      elements.forEach((each, index) => {
        expectJson(field.element as Fields, each, wantedElements[index] as Value, `${title}[${index}]`);
      });
    }
  }

  function plain(value: unknown): unknown {
    if (ArrayBuffer.isView(value)) return Buffer.from(value as Uint8Array).toString('base64');
    return typeof value === 'bigint' ? Number(value) : value;
  }

  function same(value: unknown, wanted: unknown, title: string): void {
    if (!isDeepStrictEqual(value, wanted)) expect({ title, value }).toEqual({ title, value: wanted });
  }
});
