/** Every message that the schema folder exports, in the order of their names. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Message } from '../../../wire/schema';

const folder = join(__dirname, '../../../wire/schema');

function messagesOf(file: string): Message[] {
  const exported: unknown = require(join(folder, file));
  return Object.values(exported as Record<string, Message>);
}

export const allMessages: readonly Message[] = readdirSync(folder)
  .flatMap(messagesOf)
  .sort((a, b) => (a.name < b.name ? -1 : 1));

export function versionsOf(message: Message): number[] {
  const { min, max } = message.validVersions;
  return Array.from({ length: max - min + 1 }, (_, index) => min + index);
}

/** Every message with every of its versions. */
export function eachVersion(visit: (message: Message, version: number) => void): void {
  for (const message of allMessages) for (const version of versionsOf(message)) visit(message, version);
}
