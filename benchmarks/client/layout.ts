/**
 * Where fields lie in messages that differ only in their values: found by encoding two values and comparing, so that the load
 * generator reads and patches single fields without decoding, whatever the version's layout is.
 */

/** The first byte in which they differ, for two encodings that differ in one field. */
export function firstDifference(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) throw new Error(`encodings of ${a.length} and ${b.length} bytes`);
  const at = a.findIndex((byte, i) => byte !== b[i]);
  if (at < 0) throw new Error('the encodings are equal');
  return at;
}
