/** A record of one of MirrorMaker's topics, as far as it is looked at. */
export interface KeyAndValue {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}
