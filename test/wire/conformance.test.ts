/**
 * Our schemas against Kafka's definitions, field by field: with a table kept here, and with the definitions inside the
 * kafka-clients jar where one is installed.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { apis } from '../../wire/api-keys';
import type { Field } from '../../wire/schema';
import { kafkaJar } from '../support/peers';
import { needs } from '../support/needs';
import { allMessages } from './support/all-messages';
import { ADDITIONS, describeKafkaMessage, describeMessage } from './support/describe-message';
import type { KafkaMessage } from './support/describe-message';
import { readZip } from './support/zip';

/** The table's text by message. */
function readTable(): Map<string, string> {
  const text = readFileSync(join(__dirname, 'messages-table.txt'), 'utf8');
  const blocks = text.split(/^(?=\S)/m);
  return new Map(blocks.map((block) => [block.slice(0, block.indexOf(' ')), block]));
}

const table = readTable();

describe('schemas', () => {
  test('are those of the table, no more and no less', () => {
    expect(allMessages.map((message) => message.name)).toEqual([...table.keys()]);
    expect(allMessages).toHaveLength(272);
  });

  test.each(allMessages.map((message) => [message.name, message] as const))(
    '%s has the fields of the table',
    (name, message) => {
      expect(describeMessage(message)).toBe(table.get(name));
    },
  );

  test.each([...ADDITIONS])('%s, which is ours, is a tagged field with a default, far from the tags of Kafka', (path) => {
    const [name, ...names] = path.split('.');
    let fields = allMessages.find((message) => message.name === name)?.fields;
    let found: Field | undefined;
    for (const each of names) {
      found = fields?.[each];
      fields = typeof found?.element === 'object' ? (found.element ?? undefined) : undefined;
    }
    expect(found?.tag).toBeGreaterThanOrEqual(10_000);
    expect(found?.defaultValue).not.toBeUndefined();
  });

  test('every request and response belongs to the API of its name', () => {
    for (const [name, api] of Object.entries(apis)) {
      expect([api.name, api.request.name, api.response.name]).toEqual([name, `${name}Request`, `${name}Response`]);
      expect(api.response.apiKey).toBe(api.request.apiKey);
      expect(api.response.validVersions).toEqual(api.request.validVersions);
    }
    const messages = allMessages.filter((message) => message.type === 'request' || message.type === 'response');
    expect(messages).toHaveLength(Object.keys(apis).length * 2);
  });
});

needs('kafka')('the definitions inside the kafka-clients jar', () => {
  /** Read inside the tests: without the jar the suite is skipped, but its body runs. */
  function readDefinitions(): (readonly [string, KafkaMessage])[] {
    const files = readZip(kafkaJar('kafka-clients'), /^common\/message\/.*\.json$/);
    return [...files]
      .map(([name, content]) => [basename(name, '.json'), parseDefinition(content)] as const)
      .filter(([, definition]) => definition.validVersions !== 'none');
  }

  function parseDefinition(content: Buffer): KafkaMessage {
    const withoutComments = content.toString('utf8').replace(/^\s*\/\/.*$/gm, '');
    return JSON.parse(withoutComments) as KafkaMessage;
  }

  test('are as many as we have, beside APIs without versions', () => {
    const names = readDefinitions().map(([name]) => name);
    expect(names.length).toBeGreaterThan(180);
    expect(names.filter((name) => !table.has(name))).toEqual([]);
  });

  test('say what the table says', () => {
    for (const [name, definition] of readDefinitions()) {
      expect(describeKafkaMessage(definition)).toBe(table.get(name));
    }
  });
});
