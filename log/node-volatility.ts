/**
 * Part of the binding (`node-disk.ts`): what tells whether writes that were never synced can still be there.
 *
 * They live in the page cache of one boot of the kernel and one mount of the file system. A mount that is made again has the
 * same id, device and place, so the kernel's number of the disk is looked at too, which a disk gets anew whenever it is
 * attached; and the directory's own identity, which a copy that was restored does not have. Where one of them cannot be told,
 * the token never repeats: "may be gone" is then always the answer, which costs availability but never a record.
 */
import * as crypto from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';
const MOUNTS = '/proc/self/mountinfo';
const BLOCK_DEVICES = '/sys/dev/block';

/** The kernel's name of this boot; null where it has none. */
export function bootId(): string | null {
  return readOrNull(BOOT_ID)?.trim() ?? null;
}

/** Throws what node:fs throws when `directory` does not exist. */
export function volatilityTokenOf(directory: string): string {
  const { ino, birthtimeMs } = fs.statSync(directory);
  const boot = bootId();
  const mounts = readOrNull(MOUNTS);
  const mount = mounts === null ? null : mountOf(fs.realpathSync(directory), mounts);
  const disk = mount === null ? null : diskSequenceOf(mount);
  if (boot === null || mount === null || disk === null) return `unknown-${crypto.randomUUID()}`;
  return `boot=${boot} mount=${mount} disk=${disk} directory=${ino},${birthtimeMs}`;
}

/** The number of the disk that is mounted, or of the one that the partition is of; null without one (an old kernel, no disk). */
function diskSequenceOf(mount: string): string | null {
  const [, device = ''] = mount.split(',');
  const sequence = readOrNull(`${BLOCK_DEVICES}/${device}/diskseq`) ?? readOrNull(`${BLOCK_DEVICES}/${device}/../diskseq`);
  return sequence?.trim() ?? null;
}

/**
 * Identity of the mount that holds `realPath`: its id, what of the file system is mounted, and from where. `mountinfo` has
 * a line `id parent major:minor root mountPoint options - type source superOptions` for each; of those mounted
 * over each other the last one is on top.
 */
export function mountOf(realPath: string, mountinfo: string): string | null {
  let best: { readonly point: string; readonly identity: string } | null = null;
  for (const line of mountinfo.split('\n')) {
    const [id, , device, root, encodedPoint, ...rest] = line.split(' ');
    if (id === undefined || encodedPoint === undefined) continue;
    const point = decodeOctal(encodedPoint);
    if (!isWithin(realPath, point) || point.length < (best?.point.length ?? 0)) continue;
    const separator = rest.indexOf('-');
    best = { point, identity: [id, device, root, rest[separator + 1], rest[separator + 2]].join(',') };
  }
  return best?.identity ?? null;
}

function isWithin(realPath: string, mountPoint: string): boolean {
  return (
    realPath === mountPoint || realPath.startsWith(mountPoint.endsWith(path.sep) ? mountPoint : mountPoint + path.sep)
  );
}

/** Blanks and the like stand in `mountinfo` as a backslash and three octal digits. */
function decodeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_match, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

function readOrNull(file: string): string | null {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    // Another system, or a sandbox without /proc: the answer is "unknown".
    return null;
  }
}
