/** Tells whether an unfinished frame comes on: slow clients are served, those that keep bytes to themselves are not. */

/** In this time an unfinished frame must end, or grow by MIN_PROGRESS_BYTES. */
export const PROGRESS_TIMEOUT_MS = 30_000;
const MIN_PROGRESS_BYTES = 4096;

export class FrameProgress {
  #sinceMs = -1;
  #frames = 0;
  #bytes = 0;

  /** Called now and then with the frames so far and the bytes of the unfinished one; 0 when there is none to wait for. */
  isStalled(nowMs: number, framesCount: number, unfinishedBytes: number): boolean {
    const hasMoved = framesCount !== this.#frames || unfinishedBytes >= this.#bytes + MIN_PROGRESS_BYTES;
    if (unfinishedBytes > 0 && this.#sinceMs >= 0 && !hasMoved) return nowMs - this.#sinceMs >= PROGRESS_TIMEOUT_MS;
    this.#sinceMs = unfinishedBytes > 0 ? nowMs : -1;
    this.#frames = framesCount;
    this.#bytes = unfinishedBytes;
    return false;
  }
}
