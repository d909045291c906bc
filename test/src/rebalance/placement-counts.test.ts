/** Counts that are kept by differences are those of the whole image. */
import type { MetadataImage } from '../../../controller/metadata/image';
import { RecordedDelta } from '../../../controller/metadata/recorded-delta';
import { metadataRecord, type MetadataRecord } from '../../../controller/metadata/records';
import { WholeDelta } from '../../../controller/metadata/whole-delta';
import { PlacementCounts } from '../../../src/rebalance/placement-counts';
import { changeOf, EVENTS, imageOf, ORDERS, partitionOf, topicRecord } from '../../controller/support/metadata-samples';
import { directoryOfBroker } from '../../controller/support/test-controls';

const SCENE = [topicRecord('orders', ORDERS), partitionOf(ORDERS, 0, [1, 2]), partitionOf(ORDERS, 1, [2, 3])];

let image: MetadataImage;
let counts: PlacementCounts;

beforeEach(() => {
  image = imageOf(SCENE);
  counts = new PlacementCounts();
  counts.apply(new WholeDelta(image), image);
});

/** Applies the records and gives whether something was moved. */
function after(...records: readonly MetadataRecord[]): boolean {
  const delta = new RecordedDelta();
  for (const record of records) image.replay(record, delta);
  const isMoved = counts.apply(delta, image);
  const whole = new PlacementCounts();
  whole.apply(new WholeDelta(image), image);
  for (const id of [1, 2, 3]) expect(counts.replicasOf(id)).toBe(whole.replicasOf(id));
  expect(counts.isReassigning).toBe(whole.isReassigning);
  return isMoved;
}

const numbers = (): readonly number[] => [1, 2, 3].map((id) => counts.replicasOf(id));
const directories = (...ids: readonly number[]): string[] => ids.map((id) => directoryOfBroker(id));

test('new and deleted topics count, and move nothing', () => {
  expect(numbers()).toEqual([1, 2, 1]);
  expect(after(topicRecord('events', EVENTS), partitionOf(EVENTS, 0, [3, 1]))).toBe(false);
  expect(numbers()).toEqual([2, 2, 2]);
  expect(after(metadataRecord('RemoveTopicRecord', 0, { topicId: ORDERS }))).toBe(false);
  expect(numbers()).toEqual([1, 0, 1]);
});

test('another leader or ISR moves nothing', () => {
  expect(after(changeOf(ORDERS, 0, { leader: 2, isr: [2] }))).toBe(false);
  expect(numbers()).toEqual([1, 2, 1]);
});

test('a reassignment is seen from its beginning to its end, and when both come at once', () => {
  const begin = changeOf(ORDERS, 0, { replicas: [1, 3, 2], addingReplicas: [3], removingReplicas: [2], directories: directories(1, 3, 2) });
  const end = changeOf(ORDERS, 0, { replicas: [1, 3], isr: [1, 3], addingReplicas: [], removingReplicas: [], directories: directories(1, 3) });
  expect(after(begin)).toBe(true);
  expect(counts.isReassigning).toBe(true);
  expect(after(end)).toBe(true);
  expect(counts.isReassigning).toBe(false);
  expect(numbers()).toEqual([1, 1, 2]);
  const back = changeOf(ORDERS, 0, { replicas: [1, 2], isr: [1], directories: directories(1, 2) });
  expect(after(back)).toBe(true);
  expect(numbers()).toEqual([1, 2, 1]);
});
