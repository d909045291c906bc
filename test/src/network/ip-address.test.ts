import { ipAddressBytes, ipAddressText } from '../../../src/network/ip-address';

const hex = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString('hex'));

describe('the bytes of an address', () => {
  test.each([
    ['127.0.0.1', '7f000001'],
    ['::ffff:10.1.2.3', '0a010203'],
    ['::1', '00000000000000000000000000000001'],
    ['::', '00000000000000000000000000000000'],
    ['2001:db8::a:b', '20010db80000000000000000000a000b'],
    ['fe80::1%eth0', 'fe800000000000000000000000000001'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
  ])('%s', (text, expected) => expect(hex(ipAddressBytes(text))).toBe(expected));

  test.each(['', 'localhost', '1.2.3', '1.2.3.256', '1:2', '1::2::3', '1:2:3:4:5:6:7:8:9', '::g'])('%s is none', (text) => {
    expect(ipAddressBytes(text)).toBeNull();
  });

  test('are text again', () => {
    expect(ipAddressText(Uint8Array.of(10, 1, 2, 3))).toBe('10.1.2.3');
    expect(ipAddressText(ipAddressBytes('2001:db8::a') ?? new Uint8Array())).toBe('2001:db8:0:0:0:0:0:a');
    expect(ipAddressText(Uint8Array.of(1))).toBeNull();
  });
});
