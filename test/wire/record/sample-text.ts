/** Text that compresses, the same for every run: what codec tests and their golden frames are made of. */
export function sampleText(bytes: number): Uint8Array {
  const words = ['moldau', 'vltava', '"offset":', '1234', '{', '}', ',', 'smetana'];
  let out = '';
  for (let i = 0; out.length < bytes; i++) out += words[(i * 7 + (i >> 3) + (i >> 7)) % words.length];
  return Uint8Array.from(Buffer.from(out.slice(0, bytes)));
}
