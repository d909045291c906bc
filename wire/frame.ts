/**
 * Cuts a stream of bytes into frames: four bytes of size, then as many bytes.
 *
 * Frames that lie whole in what was received are handed on in place, without a copy. What is left of an unfinished frame
 * is carried in a pooled buffer that grows as bytes arrive, never because of what a size announces. Once a frame is large its
 * buffer is as large as it will be, which spares copies: only what has arrived takes memory, and counts in the budget.
 * The receiver may refuse a frame for now: it is kept with what follows, and comes again after `resume`.
 * Invariants: a frame's bytes are valid only during the call; frames come in order, each once; after a FrameError or
 * `close` nothing comes any more.
 */
import { type BufferPool, MAX_POOLED_BYTES } from './base/buffer-pool';
import { invariant } from './base/invariant';
import type { BudgetClient, FrameBudget } from './frame-budget';

export const FRAME_SIZE_BYTES = 4;

/** The bytes are no frames that this side takes: the connection is of no use any more. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  constructor(
    readonly kind: 'negative' | 'oversized',
    readonly sizeBytes: number,
    maxBytes: number,
  ) {
    super(kind === 'negative' ? `a frame of ${sizeBytes} bytes` : `a frame of ${sizeBytes} bytes, at most ${maxBytes}`);
  }
}

export interface FrameReceiver {
  /** A whole frame, without its size. False: not now; the same frame comes again after `resume`. */
  frame(frame: Uint8Array): boolean;
  /** After `isReadable` was false for want of memory: it is true again. Called within a call of another parser. */
  readable(): void;
}

export interface FrameParserOptions {
  readonly maxFrameBytes: number;
  readonly pool: BufferPool;
  readonly budget: FrameBudget;
}

const SMALL_FRAME_BYTES = 16 * 1024;
const NOTHING = new Uint8Array(0);

export class FrameParser implements BudgetClient {
  readonly #receiver: FrameReceiver;
  readonly #options: FrameParserOptions;
  /** Carried bytes are `#carry[#start, #end)`. They begin with a size, unless fewer than four bytes of it have come. */
  #carry: Uint8Array = NOTHING;
  #start = 0;
  #end = 0;
  /** What of the budget is ours: at least the carried bytes. */
  #chargedBytes = 0;
  #isHeld = false;
  #isParsing = false;
  #isWaiting = false;
  #isClosed = false;
  /** Frames handed on and taken. */
  framesCount = 0;

  constructor(options: FrameParserOptions, receiver: FrameReceiver) {
    this.#options = options;
    this.#receiver = receiver;
  }

  /** Bytes that are carried: of an unfinished frame or, when held, whatever came. */
  get carriedBytes(): number {
    return this.#end - this.#start;
  }

  /** Whether a frame was refused, and waits for `resume`. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Whether more bytes should be read now. */
  get isReadable(): boolean {
    return !this.#isWaiting && !this.#isHeld;
  }

