import { execFileSync, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { DiskError } from '../../log/disk';
import type { DiskFile } from '../../log/disk';
import { loadNativeLocks, lockFile } from '../../log/node-directory-lock';
import { NodeDisk } from '../../log/node-disk';
import { toDiskError } from '../../log/node-disk-error';
import { FsyncSlots } from '../../log/node-fsync-slots';
import { mountOf } from '../../log/node-volatility';
import { LoopDisk } from '../support/loop-disk';
import { needs } from '../support/needs';
import { InlineWorkers } from '../../log/node-workers';

let directory: string;
const disk = new NodeDisk();

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'node-disk-'));
});
afterEach(() => {
  fs.rmSync(directory, { recursive: true });
});

const at = (name: string): string => path.join(directory, name);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof DiskError ? error.code : `not a DiskError: ${String(error)}`;
  }
  return 'no error';
}

const write = (file: DiskFile, position: number, chunks: readonly Uint8Array[]): Promise<DiskError | null> =>
  new Promise((resolve) => file.write(position, chunks, resolve));
const read = (file: DiskFile, position: number, into: Uint8Array): Promise<[DiskError | null, number]> =>
  new Promise((resolve) => file.read(position, into, (error, count) => resolve([error, count])));
const sync = (file: DiskFile): Promise<DiskError | null> => new Promise((resolve) => file.sync(resolve));

describe('a file', () => {
  test('is written and read at positions, in chunks, with a short read only at its end', async () => {
    const file = disk.openSync(at('data'), 'createNew');
    file.writeSync(3, [bytes('defg'), bytes(''), bytes('hi')]);
    file.writeSync(0, [bytes('abc')]);
    const into = new Uint8Array(20);
    expect(file.readSync(0, into)).toBe(9);
    expect(new TextDecoder().decode(into.subarray(0, 9))).toBe('abcdefghi');
    expect(await write(file, 9, [bytes('jk'), bytes('l')])).toBeNull();
    expect(await read(file, 8, into)).toEqual([null, 4]);
    expect(new TextDecoder().decode(into.subarray(0, 4))).toBe('ijkl');
    expect(await read(file, 100, into)).toEqual([null, 0]);
    expect(await write(file, 0, [])).toBeNull();
    file.truncateSync(5);
    expect(file.sizeSync()).toBe(5);
    expect(await sync(file)).toBeNull();
    file.syncSync();
    file.closeSync();
    expect(fs.readFileSync(at('data'), 'utf8')).toBe('abcde');
  });

  test('takes thousands of chunks in one write, at once and later', async () => {
    const chunks = Array.from({ length: 5000 }, (_, i) => bytes(`${i},`));
    const whole = chunks.map((chunk) => new TextDecoder().decode(chunk)).join('');
    const file = disk.openSync(at('many'), 'create');
    file.writeSync(0, chunks);
    expect(fs.readFileSync(at('many'), 'utf8')).toBe(whole);
    expect(await write(file, whole.length, chunks)).toBeNull();
    expect(fs.readFileSync(at('many'), 'utf8')).toBe(whole + whole);
    file.closeSync();
  });

  test('never calls back in the turn of the caller', async () => {
    const file = disk.openSync(at('data'), 'create');
    const told: string[] = [];
    file.write(0, [], () => told.push('empty write'));
    file.write(0, [bytes('x')], () => told.push('write'));
    file.read(0, new Uint8Array(0), () => told.push('read'));
    file.sync(() => told.push('sync'));
    disk.syncDirectory(directory, () => told.push('directory'));
    expect(told).toEqual([]);
    while (told.length < 5) await new Promise((resolve) => setImmediate(resolve));
    file.closeSync();
  });

  test('keeps its descriptor until what is in flight has ended', async () => {
    const file = disk.openSync(at('data'), 'create');
    file.writeSync(0, [new Uint8Array(1000).fill(7)]);
    const into = new Uint8Array(1000);
    const reading = read(file, 0, into);
    file.closeSync();
    // Would get the number of the closed descriptor, were it closed already.
    const other = disk.openSync(at('other'), 'create');
    expect(await reading).toEqual([null, 1000]);
    expect(into.every((byte) => byte === 7)).toBe(true);
    expect(() => file.sizeSync()).toThrow('after its close');
    other.closeSync();
  });
});

