import { ByteWriter } from '../../../wire/base/byte-writer';
import { DecodeError } from '../../../wire/base/errors';
import { bootstrapRecords, parseBootstrapRecords } from '../../../controller/metadata/bootstrap';
import { UnknownRecordError, decodeMetadataRecord, encodeMetadataRecord } from '../../../controller/metadata/records';
import { featureRecord, sampleRecords } from '../support/metadata-samples';

function framed(frameVersion: number, type: number, version: number, ...body: readonly number[]): Uint8Array {
  const writer = new ByteWriter();
  for (const part of [frameVersion, type, version]) writer.unsignedVarint(part);
  writer.raw(new Uint8Array(body));
  return writer.finish();
}

describe('a metadata record', () => {
  test('is framed by version 1, its type and its version', () => {
    const bytes = encodeMetadataRecord(featureRecord('metadata.version', 30));
    expect([...bytes.subarray(0, 4)]).toEqual([1, 12, 0, 'metadata.version'.length + 1]);
    expect([...bytes.subarray(-3)]).toEqual([0, 30, 0]);
  });

  test('of every type reads back as it was written', () => {
    for (const record of sampleRecords()) expect(decodeMetadataRecord(encodeMetadataRecord(record))).toEqual(record);
  });

  test.each([
    [
      'of a type that a newer release has',
      framed(1, 99, 0, 0),
      'metadata record of type 99, which this release does not know',
    ],
    ['of a newer version', framed(1, 12, 1, 0), 'FeatureLevelRecord of version 1: this release reads versions 0 to 0'],
    ['in a newer frame', framed(2, 12, 0, 0), 'metadata record with frame version 2, expected 1'],
  ])('%s stops the node and says so', (_, bytes, message) => {
    expect(() => decodeMetadataRecord(bytes)).toThrow(UnknownRecordError);
    expect(() => decodeMetadataRecord(bytes)).toThrow(message);
  });

  test('that is cut short anywhere is a decoding error', () => {
    for (const record of sampleRecords()) {
      const bytes = encodeMetadataRecord(record);
      for (let size = 0; size < bytes.length; size++) {
        expect(() => decodeMetadataRecord(bytes.subarray(0, size))).toThrow(DecodeError);
      }
    }
  });
});

describe('bootstrap records', () => {
  test('finalize metadata.version 30 and nothing else, unless asked', () => {
    const values = (records: Uint8Array[]) => parseBootstrapRecords(records, 'a test').map(({ value }) => value);
    expect(values(bootstrapRecords())).toEqual([{ name: 'metadata.version', featureLevel: 30 }]);
    const features = new Map([
      ['transaction.version', 2],
      ['group.version', 1],
      ['share.version', 0],
    ]);
    expect(values(bootstrapRecords(29, features))).toEqual([
      { name: 'metadata.version', featureLevel: 29 },
      { name: 'group.version', featureLevel: 1 },
      { name: 'transaction.version', featureLevel: 2 },
    ]);
  });

  test('without metadata.version are none', () => {
    const values = [encodeMetadataRecord(featureRecord('group.version', 1))];
    expect(() => parseBootstrapRecords(values, '/a/bootstrap.checkpoint')).toThrow(
      '/a/bootstrap.checkpoint holds no FeatureLevelRecord for metadata.version',
    );
  });
});
