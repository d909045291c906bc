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
import { brokerKeys } from '../src/config/broker-keys';
import { NOT_SERVED } from '../src/config/not-served';
import { defaultText } from '../wire/base/config-definition';

export const DIFFERENCES = join(__dirname, '../docs/differences.md');

/** The page with every generated part renewed. */
export function renewed(page: string): string {
  return replacePart(page, 'keys', keysTable());
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

function replacePart(page: string, name: string, text: string): string {
  const [start, end] = [`<!-- generated: ${name} -->\n`, `<!-- end of ${name} -->`];
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/differences.md has no part called ${name}`);
  return page.slice(0, from + start.length) + text + page.slice(to);
}

if (require.main === module) writeFileSync(DIFFERENCES, renewed(readFileSync(DIFFERENCES, 'utf8')));