describe('errors', () => {
  test('are DiskErrors with the port code, of whatever realm Node threw them in', () => {
    expect(codeOf(() => disk.openSync(at('missing'), 'read'))).toBe('ENOENT');
    expect(codeOf(() => disk.openSync(at('missing'), 'write'))).toBe('ENOENT');
    disk.openSync(at('there'), 'createNew').closeSync();
    expect(codeOf(() => disk.openSync(at('there'), 'createNew'))).toBe('EEXIST');
    expect(codeOf(() => disk.openSync(at('there/below'), 'create'))).toBe('ENOTDIR');
    expect(codeOf(() => disk.unlinkSync(at('missing')))).toBe('ENOENT');
    expect(codeOf(() => disk.listSync(at('missing')))).toBe('ENOENT');
    disk.makeDirectorySync(at('full/of/things'));
    expect(codeOf(() => disk.removeDirectorySync(at('full')))).toBe('EEXIST');
    expect(codeOf(() => disk.freeBytes(at('missing')))).toBe('ENOENT');
    expect(codeOf(() => disk.volatilityToken(at('missing')))).toBe('ENOENT');
    expect(toDiskError({ code: 'ENOSPC', message: 'no space' }, '/d')).toMatchObject({ code: 'ENOSPC', path: '/d' });
    expect(toDiskError('anything', '/d')).toMatchObject({ code: 'OTHER', message: 'anything' });
  });

  test('come from a full device, at once and later', async () => {
    const full = disk.openSync('/dev/full', 'write');
    expect(codeOf(() => full.writeSync(0, [bytes('x')]))).toBe('ENOSPC');
    expect(await write(full, 0, [bytes('x'), bytes('y')])).toMatchObject({ code: 'ENOSPC' });
    full.closeSync();
  });

  test('end a file whose sync failed: nothing of it is believed any more', async () => {
    // A pipe takes bytes and refuses fsync.
    const pipe = at('pipe');
    execFileSync('mkfifo', [pipe]);
    const file = disk.openSync(pipe, 'write');
    const [first, second] = await Promise.all([sync(file), sync(file)]);
    expect(first).toBeInstanceOf(DiskError);
    expect(second).toBeInstanceOf(DiskError);
    expect(codeOf(() => file.writeSync(0, [bytes('x')]))).toBe('OTHER');
    expect(codeOf(() => file.syncSync())).toBe('OTHER');
    expect(await write(file, 0, [bytes('x')])).toMatchObject({ code: 'OTHER' });
    expect((await read(file, 0, new Uint8Array(1)))[0]).toMatchObject({ code: 'OTHER' });
    expect((await sync(file))?.message).toContain('an earlier fsync failed');
    file.closeSync();
  });
});

