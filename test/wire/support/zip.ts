/** Reads the files of a zip archive (a jar): just enough for archives without encryption and below 4 GB. */
import { readFileSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';

const END_BYTES = 22;
const END_MAGIC = 0x06054b50;

/** The contents of the archive's files whose names match. */
export function readZip(path: string, matches: RegExp): Map<string, Buffer> {
  const archive = readFileSync(path);
  const end = archive.lastIndexOf(Buffer.from('504b0506', 'hex'), archive.length - END_BYTES);
  if (end < 0 || archive.readUInt32LE(end) !== END_MAGIC) throw new Error(`${path} is no zip archive`);
  const files = new Map<string, Buffer>();
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    const nameBytes = archive.readUInt16LE(at + 28);
    const name = archive.toString('utf8', at + 46, at + 46 + nameBytes);
    if (matches.test(name)) files.set(name, fileAt(archive, at));
    at += 46 + nameBytes + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return files;
}

function fileAt(archive: Buffer, entry: number): Buffer {
  const method = archive.readUInt16LE(entry + 10);
  const size = archive.readUInt32LE(entry + 20);
  const local = archive.readUInt32LE(entry + 42);
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  const data = archive.subarray(start, start + size);
  return method === 0 ? data : inflateRawSync(data);
}
