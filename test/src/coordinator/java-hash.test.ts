import { coordinatorPartition, javaHashOrder, javaStringHash } from '../../../src/coordinator/java-hash';

describe('the hash of a string', () => {
  test.each([
    ['', 0],
    ['a', 97],
    ['hello', 99162322],
    ['polygenelubricants', -2147483648],
    ['ü', 252],
    // Two UTF-16 units: 31 * 0xd83d + 0xde00.
    ['\u{1f600}', 31 * 0xd83d + 0xde00],
  ])('of %j is that of Java', (text, hash) => {
    expect(javaStringHash(text)).toBe(hash);
  });
});

describe('the partition of a group', () => {
  test('is the absolute hash by the number of partitions', () => {
    expect(coordinatorPartition('hello', 50)).toBe(22);
    expect(coordinatorPartition('Hello World', 50)).toBe(862545276 % 50);
  });

  test('is 0 for the hash that has no positive counterpart', () => {
    expect(coordinatorPartition('polygenelubricants', 50)).toBe(0);
  });
});

test('names come in the order of a Java HashMap: by bucket, then by insertion', () => {
  // 'a' to 'p' have the hashes 97 to 112, so the buckets 1 to 15 and 0.
  expect(javaHashOrder(['p', 'b', 'a'])).toEqual(['p', 'a', 'b']);
  expect(javaHashOrder(['q', 'a'])).toEqual(['q', 'a']);
  expect(javaHashOrder(['a', 'q'])).toEqual(['a', 'q']);
});