  /** Takes bytes; they may be overwritten afterwards. Throws FrameError. */
  feed(slice: Uint8Array): void {
    if (this.#isClosed) return;
    let at = 0;
    this.#parsing(() => {
      if (this.#end > this.#start && !this.#isHeld) at = this.#completeCarried(slice);
      if (this.#end === this.#start && !this.#isHeld) at = this.#handOn(slice, at);
    });
    if (this.#isClosed) return;
    if (at < slice.length) this.#append(slice.subarray(at));
    this.#askForRoom();
  }

  /** Offers the refused frame again, and goes on with what follows it. Throws FrameError. */
  resume(): void {
    if (!this.#isHeld || this.#isClosed) return;
    this.#isHeld = false;
    this.#parsing(() => {
      this.#start = this.#handOn(this.#carry.subarray(0, this.#end), this.#start);
    });
    if (this.#isClosed) return;
    if (this.#start === this.#end) this.#dropCarry();
    this.#askForRoom();
  }

  /** Gives back what is carried. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isHeld = false;
    // A frame that lies in the carry may be in the hands of the receiver: then the end of the call drops it.
    if (!this.#isParsing) this.#dropCarry();
  }

  granted(): void {
    this.#isWaiting = false;
    this.#receiver.readable();
  }

  #parsing(run: () => void): void {
    invariant(!this.#isParsing, 'a frame parser is fed within its own callback');
    this.#isParsing = true;
    try {
      run();
    } finally {
      this.#isParsing = false;
      if (this.#isClosed) this.#dropCarry();
    }
  }

  /** Hands on the whole frames of `bytes` from `from` on; says where the rest begins. */
  #handOn(bytes: Uint8Array, from: number): number {
    let at = from;
    while (!this.#isHeld && !this.#isClosed && bytes.length - at >= FRAME_SIZE_BYTES) {
      const end = at + FRAME_SIZE_BYTES + this.#sizeAt(bytes, at);
      if (end > bytes.length) break;
      if (this.#isTaken(bytes.subarray(at + FRAME_SIZE_BYTES, end))) at = end;
    }
    return at;
  }

  /** Adds to the one unfinished frame in the carry what it lacks; says how much of `slice` that took. */
  #completeCarried(slice: Uint8Array): number {
    let at = 0;
    while (at < slice.length && this.#end > this.#start) {
      const known = this.#carriedFrameBytes() ?? FRAME_SIZE_BYTES;
      const part = slice.subarray(at, at + known - this.carriedBytes);
      this.#append(part);
      at += part.length;
      // Seen again, since an empty frame is whole as soon as its size is.
      if (this.#carriedFrameBytes() !== this.carriedBytes) continue;
      if (!this.#isTaken(this.#carry.subarray(this.#start + FRAME_SIZE_BYTES, this.#end))) break;
      this.#dropCarry();
    }
    return at;
  }

  /** Size with its four bytes of the frame that the carry begins with; null while they are not all there. */
  #carriedFrameBytes(): number | null {
    if (this.carriedBytes < FRAME_SIZE_BYTES) return null;
    return FRAME_SIZE_BYTES + this.#sizeAt(this.#carry, this.#start);
  }

  #isTaken(frame: Uint8Array): boolean {
    const isTaken = this.#receiver.frame(frame);
    if (isTaken) this.framesCount += 1;
    else this.#isHeld = !this.#isClosed;
    return isTaken;
  }

  #sizeAt(bytes: Uint8Array, at: number): number {
    const size = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    if (size < 0 || size > this.#options.maxFrameBytes) {
      this.close();
      throw new FrameError(size < 0 ? 'negative' : 'oversized', size, this.#options.maxFrameBytes);
    }
    return size;
  }

  #append(bytes: Uint8Array): void {
    if (this.carriedBytes + bytes.length > this.#chargedBytes) this.#charge(bytes);
    if (this.#carry.length - this.#end < bytes.length) this.#makeRoom(bytes);
    this.#carry.set(bytes, this.#end);
    this.#end += bytes.length;
    // An announced size that is refused is refused at once, not when its bytes have come.
    if (!this.#isHeld) this.#carriedFrameBytes();
  }

  /** Takes from the budget what `bytes` need beside the carried ones: more if the frame is larger and the budget allows. */
  #charge(bytes: Uint8Array): void {
    const { budget } = this.#options;
    const needed = this.carriedBytes + bytes.length;
    const wanted = Math.max(needed, Math.min(this.#wholeBytes(bytes) ?? needed, growth(needed)));
    budget.giveBack(this.#chargedBytes);
    this.#chargedBytes = budget.take(this, needed, wanted);
  }

  /** Makes room for `bytes` at the end of the carry. */
  #makeRoom(bytes: Uint8Array): void {
    const { pool } = this.#options;
    const needed = this.carriedBytes + bytes.length;
    const carried = this.#carry.subarray(this.#start, this.#end);
    if (needed <= this.#carry.length) {
      this.#carry.copyWithin(0, this.#start, this.#end);
    } else {
      const wholeBytes = needed > MAX_POOLED_BYTES ? (this.#wholeBytes(bytes) ?? 0) : 0;
      const grown = pool.take(Math.max(this.#chargedBytes, wholeBytes));
      grown.set(carried);
      if (this.#carry.length > 0) pool.give(this.#carry);
      this.#carry = grown;
    }
    this.#end -= this.#start;
    this.#start = 0;
  }

  /** Size of the frame that the carry begins with, or `bytes` if it is empty; null when that is not known. */
  #wholeBytes(bytes: Uint8Array): number | null {
    if (this.#isHeld) return null;
    if (this.carriedBytes > 0 || bytes.length < FRAME_SIZE_BYTES) return this.#carriedFrameBytes();
    return FRAME_SIZE_BYTES + this.#sizeAt(bytes, 0);
  }

  #dropCarry(): void {
    if (this.#carry.length === 0) return;
    const { budget, pool } = this.#options;
    const dropped = this.#carry;
    this.#carry = NOTHING;
    this.#start = 0;
    this.#end = 0;
    this.#isWaiting = false;
    budget.giveBack(this.#chargedBytes);
    this.#chargedBytes = 0;
    pool.give(dropped);
    budget.leave(this);
  }

  #askForRoom(): void {
    this.#isWaiting = this.#carry.length > 0 && !this.#isHeld && !this.#options.budget.mayContinue(this);
  }
}

/** Small frames get their whole buffer early, which spares a copy; large ones at most twice what has arrived. */
function growth(receivedBytes: number): number {
  return Math.max(2 * receivedBytes, 4 * Math.min(receivedBytes, SMALL_FRAME_BYTES));
}
