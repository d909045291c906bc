/**
 * The bytes of one file, as the page cache or the platter holds them. Bytes past the last one written are zeros and cost
 * nothing, so a preallocated file is cheap.
 */
export class FileImage {
  private bytes = new Uint8Array(0);
  /** No byte at or past this has been written. */
  private dataEnd = 0;
  private size = 0;
  /** Rises with every change: whoever has looked at one version has seen it all. */
  version = 0;

  get sizeBytes(): number {
    return this.size;
  }

  /** What the file takes of the disk's room. */
  get allocatedBytes(): number {
    return this.dataEnd;
  }

  write(position: number, data: Uint8Array): void {
    this.version++;
    const end = position + data.length;
    if (end > this.bytes.length) this.reserve(end);
    this.bytes.set(data, position);
    if (end > this.dataEnd) this.dataEnd = end;
    if (end > this.size) this.size = end;
  }

  truncate(sizeBytes: number): void {
    this.version++;
    if (sizeBytes < this.dataEnd) {
      this.bytes.fill(0, sizeBytes, this.dataEnd);
      this.dataEnd = sizeBytes;
    }
    this.size = sizeBytes;
  }

  /** Returns how many bytes there were. */
  read(position: number, into: Uint8Array): number {
    const count = Math.max(0, Math.min(into.length, this.size - position));
    const stored = Math.max(0, Math.min(count, this.dataEnd - position));
    if (stored > 0) into.set(this.bytes.subarray(position, position + stored));
    into.fill(0, stored, count);
    return count;
  }

  /** What has been written, without the zeros behind it; valid until the next change, and not to be changed. */
  peek(): Uint8Array {
    return this.bytes.subarray(0, this.dataEnd);
  }

  /** A copy of the whole file. */
  content(): Uint8Array {
    const copy = new Uint8Array(this.size);
    copy.set(this.bytes.subarray(0, this.dataEnd));
    return copy;
  }

  copyFrom(other: FileImage): void {
    this.version++;
    this.bytes = other.bytes.slice(0, other.dataEnd);
    this.dataEnd = other.dataEnd;
    this.size = other.size;
  }

  private reserve(end: number): void {
    const grown = new Uint8Array(Math.max(end, this.bytes.length * 2, 256));
    grown.set(this.bytes.subarray(0, this.dataEnd));
    this.bytes = grown;
  }
}