describe('syncs', () => {
  /** Slots that a test opens by hand. */
  class HeldSlots extends FsyncSlots {
    readonly jobs: (() => void)[] = [];
    override run(group: string, job: (finished: () => void) => void): void {
      this.jobs.push(() => super.run(group, job));
    }
  }

  test('that are asked for while one waits for a slot share it; while one runs, the next', async () => {
    const slots = new HeldSlots(2);
    const file = new NodeDisk({ slots }).openSync(at('data'), 'create');
    const told: number[] = [];
    file.sync(() => told.push(1));
    file.sync(() => told.push(2));
    expect(slots.jobs).toHaveLength(1);
    slots.jobs[0]!();
    file.sync(() => told.push(3));
    file.sync(() => told.push(4));
    while (told.length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual([1, 2]);
    expect(slots.jobs).toHaveLength(2);
    slots.jobs[1]!();
    while (told.length < 4) await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual([1, 2, 3, 4]);
    file.closeSync();
  });

  test('start only when the writes issued before them have ended', async () => {
    const slots = new HeldSlots(2);
    const file = new NodeDisk({ slots }).openSync(at('data'), 'create');
    const order: string[] = [];
    file.write(0, [new Uint8Array(1024 * 1024)], () => order.push('write'));
    file.sync(() => order.push('sync'));
    expect(slots.jobs).toHaveLength(0);
    while (slots.jobs.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual(['write']);
    slots.jobs[0]!();
    while (order.length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual(['write', 'sync']);
    file.closeSync();
  });

  test('hold at most the slots, and devices take turns in the queue', () => {
    const slots = new FsyncSlots(2);
    const started: string[] = [];
    const ends: (() => void)[] = [];
    const job = (name: string) => (finished: () => void) => {
      started.push(name);
      ends.push(finished);
    };
    for (const name of ['a1', 'a2', 'a3', 'a4', 'a5']) slots.run('a', job(name));
    slots.run('b', job('b1'));
    expect(started).toEqual(['a1', 'a2']);
    while (ends.length > 0) {
      ends.shift()!();
      expect(slots.running).toBeLessThanOrEqual(2);
    }
    expect(started).toEqual(['a1', 'a2', 'a3', 'b1', 'a4', 'a5']);
    expect(slots.running).toBe(0);
  });

  test('complete without a slot when told not to sync', async () => {
    const slots = new HeldSlots(1);
    const unsafe = new NodeDisk({ slots, unsafeNoSync: true });
    const file = unsafe.openSync(at('data'), 'create');
    expect(await sync(file)).toBeNull();
    expect(await new Promise((resolve) => unsafe.syncDirectory(directory, resolve))).toBeNull();
    file.syncSync();
    unsafe.syncDirectorySync(directory);
    expect(slots.jobs).toHaveLength(0);
    file.closeSync();
  });
});

describe('directories', () => {
  test('makes no directory where none can be made, and says so', () => {
    fs.writeFileSync(at('file'), '');
    expect(codeOf(() => disk.makeDirectorySync(at('file')))).toBe('EEXIST');
    expect(codeOf(() => disk.makeDirectorySync(at('file/below')))).toBe('ENOTDIR');
    // Here node:fs itself would try for ever.
    expect(codeOf(() => disk.makeDirectorySync('/proc/none/of/these'))).toBe('ENOENT');
  });

  test('are made with their parents, listed in order, renamed, synced and removed', async () => {
    disk.makeDirectorySync(at('a/b'));
    disk.makeDirectorySync(at('a/b'));
    disk.openSync(at('a/2'), 'createNew').closeSync();
    disk.openSync(at('a/10'), 'createNew').closeSync();
    expect(disk.listSync(at('a'))).toEqual(['10', '2', 'b']);
    disk.renameSync(at('a/b'), at('a/c'));
    expect(disk.statSync(at('a/b'))).toBeNull();
    expect(disk.statSync(at('a/c'))).toMatchObject({ isDirectory: true });
    expect(disk.statSync(at('a/2'))).toMatchObject({ sizeBytes: 0, isDirectory: false });
    disk.syncDirectorySync(at('a'));
    expect(await new Promise((resolve) => disk.syncDirectory(at('a'), resolve))).toBeNull();
    expect(await new Promise((resolve) => disk.syncDirectory(at('z'), resolve))).toMatchObject({ code: 'ENOENT' });
    disk.removeDirectorySync(at('a/c'));
    expect(disk.listSync(at('a'))).toEqual(['10', '2']);
    expect(disk.freeBytes(directory)).toBeGreaterThan(0);
  });
});

describe('the lock', () => {
  test.each([
    ['native', loadNativeLocks()],
    ['of the pid file', null],
  ])('%s excludes a second holder in this process, and is free after release', (_, native) => {
    const lock = lockFile(at('.lock'), native);
    expect(codeOf(() => lockFile(at('.lock'), native))).toBe('EACCES');
    lock.release();
    lock.release();
    lockFile(at('.lock'), native).release();
    expect(fs.existsSync(at('.lock'))).toBe(true);
    expect(codeOf(() => lockFile(at('missing/.lock'), native))).toBe('ENOENT');
  });

  test('native ends with the process that held it', async () => {
    const script = `const fs = require('fs');
      const fd = fs.openSync(process.argv[1], 'a+');
      console.log(require('fs-native-extensions').tryLock(fd));
      setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ['-e', script, at('.lock')], { cwd: path.join(__dirname, '../..') });
    const said = await new Promise<string>((resolve) => holder.stdout.once('data', (data) => resolve(String(data))));
    expect(said.trim()).toBe('true');
    expect(codeOf(() => disk.lockSync(at('.lock')))).toBe('EACCES');
    const exited = new Promise((resolve) => holder.once('exit', resolve));
    holder.kill('SIGKILL');
    await exited;
    disk.lockSync(at('.lock')).release();
  });

  test('of the pid file is taken over from a process that is gone, and not from one that lives', async () => {
    const holder = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const started = fs.readFileSync(`/proc/${holder.pid}/stat`, 'utf8').split(' ').at(21);
    const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    fs.writeFileSync(at('.lock.pid'), `${holder.pid} ${boot} ${started}\n`);
    expect(codeOf(() => lockFile(at('.lock'), null))).toBe('EACCES');
    fs.writeFileSync(at('.lock.pid'), `${holder.pid} ${boot} 1\n`);
    lockFile(at('.lock'), null).release();
    fs.writeFileSync(at('.lock.pid'), `${holder.pid} ${boot} ${started}\n`);
    const exited = new Promise((resolve) => holder.once('exit', resolve));
    holder.kill('SIGKILL');
    await exited;
    const lock = lockFile(at('.lock'), null);
    expect(fs.readFileSync(at('.lock.pid'), 'utf8')).toMatch(new RegExp(`^${process.pid} `));
    lock.release();
    expect(fs.readdirSync(directory)).toEqual(['.lock']);
  });
});

describe('the volatility token', () => {
  test('differs for another directory, such as a copy that was restored', () => {
    disk.makeDirectorySync(at('copy'));
    expect(disk.volatilityToken(directory)).not.toBe(disk.volatilityToken(at('copy')));
    expect(disk.volatilityToken(directory)).not.toBe(disk.volatilityToken('/proc'));
  });

  test('never repeats where there is no disk', () => {
    expect(disk.volatilityToken('/proc')).not.toBe(disk.volatilityToken('/proc'));
  });

  needs('loop')('of a disk of its own', () => {
    test('is the same over time, and another after the disk was attached anew', () => {
      const own = new LoopDisk(8);
      try {
        const first = disk.volatilityToken(own.path);
        expect(disk.volatilityToken(own.path)).toBe(first);
        own.losePower();
        own.remount();
        expect(disk.volatilityToken(own.path)).not.toBe(first);
      } finally {
        own.dispose();
      }
    });
  });

  test('names the longest mount above a path, the topmost of two on one point, and blanks in names', () => {
    const mounts = [
      '21 1 254:0 / / rw - ext4 /dev/vda rw',
      '30 21 254:1 / /data rw shared:1 - ext4 /dev/vdb rw',
      '31 30 254:2 /sub /data/with\\040blank rw - xfs /dev/vdc rw',
      '32 21 0:40 / /data rw - tmpfs tmpfs rw',
      '',
    ].join('\n');
    expect(mountOf('/etc', mounts)).toBe('21,254:0,/,ext4,/dev/vda');
    expect(mountOf('/data', mounts)).toBe('32,0:40,/,tmpfs,tmpfs');
    expect(mountOf('/database', mounts)).toBe('21,254:0,/,ext4,/dev/vda');
    expect(mountOf('/data/with blank/x', mounts)).toBe('31,254:2,/sub,xfs,/dev/vdc');
    expect(mountOf('/x', '')).toBeNull();
  });
});

describe('inline workers', () => {
  test('run a job on a copy in a later turn, and map what it throws', async () => {
    const workers = new InlineWorkers({
      double: (input) => input.map((byte) => byte * 2),
      fail: () => {
        throw new RangeError('too much');
      },
    });
    const input = Uint8Array.of(1, 2);
    const run = (job: string): Promise<Uint8Array | Error> =>
      new Promise((resolve) => workers.run(job, input, resolve));
    const doubled = run('double');
    input.fill(9);
    expect(await doubled).toEqual(Uint8Array.of(2, 4));
    expect(await run('fail')).toMatchObject({ message: 'too much' });
    expect(await run('nothing')).toMatchObject({ message: 'no worker knows the job nothing' });
  });
});
