/** Part of the binding (`node-disk.ts`): Node's errors as the port's. */
import { DiskError } from './disk';
import type { DiskErrorCode } from './disk';

const CODES: Readonly<Record<string, DiskErrorCode>> = {
  ENOSPC: 'ENOSPC',
  EDQUOT: 'ENOSPC',
  EIO: 'EIO',
  EMFILE: 'EMFILE',
  ENFILE: 'EMFILE',
  ENOENT: 'ENOENT',
  EEXIST: 'EEXIST',
  ENOTEMPTY: 'EEXIST',
  EACCES: 'EACCES',
  EPERM: 'EACCES',
  EROFS: 'EACCES',
  ENOTDIR: 'ENOTDIR',
  EISDIR: 'ENOTDIR',
};

/** Looks at the fields alone: the error may be of another realm, where `instanceof` says no. */
export function toDiskError(error: unknown, path: string): DiskError {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return new DiskError(CODES[String(code)] ?? 'OTHER', path, typeof message === 'string' ? message : String(error));
}

/** Runs a call of node:fs; what it throws becomes a DiskError on `path`. */
export function mapped<T>(path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw toDiskError(error, path);
  }
}
