/**
 * Writes the generated parts of docs/differences.md from the code:
 *
 *   node scripts/run-ts.cjs scripts/differences.ts
 *
 * A part lies between `<!-- generated: name -->` and `<!-- end of name -->`; everything else on the page is written by
 * hand. test/docs/differences.test.ts fails when the page lags behind the code.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ApiName, apis, latestStableVersion } from '../wire/api-keys';
import { handlers, served } from '../src/handlers/index';
import { brokerKeys } from '../src/config/broker-keys';
import { NOT_SERVED } from '../src/config/not-served';
import { defaultText } from '../wire/base/config-definition';

export const DIFFERENCES = join(__dirname, '../docs/differences.md');

/** The page with every generated part renewed. */
export function renewed(page: string): string {
  const parts = { apis: apisTable(), versions: versionsTable(), keys: keysTable() };
  return Object.entries(parts).reduce((text, [name, part]) => replacePart(text, name, part), page);
}

/** One row for each reason, with the APIs that have it. */
function apisTable(): string {
  const byReason = new Map<string, string[]>();
  for (const name of Object.keys(apis) as ApiName[]) {
    const row = handlers[name];
    if (!('notServed' in row)) continue;
    const named = byReason.get(row.notServed) ?? [];
    byReason.set(row.notServed, [...named, `${name} (${apis[name].key})`]);
  }
  const rows = [...byReason].map(([reason, named]) => `| ${named.join(', ')} | ${reason} |\n`);
  return `| APIs | why |\n|---|---|\n${rows.join('')}`;
}

/** The served APIs of which Kafka serves more versions. */
function versionsTable(): string {
  const rows = [...served()].flatMap(([name, { minVersion, maxVersion }]) => {
    const { min } = apis[name].request.validVersions;
    const max = latestStableVersion(apis[name]);
    if (min === minVersion && max === maxVersion) return [];
    return [`| ${name} | ${min} to ${max} | ${minVersion} to ${maxVersion} |\n`];
  });
  if (rows.length === 0) return 'Each API that is served is served in all of its stable versions.\n';
  return `| API | Kafka's versions | Moldau's |\n|---|---|---|\n${rows.join('')}`;
}

/** One row for each key that has no effect yet, by reason, so that rows of one reason stand together. */
function keysTable(): string {
  const rows = [...NOT_SERVED].map(([key, reason]) => {
    const definition = brokerKeys.find(key);
    const shown = definition === undefined ? null : defaultText(definition);
    return `| \`${key}\` | ${shown === null || shown === '' ? '' : `\`${shown}\``} | ${reason} |\n`;
  });
  return `| key | Kafka's default | why |\n|---|---|---|\n${rows.join('')}`;
}

export function replacePart(page: string, name: string, text: string): string {
  const [start, end] = [`<!-- generated: ${name} -->\n`, `<!-- end of ${name} -->`];
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/differences.md has no part called ${name}`);
  return page.slice(0, from + start.length) + text + page.slice(to);
}

if (require.main === module) writeFileSync(DIFFERENCES, renewed(readFileSync(DIFFERENCES, 'utf8')));
