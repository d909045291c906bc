/** Why bytes could not be compressed or decompressed. */
export type CodecErrorCause =
  /** The bytes are no such stream: broken, truncated, with something after their end, or of a kind Kafka's clients refuse. */
  | 'malformed'
  /** More bytes than the caller allows would come out. */
  | 'limit'
  /** No such codec, or none that this process can load. */
  | 'unavailable';

/** What a codec refuses; told to a client as an error code, never as an assertion. */
export class CodecError extends Error {
  override readonly name = 'CodecError';
  constructor(
    override readonly cause: CodecErrorCause,
    message: string,
  ) {
    super(message);
  }
}
