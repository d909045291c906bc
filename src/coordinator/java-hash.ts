/**
 * Java's String.hashCode and what Kafka derives from it: the partition that coordinates a group, and the order in which
 * a small HashMap iterates. Pure.
 */

/** String.hashCode of Java: a signed 32-bit number over UTF-16 units. */
export function javaStringHash(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0;
  return hash;
}

/** The partition of an internal topic that belongs to `key`; the one hash without a positive counterpart counts as 0. */
export function coordinatorPartition(key: string, partitions: number): number {
  const hash = javaStringHash(key);
  return (hash === -0x80000000 ? 0 : Math.abs(hash)) % partitions;
}

/**
 * The names in the order in which a Java HashMap with these keys iterates: by bucket, then by insertion.
 * Right for tables that never turned a bucket into a tree, so for any handful of names.
 */
export function javaHashOrder(names: readonly string[]): readonly string[] {
  let capacity = 16;
  while (names.length > capacity * 0.75) capacity *= 2;
  const bucketOf = (name: string): number => {
    const hash = javaStringHash(name);
    return (hash ^ (hash >>> 16)) & (capacity - 1);
  };
  return [...names].sort((a, b) => bucketOf(a) - bucketOf(b));
}
