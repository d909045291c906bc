/** Boot and mount: as long as both stay the same, what was written and not synced has not been lost with the page cache. */
import * as fs from 'node:fs';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';
const MOUNTS = '/proc/self/mountinfo';

export function readVolatilityToken(path: string): string {
  return `${bootId()} ${mountOf(fs.statSync(path).dev)}`;
}

/** Elsewhere than on Linux nobody says when the system booted: a token of chance, so that nothing is taken for kept. */
function bootId(): string {
  try {
    return fs.readFileSync(BOOT_ID, 'utf8').trim();
  } catch {
    return `unknown-${process.pid}-${process.hrtime.bigint()}`;
  }
}

/** The mount's own number and the device; a remount gets another number. */
function mountOf(device: number): string {
  const majorMinor = `${(device >> 8) & 0xfff}:${(device & 0xff) | ((device >> 12) & 0xfff00)}`;
  try {
    const line = fs.readFileSync(MOUNTS, 'utf8').split('\n').find((each) => each.split(' ')[2] === majorMinor);
    return `${line?.split(' ')[0] ?? 'unknown'} ${majorMinor}`;
  } catch {
    return majorMinor;
  }
}
