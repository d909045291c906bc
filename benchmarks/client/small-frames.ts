/** Finds whole frames in what a socket reads, for frames that are small: those cut by the end of a read are put together. */

export type OnFrame = (bytes: Buffer, start: number, end: number) => void;

export class SmallFrames {
  private readonly carry: Buffer;
  private carried = 0;

  /** `onFrame` gets the frame without its size; the bytes are valid only during the call. */
  constructor(
    private readonly onFrame: OnFrame,
    maxFrameBytes = 65536,
  ) {
    this.carry = Buffer.allocUnsafe(4 + maxFrameBytes);
  }

  push(bytes: Buffer, length: number): void {
    let at = this.carried === 0 ? 0 : this.completeCarry(bytes, length);
    while (length - at >= 4) {
      const end = at + 4 + bytes.readInt32BE(at);
      if (end > length) break;
      this.onFrame(bytes, at + 4, end);
      at = end;
    }
    if (at < length) {
      this.checkRoom(length - at);
      bytes.copy(this.carry, this.carried, at, length);
      this.carried += length - at;
    }
  }

  /** How many bytes of `bytes` went into the frame that was begun before. */
  private completeCarry(bytes: Buffer, length: number): number {
    let at = 0;
    if (this.carried < 4) {
      at = Math.min(4 - this.carried, length);
      bytes.copy(this.carry, this.carried, 0, at);
      this.carried += at;
      if (this.carried < 4) return at;
    }
    const whole = 4 + this.carry.readInt32BE(0);
    this.checkRoom(whole - this.carried);
    const taken = Math.min(whole - this.carried, length - at);
    bytes.copy(this.carry, this.carried, at, at + taken);
    this.carried += taken;
    if (this.carried === whole) {
      this.carried = 0;
      this.onFrame(this.carry, 4, whole);
    }
    return at + taken;
  }

  private checkRoom(moreBytes: number): void {
    if (this.carried + moreBytes > this.carry.length)
      throw new Error(`a response larger than ${this.carry.length} bytes`);
  }
}
