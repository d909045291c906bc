/** A ByteReader that knows tagged fields (KIP-482): what compiled decoders read from. */
import { ByteReader } from '../base/byte-reader';
import type { UnknownTaggedField } from '../schema';

export class MessageReader extends ByteReader {
  constructor(
    bytes: Uint8Array,
    offset: number,
    end: number,
    private readonly keepUnknownTags: boolean,
    private elementsLeft: number,
  ) {
    super(bytes, offset, end);
  }

  /** An element may take one byte on the wire and a hundred in memory, so they are counted besides. */
  protected override boundedLength(length: number, minBytes: number): number {
    if (length > 0) this.elementsLeft -= length;
    if (this.elementsLeft < 0) throw this.failure('more elements than allowed');
    return super.boundedLength(length, minBytes);
  }

  /** Reads a tagged field's size and returns where the field ends. */
  tagEnd(): number {
    const size = this.unsignedVarint();
    if (size > this.remaining) throw this.failure(`tagged field of ${size} bytes with ${this.remaining} left`);
    return this.position + size;
  }

  /** A known tagged field takes what its size said, no more and no less. */
  closeTag(end: number): void {
    if (this.position !== end) throw this.failure(`tagged field that should end at ${end} ends`);
  }

  /** Steps over a tagged field; adds it to the list when unknown ones are kept. */
  unknownTag(tag: number, end: number, list: UnknownTaggedField[] | undefined): UnknownTaggedField[] | undefined {
    const bytes = this.slice(end - this.position);
    if (!this.keepUnknownTags) return undefined;
    if (list === undefined) return [{ tag, bytes }];
    list.push({ tag, bytes });
    return list;
  }
}
