/** Loads a codec's package at its first use, and says so in a CodecError when this machine has none. */

import { CodecError } from './codec-error';

/**
 * A loader that asks `load` once. Both outcomes are kept, for a package that cannot be loaded now cannot be later.
 * `load` must hold the literal `require`, so that bundlers see it.
 */
export function lazyPackage<T>(name: string, load: () => T): () => T {
  let loaded: { readonly value: T } | CodecError | null = null;
  return () => {
    if (loaded === null) {
      try {
        loaded = { value: load() };
      } catch (error) {
        const why = (error as { message?: unknown }).message;
        loaded = new CodecError('unavailable', `${name} cannot be loaded: ${String(why)}`);
      }
    }
    if (loaded instanceof CodecError) throw loaded;
    return loaded.value;
  };
}

/** The same bytes as a Buffer, for packages whose types ask for one. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** One array from pieces; the piece itself when there is only one. */
export function joinPieces(pieces: readonly Uint8Array[], totalBytes: number): Uint8Array {
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined) return only;
  const joined = new Uint8Array(totalBytes);
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
