/**
 * What goes wrong with bytes.
 *
 * A DecodeError is the peer's doing: a malformed or truncated frame, never a bug of ours. Whoever decodes a client's
 * bytes catches it and closes the connection. An EncodeError is ours: a value that the wire format cannot carry.
 */

/** Bytes of a peer (or of a file) that do not hold what their format says. `position` is an index into the bytes decoded. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';

  constructor(
    message: string,
    readonly position = -1,
  ) {
    super(message);
  }

  /** The same failure, told with the thing that was being decoded. */
  within(what: string): DecodeError {
    return new DecodeError(`${what}: ${this.message}`, this.position);
  }
}

/** A value that cannot be written: out of its type's range, null where null has no encoding, or set in a version without it. */
export class EncodeError extends Error {
  override readonly name = 'EncodeError';
}
