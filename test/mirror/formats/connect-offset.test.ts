import { decodeConnectOffset, encodeConnectOffset } from '../../../mirror/formats/connect-offset';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const KEY = '["MirrorSourceConnector",{"cluster":"A","partition":3,"topic":"orders"}]';

describe('offsets that Kafka Connect keeps for MirrorMaker', () => {
  test('are read and written as Connect does', () => {
    expect(decodeConnectOffset(bytes(KEY), bytes('{"offset":41}'))).toEqual({
      cluster: 'A',
      topic: 'orders',
      partition: 3,
      offset: 41,
    });
    const { key, value } = encodeConnectOffset({ cluster: 'A', topic: 'orders', partition: 3, offset: 41 });
    expect([Buffer.from(key).toString(), Buffer.from(value).toString()]).toEqual([KEY, '{"offset":41}']);
  });

  test('are taken back by a tombstone', () => {
    expect(decodeConnectOffset(bytes(KEY), null)).toMatchObject({ topic: 'orders', offset: null });
    expect(decodeConnectOffset(bytes(KEY), bytes('null'))).toMatchObject({ offset: null });
  });

  test.each([
    ['of another connector', '["MirrorCheckpointConnector",{"cluster":"A","partition":3,"topic":"orders"}]'],
    ['without a topic', '["MirrorSourceConnector",{"cluster":"A","partition":3}]'],
    ['that are no JSON', 'nonsense'],
    ['that are another JSON', '{"a":1}'],
  ])('are passed over when they are %s', (_what, key) => {
    expect(decodeConnectOffset(bytes(key), bytes('{"offset":41}'))).toBeNull();
  });
});
