/** Bytes of `__consumer_offsets`. */
import { GroupRecordCodec } from '../../../../src/coordinator/group/group-record-codec';
import type { CoordinatorRecord, StoredClassicMember } from '../../../../src/coordinator/group/group-records';
import { DecodeError } from '../../../../wire/base/errors';
import { ZERO_UUID } from '../../../../wire/base/uuid';
import { int32, message, string } from '../../../../wire/schema';

const codec = new GroupRecordCodec();
const hex = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString('hex'));
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));

const offset = {
  offset: 5,
  leaderEpoch: 3,
  metadata: 'm',
  commitTimestampMs: 1000,
  expireTimestampMs: -1,
  topicId: ZERO_UUID,
};
const commit: CoordinatorRecord = { kind: 'offsetCommit', groupId: 'g', topic: 't', partition: 2, value: offset };
const member: StoredClassicMember = {
  memberId: 'm-1',
  groupInstanceId: 'i',
  clientId: 'c',
  clientHost: '/h',
  rebalanceTimeoutMs: 60_000,
  sessionTimeoutMs: 10_000,
  subscription: new Uint8Array([1, 2]),
  assignment: new Uint8Array([3]),
};
const group: CoordinatorRecord = {
  kind: 'groupMetadata',
  groupId: 'g',
  value: {
    protocolType: 'consumer',
    generationId: 4,
    protocolName: 'range',
    leaderId: 'm-1',
    currentStateTimestampMs: 1000,
    members: [member],
  },
};

describe('an offset', () => {
  test('is written in version 4, with the topic id as a tag', () => {
    const { key, value } = codec.encode(commit);
    expect(hex(key)).toBe('00010001670001740000' + '0002');
    expect(hex(value)).toBe('0004' + '0000000000000005' + '00000003' + '026d' + '00000000000003e8' + '00');
    const withId = codec.encode({ ...commit, value: { ...offset, topicId: 'AAAAAAAAAAAAAAAAAAAAZA' } });
    expect(hex(withId.value)).toMatch(/01001000000000000000000000000000000064$/);
  });

  test('with a retention of its own is written in version 1', () => {
    const { value } = codec.encode({ ...commit, value: { ...offset, expireTimestampMs: 2000 } });
    expect(hex(value)).toBe('0001' + '0000000000000005' + '00016d' + '00000000000003e8' + '00000000000007d0');
  });

  test('that is taken back has no value', () => {
    expect(codec.encode({ ...commit, value: null }).value).toBeNull();
  });

  test.each([
    ['0', '0000 0000000000000005 00016d 00000000000003e8', { leaderEpoch: -1 }],
    [
      '1',
      '0001 0000000000000005 00016d 00000000000003e8 00000000000007d0',
      { leaderEpoch: -1, expireTimestampMs: 2000 },
    ],
    ['2', '0002 0000000000000005 00016d 00000000000003e8', { leaderEpoch: -1 }],
    ['3', '0003 0000000000000005 00000003 00016d 00000000000003e8', {}],
    ['4', '0004 0000000000000005 00000003 026d 00000000000003e8 00', {}],
  ])('is read in version %s', (_, value, differing) => {
    const key = bytes('0001 000167 000174 00000002');
    expect(codec.decode(key, bytes(value))).toEqual({ ...commit, value: { ...offset, ...differing } });
    expect(codec.decode(bytes('0000 000167 000174 00000002'), bytes(value))).toMatchObject({ kind: 'offsetCommit' });
  });
});

describe('a group', () => {
  test('is written in version 3 and read back', () => {
    const { key, value } = codec.encode(group);
    expect(hex(key)).toBe('0002000167');
    expect(hex(value)?.startsWith('0003' + '0008' + Buffer.from('consumer').toString('hex') + '00000004')).toBe(true);
    expect(codec.decode(key, value)).toEqual(group);
  });

  test('without protocol and leader has nulls', () => {
    const empty = { ...group.value, protocolName: null, leaderId: null, members: [] } as NonNullable<
      typeof group.value
    >;
    const { key, value } = codec.encode({ kind: 'groupMetadata', groupId: 'g', value: empty });
    expect(codec.decode(key, value)).toEqual({ kind: 'groupMetadata', groupId: 'g', value: empty });
  });

  test.each([
    ['0', '0000 000163 00000001 ffff ffff 00000000'],
    ['1', '0001 000163 00000001 ffff ffff 00000000'],
  ])('is read in version %s, which does not say since when', (_, value) => {
    expect(codec.decode(bytes('0002 000167'), bytes(value))).toMatchObject({
      value: { protocolType: 'c', generationId: 1, currentStateTimestampMs: -1 },
    });
  });

  test('that is gone has no value', () => {
    expect(codec.decode(bytes('0002 000167'), null)).toEqual({ kind: 'groupMetadata', groupId: 'g', value: null });
  });
});

describe('what no version wrote', () => {
  test.each([
    ['a key without a type', '00', '0004'],
    ['a cut key', '0001 000167', '0004'],
    ['a value without a version', '0001 000167 000174 00000002', '00'],
    ['a value of a version to come', '0001 000167 000174 00000002', '0009 00'],
    ['a cut value', '0001 000167 000174 00000002', '0004 00000000'],
  ])('is a DecodeError: %s', (_, key, value) => {
    expect(() => codec.decode(bytes(key), bytes(value))).toThrow(DecodeError);
  });
});

describe('records of other groups', () => {
  const schema = {
    key: message(
      'K',
      { type: 'coordinator-key', apiKey: 3, validVersions: '0', flexibleVersions: 'none' },
      { group: string('0') },
    ),
    value: message(
      'V',
      { type: 'coordinator-value', apiKey: 3, validVersions: '0', flexibleVersions: '0+' },
      { epoch: int32('0+') },
    ),
    valueVersion: 0,
  };

  test('are unknown without a schema', () => {
    expect(codec.decode(bytes('0003 000167'), null)).toBeNull();
  });

  test('are written and read by the schema that is given for their type', () => {
    const extended = new GroupRecordCodec(new Map([[3, schema]]));
    const record = { kind: 'other' as const, recordType: 3, key: { group: 'g' }, value: { epoch: 9 } };
    const { key, value } = extended.encode(record);
    expect(hex(key)).toBe('0003000167');
    expect(extended.decode(key, value)).toEqual(record);
    expect(extended.encode({ ...record, value: null }).value).toBeNull();
    expect(() => codec.encode(record)).toThrow('no schema');
  });
});
