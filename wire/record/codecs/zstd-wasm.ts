/**
 * Zstandard by @bokuweb/zstd-wasm, for Node before 22.15.
 *
 * Its public functions wait for an asynchronous start and know no bound on the output, so its module is started here,
 * synchronously, through the hook that such modules have for it, and its C functions are called directly with memory of the
 * size that the caller allows. Reading the package's own .wasm file is the one file access of this floor: it is code that is
 * loaded, as `require` loads it, and never a broker's data.
 */

import { CodecError } from './codec-error';
import { lazyPackage } from './native-package';

/** The C functions that we call, and the view of the module's memory (replaced when it grows). */
interface ZstdModule {
  HEAPU8: Uint8Array;
  instantiateWasm?: (
    imports: Record<string, Record<string, unknown>>,
    receive: (instance: WebAssembly.Instance) => unknown,
  ) => unknown;
  init(): void;
  _malloc(bytes: number): number;
  _free(address: number): void;
  _ZSTD_isError(code: number): number;
  _ZSTD_compressBound(bytes: number): number;
  _ZSTD_compress(to: number, capacity: number, from: number, bytes: number, level: number): number;
  _ZSTD_decompress(to: number, capacity: number, from: number, bytes: number): number;
}

/** ZSTD_error_dstSize_tooSmall, as the C functions return it: negated. */
const TOO_SMALL = -70;

const zstd = lazyPackage('@bokuweb/zstd-wasm', loadModule);

function loadModule(): ZstdModule {
  const entry = require.resolve('@bokuweb/zstd-wasm');
  const folder = entry.slice(0, -'index.node.js'.length);
  const { readFileSync } = require('node:fs') as typeof import('node:fs');
  const { Module: module } = require(`${folder}module.js`) as { Module: ZstdModule };
  module.instantiateWasm = (imports, receive) => {
    const code = new WebAssembly.Module(readFileSync(`${folder}zstd.wasm`));
    return receive(new WebAssembly.Instance(code, imports));
  };
  module.init();
  if (typeof module._ZSTD_decompress !== 'function' || module.HEAPU8 === undefined) {
    throw new Error('its module did not start');
  }
  return module;
}

/** Runs `use` with `bytes` and room for `capacity` bytes in the module's memory; its result is the length, or an error. */
function withMemory(
  bytes: Uint8Array,
  capacity: number,
  use: (module: ZstdModule, from: number, to: number) => number,
): Uint8Array | number {
  const module = zstd();
  const from = module._malloc(Math.max(1, bytes.length));
  const to = module._malloc(Math.max(1, capacity));
  try {
    if (from === 0 || to === 0) throw new CodecError('limit', 'zstd: out of memory');
    module.HEAPU8.set(bytes, from);
    const result = use(module, from, to);
    return module._ZSTD_isError(result) !== 0 ? result : module.HEAPU8.slice(to, to + result);
  } finally {
    module._free(from);
    module._free(to);
  }
}

export function wasmZstdCompress(bytes: Uint8Array, level: number): Uint8Array {
  const capacity = zstd()._ZSTD_compressBound(bytes.length);
  const result = withMemory(bytes, capacity, (module, from, to) =>
    module._ZSTD_compress(to, capacity, from, bytes.length, level),
  );
  if (typeof result === 'number') throw new CodecError('limit', `zstd: compression failed with ${result}`);
  return result;
}

/** Decodes one whole frame into at most `capacity` bytes. */
export function wasmZstdDecompress(frame: Uint8Array, capacity: number, mayBeMore: boolean): Uint8Array {
  const result = withMemory(frame, capacity, (module, from, to) =>
    module._ZSTD_decompress(to, capacity, from, frame.length),
  );
  if (typeof result !== 'number') return result;
  if (result === TOO_SMALL && mayBeMore) throw new CodecError('limit', 'zstd: more bytes than allowed come out');
  throw new CodecError('malformed', `zstd: error ${-result}`);
}
