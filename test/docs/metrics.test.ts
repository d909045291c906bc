import { readFileSync } from 'node:fs';
import { METRICS_PAGE, renewedMetrics, servedFamilies } from '../../scripts/metrics';

describe('docs/metrics.md', () => {
  test('names each metric that is served, and no other (node scripts/run-ts.cjs scripts/metrics.ts renews it)', async () => {
    const families = await servedFamilies();
    expect(families.length).toBeGreaterThan(80);
    const page = readFileSync(METRICS_PAGE, 'utf8');
    expect(page).toBe(renewedMetrics(page, families));
  });
});
