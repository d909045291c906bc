import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskError, type Disk } from '../../log/disk';
import { FileRemoval } from '../../log/file-removal';
import { NodeDisk } from '../../log/node-disk';
import { silentLogger } from '../../src/observe/silent-logger';

/** A disk whose deletions end when the test says so. */
class SlowDisk {
  readonly begun: string[] = [];
  readonly removedDirectories: string[] = [];
  readonly errors: string[] = [];
  names: readonly string[] = [];
  private ends: ((error: DiskError | null) => void)[] = [];

  readonly removal = new FileRemoval(
    {
      listSync: () => this.names,
      isLinkSync: () => false,
      unlink: (path: string, done: (error: DiskError | null) => void) => {
        this.begun.push(path);
        this.ends.push(done);
      },
      removeDirectorySync: (path: string) => void this.removedDirectories.push(path),
    } as unknown as Disk,
    { ...silentLogger, error: (message: string) => void this.errors.push(message) },
  );

  get underWay(): number {
    return this.ends.length;
  }

  end(error: DiskError | null = null): void {
    this.ends.shift()?.(error);
  }
}

describe('deleting files that nobody needs', () => {
  test('goes on one at a time, in order', () => {
    const disk = new SlowDisk();
    disk.removal.unlink(['/a/1', '/a/2']);
    disk.removal.unlink(['/b/1']);
    expect(disk.begun).toEqual(['/a/1']);
    disk.end();
    expect([disk.begun, disk.underWay]).toEqual([['/a/1', '/a/2'], 1]);
    disk.end();
    disk.end();
    expect([disk.begun, disk.underWay]).toEqual([['/a/1', '/a/2', '/b/1'], 0]);
  });

  test('removes a directory after its files', () => {
    const disk = new SlowDisk();
    disk.names = ['x', 'y'];
    disk.removal.removeDirectory('/a');
    disk.end();
    expect([disk.begun, disk.removedDirectories]).toEqual([['/a/x', '/a/y'], []]);
    disk.end();
    expect(disk.removedDirectories).toEqual(['/a']);
  });

  test('removes an empty directory at once', () => {
    const disk = new SlowDisk();
    disk.removal.removeDirectory('/a');
    expect(disk.removedDirectories).toEqual(['/a']);
  });

  test('says what the disk refuses, and goes on; a file that is gone already is no news', () => {
    const disk = new SlowDisk();
    disk.removal.unlink(['/a/1', '/a/2', '/a/3']);
    disk.end(new DiskError('EIO', '/a/1', 'EIO: /a/1'));
    disk.end(new DiskError('ENOENT', '/a/2', 'ENOENT: /a/2'));
    expect(disk.begun).toEqual(['/a/1', '/a/2', '/a/3']);
    expect(disk.errors).toEqual(['not deleted yet: EIO: /a/1']);
  });

  test('stopped, it waits for what is under way and begins no more', async () => {
    const disk = new SlowDisk();
    disk.removal.unlink(['/a/1', '/a/2']);
    let hasStopped = false;
    const stopped = disk.removal.stop().then(() => (hasStopped = true));
    await Promise.resolve();
    expect(hasStopped).toBe(false);
    disk.end();
    await stopped;
    expect(disk.begun).toEqual(['/a/1']);
  });

  test('stopped while nothing is under way, it is done', async () => {
    await expect(new SlowDisk().removal.stop()).resolves.toBeUndefined();
  });

  test('removes of a link to a directory the link alone, as nothing behind it is its own', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'moldau-removal-'));
    try {
      const [elsewhere, link] = [join(dir, 'elsewhere'), join(dir, 'link-delete')];
      mkdirSync(elsewhere);
      writeFileSync(join(elsewhere, 'precious'), 'x');
      symlinkSync(elsewhere, link);
      const errors: string[] = [];
      const logger = { ...silentLogger, error: (message: string) => void errors.push(message) };
      const removal = new FileRemoval(new NodeDisk(), logger);
      removal.removeDirectory(link);
      await removal.stop();
      expect([readdirSync(dir), readdirSync(elsewhere), errors]).toEqual([['elsewhere'], ['precious'], []]);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
