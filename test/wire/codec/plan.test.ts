import { minElementBytes, planMessage } from '../../../wire/codec/plan';
import { FetchResponse } from '../../../wire/schema/fetch';
import { allMessages, versionsOf } from '../support/all-messages';

describe('the plan of a version', () => {
  test('has the fields of that version in the order of the wire, tags ascending', () => {
    const names = (version: number): string[] =>
      planMessage(FetchResponse, version).root.regular.map((plan) => plan.name);
    expect(names(4)).toEqual(['throttleTimeMs', 'responses']);
    expect(names(16)).toEqual(['throttleTimeMs', 'errorCode', 'sessionId', 'responses']);
    const partition = planMessage(FetchResponse, 12).structs.find((struct) => 'partitionIndex' in struct.all);
    expect(partition?.tagged.map((plan) => plan.name)).toEqual(['divergingEpoch', 'currentLeader', 'snapshotId']);
    expect(planMessage(FetchResponse, 12).root.absent).toEqual(['nodeEndpoints']);
  });

  test('knows the least size of a struct', () => {
    const sizeOf = (version: number): number | undefined =>
      planMessage(FetchResponse, version).structs.find((struct) => 'partitionIndex' in struct.all)?.minBytes;
    // Index, error, high watermark, stable offset, then two lengths; later a log start offset, a replica, and tags.
    expect(sizeOf(4)).toBe(4 + 2 + 8 + 8 + 4 + 4);
    expect(sizeOf(11)).toBe(4 + 2 + 8 + 8 + 8 + 4 + 4 + 4);
    expect(sizeOf(12)).toBe(4 + 2 + 8 + 8 + 8 + 1 + 4 + 1 + 1);
  });

  test('never has an array whose elements take nothing: a length alone could then make any number of objects', () => {
    const arrays = allMessages.flatMap((message) =>
      versionsOf(message)
        .flatMap((version) => planMessage(message, version).structs)
        .flatMap((struct) => [...struct.regular, ...struct.tagged])
        .filter((plan) => plan.field.kind === 'array'),
    );
    expect(arrays.length).toBeGreaterThan(500);
    expect(arrays.filter((plan) => minElementBytes(plan) < 1)).toEqual([]);
  });

  test('never has records inside a tagged field, where a chunk of their own could not be', () => {
    for (const message of allMessages) {
      for (const version of versionsOf(message)) {
        const tagged = planMessage(message, version).structs.flatMap((struct) => struct.tagged);
        expect(tagged.filter((plan) => plan.field.kind === 'records')).toEqual([]);
      }
    }
  });
});
