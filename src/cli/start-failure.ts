/** What to say when a broker cannot start: one sentence that names the cause, and what helps. */
import type { BrokerConfig } from '../config/broker-config';

export function startFailure(error: unknown, config: BrokerConfig): string {
  const message = field(error, 'message') ?? String(error);
  if (field(error, 'name') === 'DiskError') return diskFailure(error, message, config.logDirs);
  if (field(error, 'name') !== 'BindError') return `Cannot start: ${message}`;
  const wanted = config.listeners.map(({ name, host, port }) => `${name}://${host}:${port}`).join(',');
  switch (field(error, 'code')) {
    case 'EADDRINUSE':
      return `Cannot start, another process has the port (${message}). Listeners are ${wanted}; choose others with --override listeners=...`;
    case 'EACCES':
      return `Cannot start, this user may not open the port (${message}). Ports below 1024 need rights; listeners are ${wanted}.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `Cannot start, this machine has no such address (${message}). Listeners are ${wanted}; an empty host is every interface.`;
    default:
      return `Cannot start, a listener could not be opened (${message}). Listeners are ${wanted}.`;
  }
}

function diskFailure(error: unknown, message: string, logDirs: readonly string[]): string {
  const where = `log.dirs is ${logDirs.join(',')}`;
  switch (field(error, 'code')) {
    case 'EACCES':
      return `Cannot start, this user may not write there (${message}); ${where}.`;
    case 'ENOSPC':
      return `Cannot start, the disk is full (${message}); ${where}.`;
    case 'ENOENT':
    case 'ENOTDIR':
    case 'EEXIST':
      return `Cannot start, there is no such directory, and it cannot be made (${message}); ${where}.`;
    default:
      return `Cannot start, the disk refuses (${message}); ${where}.`;
  }
}

function field(error: unknown, name: 'name' | 'code' | 'message'): string | null {
  if (error === null || typeof error !== 'object' || !(name in error)) return null;
  return String((error as Readonly<Record<string, unknown>>)[name]);
}
