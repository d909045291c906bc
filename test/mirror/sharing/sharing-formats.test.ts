import {
  decodePartitions,
  decodePosition,
  encodePartitions,
  encodePositionMetadata,
} from '../../../mirror/sharing/sharing-formats';

describe('what processes of a flow tell each other', () => {
  test('partitions come back as they were', () => {
    const of = (sourceTopic: string, partition: number) => ({
      sourceTopic,
      sourceTopicId: `id-${sourceTopic}`,
      partition,
      targetTopic: `A.${sourceTopic}`,
    });
    const partitions = [of('t', 0), of('t', 7), of('u', 1)];
    expect(decodePartitions(encodePartitions(partitions))).toEqual(partitions);
    expect(decodePartitions(new Uint8Array(0))).toEqual([]);
  });

  test('what another version wrote is not guessed at', () => {
    for (const text of [
      '{"version":2,"topics":[]}',
      'nonsense',
      '{"version":1,"topics":[["t","id","A.t",["0"]]]}',
      '[]',
    ]) {
      expect(decodePartitions(Buffer.from(text))).toBeNull();
    }
  });

  test('positions come back as they were, and other metadata is none', () => {
    const stored = {
      position: 42,
      sourceTopicId: 'abc',
      lastTargetOffset: 40,
      epoch: 3,
      producerId: 1000,
      producerEpoch: 2,
    };
    expect(decodePosition(42, encodePositionMetadata(stored))).toEqual(stored);
    const beginning = { ...stored, lastTargetOffset: -1, epoch: -1 };
    expect(decodePosition(42, encodePositionMetadata(beginning))).toEqual(beginning);
    for (const metadata of [null, '', 'consumer', '2,abc,1,2,3,4', '1,abc,1,2,3', '1,abc,1,2,3,x']) {
      expect(decodePosition(42, metadata)).toBeNull();
    }
    expect(decodePosition(-1, encodePositionMetadata(stored))).toBeNull();
  });
});
