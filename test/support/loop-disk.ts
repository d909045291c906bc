/**
 * A disk that can be filled and can lose its power: an ext4 file system in an image file, mounted over a loop device. For
 * root on Linux. Whatever is made here is taken down again, at the latest when the process ends.
 */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * FS_IOC_SHUTDOWN with NOLOGFLUSH: from this moment on nothing reaches the image any more, not even the journal. What no
 * fsync has covered is gone, as after loss of power; whoever still writes gets EIO.
 */
const SHUTDOWN_IN_PERL =
  'open(my $d, "<", $ARGV[0]) or die "$!"; my $f = pack("L", 2); ioctl($d, 0x8004587d, $f) or die "shutdown: $!"';

const PIECE_BYTES = 1024 * 1024;

const mounted = new Set<LoopDisk>();

export class LoopDisk {
  /** Where it is mounted. */
  readonly path: string;
  private readonly dir: string;
  private readonly image: string;
  private isMounted = false;

  private get fillerPath(): string {
    return join(this.path, 'filler');
  }

  constructor(sizeMb: number) {
    this.dir = mkdtempSync(join(tmpdir(), 'moldau-disk-'));
    this.path = join(this.dir, 'mount');
    this.image = join(this.dir, 'image');
    mkdirSync(this.path);
    writeFileSync(this.image, '');
    truncateSync(this.image, sizeMb * 1024 * 1024);
    mounted.add(this);
    // Nothing is kept back for root, so that a full disk is full for everybody.
    run('mkfs.ext4', '-q', '-F', '-m', '0', this.image);
    this.mount();
  }

  mount(): void {
    run('mount', '-o', 'loop', this.image, this.path);
    this.isMounted = true;
  }

  /** Takes every byte that is left, in a file of its own; `removeFiller` gives them back. */
  fill(): void {
    const file = openSync(this.fillerPath, 'w');
    try {
      for (let pieceBytes = PIECE_BYTES; pieceBytes >= 1; pieceBytes >>= 2)
        writeUntilFull(file, Buffer.alloc(pieceBytes));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }

  removeFiller(): void {
    rmSync(this.fillerPath, { force: true });
  }

  /** What is written by now is on the image: the kernel does so, too, in a time of its own choosing. */
  sync(): void {
    run('sync', '-f', this.path);
  }

  /** Pulls the plug. The file system stays mounted, dead, until `remount`. */
  losePower(): void {
    run('perl', '-e', SHUTDOWN_IN_PERL, this.path);
  }

  /** Mounts the image again, which replays its journal. Whoever had files open on it must have ended. */
  remount(): void {
    run('umount', this.path);
    this.isMounted = false;
    this.mount();
  }

  dispose(): void {
    mounted.delete(this);
    if (this.isMounted && spawnSync('umount', [this.path]).status !== 0) spawnSync('umount', ['--lazy', this.path]);
    this.isMounted = false;
    rmSync(this.dir, { recursive: true, force: true });
  }
}

process.once('exit', () => {
  for (const disk of [...mounted]) disk.dispose();
});

/** Whether this machine lets us have such disks: root, the tools, and a kernel that allows the mount. */
export function hasLoopDisks(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  let disk: LoopDisk | null = null;
  try {
    disk = new LoopDisk(1);
    disk.losePower();
    disk.remount();
    return true;
  } catch {
    return false;
  } finally {
    disk?.dispose();
  }
}

function writeUntilFull(file: number, piece: Uint8Array): void {
  try {
    for (;;) writeSync(file, piece);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
}
