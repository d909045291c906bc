/**
 * kill -9 of the active controller of three real nodes in the middle of administrators' requests: each CreateTopics, of
 * several topics with partitions and configs, is there whole or not at all, each resource has all or nothing of a change of
 * its configs, and what was acked is there. CHAOS_CLUSTER_ROUNDS says how often (3 by default).
 */
import { SimRandom } from '../sim/random';
import { AdminPlay } from './support/admin-play';

const SEED = process.env['CHAOS_SEED'] ?? String(Date.now());
const ROUNDS = Number(process.env['CHAOS_CLUSTER_ROUNDS'] ?? 3);
const MS_PER_ROUND = 60_000;

test(
  'a controller that is killed leaves each CreateTopics whole or absent, and config changes whole for each resource',
  async () => {
    const play = await AdminPlay.start(new SimRandom(`controller failover ${SEED}`));
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const { inFlight, unknown, problems } = await play.round(round);
        expect({ seed: SEED, round, problems }).toEqual({ seed: SEED, round, problems: [] });
        // Otherwise the kill was in the middle of nothing.
        expect(inFlight.creations).toBeGreaterThan(0);
        expect(inFlight.changes).toBeGreaterThan(0);
        expect(unknown.creations).toBeGreaterThan(0);
        expect(unknown.changes).toBeGreaterThan(0);
      }
    } finally {
      await play.dispose();
    }
  },
  (ROUNDS + 2) * MS_PER_ROUND,
);
