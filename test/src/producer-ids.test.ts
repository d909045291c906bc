/** Producer ids from blocks, and what becomes of a block once the cluster has a range of its own. */
import { FIRST_OWN_PRODUCER_ID, ownProducerIds } from '../../controller/metadata/own-producer-ids';
import { ProducerIds } from '../../src/producer-ids';

describe('producer ids', () => {
  test('of a block that began before the cluster had a range of its own are given out no more', () => {
    let first = 0;
    let firstUsable = 0;
    const ids = new ProducerIds(
      (done) => done({ ok: true, firstProducerId: first, size: 1000 }),
      () => firstUsable,
    );
    const given: number[] = [];
    const take = (): void => ids.next((id) => void (id.ok && given.push(id.producerId)));
    take();
    take();
    first = ownProducerIds('q83vASNFZ4mrze8BI0VniQ');
    firstUsable = FIRST_OWN_PRODUCER_ID;
    take();
    take();
    expect(given).toEqual([0, 1, first, first + 1]);
  });

  test('of clusters with other ids lie in other ranges, all of them exact', () => {
    const ranges = Array.from({ length: 100 }, (_, index) => ownProducerIds(`cluster-${index}`));
    expect(new Set(ranges).size).toBe(100);
    for (const range of ranges) {
      expect(range).toBeGreaterThanOrEqual(FIRST_OWN_PRODUCER_ID);
      expect(Number.isSafeInteger(range + FIRST_OWN_PRODUCER_ID)).toBe(true);
    }
  });
});
