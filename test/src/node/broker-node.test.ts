/** A whole broker on the files of an earlier one. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBroker } from '../../../src/index';

describe('a broker that starts', () => {
  test('puts aside the log of a topic that was deleted when the last run could not do it any more', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'moldau-test-'));
    try {
      await (await startBroker({ directory })).stop();
      mkdirSync(join(directory, 'gone-3'));
      writeFileSync(join(directory, 'gone-3', 'partition.metadata'), 'version: 0\ntopic_id: qqqqqqqqQqqqqqqqqqqqqg');
      await (await startBroker({ directory, logLevel: 'silent' })).stop();
      const names = readdirSync(directory).filter((name) => name.startsWith('gone'));
      expect(names).toEqual([expect.stringMatching(/^gone-3\.[0-9a-f]{32}-stray$/)]);
      await (await startBroker({ directory, logLevel: 'silent' })).stop();
      expect(readdirSync(directory).filter((name) => name.startsWith('gone'))).toEqual(names);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
