import { DiskError } from '../../log/disk';
import type { Disk, DiskFile } from '../../log/disk';
import type { LossMode } from './power-loss';
import { inMacrotask } from './runner';
import { SimWorld } from './world';
import type { RunningProcess } from './world';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (content: Uint8Array | null): string | null => (content === null ? null : new TextDecoder().decode(content));

/** A world with one process that sits still, whose ports the test uses directly. */
function setUp(seed: number | string = 1): { world: SimWorld; running: RunningProcess; disk: Disk } {
  const world = new SimWorld({ seed });
  const running = world.start(world.host('a'), 'p', () => {});
  world.run();
  return { world, running, disk: running.env.disk };
}

/** Runs a test body where the microtask drain works. */
const simulated = (body: () => void) => (): Promise<void> => inMacrotask(body);

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof DiskError) return error.code;
    throw error;
  }
  return 'none';
}

function writeFile(disk: Disk, path: string, content: string, sync: boolean): DiskFile {
  const file = disk.openSync(path, 'create');
  file.writeSync(0, [bytes(content)]);
  if (sync) file.syncSync();
  return file;
}

describe('the simulated disk, while all is well', () => {
  test(
    'reads what was written, with zeros in the holes',
    simulated(() => {
      const { disk } = setUp();
      const file = disk.openSync('/f', 'createNew');
      file.writeSync(4, [bytes('ab'), bytes('cd')]);
      const into = new Uint8Array(10);
      expect(file.readSync(0, into)).toBe(8);
      expect([...into]).toEqual([0, 0, 0, 0, 97, 98, 99, 100, 0, 0]);
      file.truncateSync(5);
      file.truncateSync(7);
      expect(file.readSync(4, into)).toBe(3);
      expect([...into.subarray(0, 3)]).toEqual([97, 0, 0]);
      expect(file.readSync(7, into)).toBe(0);
    }),
  );

  test(
    'keeps names: directories, renames, unlinked files that are open',
    simulated(() => {
      const { disk } = setUp();
      disk.makeDirectorySync('/d/e');
      disk.makeDirectorySync('/d/e');
      const file = writeFile(disk, '/d/e/x', 'one', false);
      disk.renameSync('/d/e/x', '/d/y');
      expect(disk.listSync('/d')).toEqual(['e', 'y']);
      disk.unlinkSync('/d/y');
      expect(disk.statSync('/d/y')).toBeNull();
      expect(file.sizeSync()).toBe(3);
      expect(codeOf(() => disk.openSync('/d/y', 'read'))).toBe('ENOENT');
      expect(codeOf(() => disk.removeDirectorySync('/d'))).toBe('OTHER');
      disk.removeDirectorySync('/d/e');
      expect(codeOf(() => disk.listSync('/d/e'))).toBe('ENOENT');
      expect(codeOf(() => disk.openSync('/missing/z', 'create'))).toBe('ENOENT');
      writeFile(disk, '/d/z', 'z', false);
      expect(codeOf(() => disk.openSync('/d/z', 'createNew'))).toBe('EEXIST');
      expect(codeOf(() => disk.openSync('/d/z/q', 'create'))).toBe('ENOTDIR');
    }),
  );

  test(
    'completes asynchronous calls later, never in the turn of the caller',
    simulated(() => {
      const { world, disk } = setUp();
      const file = disk.openSync('/f', 'create');
      const events: string[] = [];
      const into = new Uint8Array(3);
      file.write(0, [bytes('abc')], (error) => {
        events.push(`written ${error}`);
        file.read(0, into, (readError, count) => events.push(`read ${readError} ${count} ${text(into)}`));
        expect(into[0]).toBe(0xdd);
        file.sync((syncError) => events.push(`synced ${syncError}`));
      });
      expect(events).toEqual([]);
      expect(file.sizeSync()).toBe(0);
      world.run();
      expect(events.sort()).toEqual(['read null 3 abc', 'synced null', 'written null']);
      expect(text(world.host('a').disk.durableContent('/f'))).toBeNull();
      disk.syncDirectorySync('/');
      expect(text(world.host('a').disk.durableContent('/f'))).toBe('abc');
    }),
  );

  test(
    'finds a write whose bytes change while it is in flight, and a file closed under it',
    simulated(() => {
      const first = setUp();
      const chunk = bytes('abc');
      first.disk.openSync('/f', 'create').write(0, [chunk], () => {});
      chunk[0] = 0;
      expect(() => first.world.run()).toThrow('changed');
      const second = setUp();
      const file = second.disk.openSync('/f', 'create');
      file.sync(() => {});
      expect(() => file.closeSync()).toThrow('in flight');
      expect(() => second.world.run()).toThrow('in flight');
    }),
  );

  test(
    'locks exclude another live process, and end with the holder',
    simulated(() => {
      const { world, disk } = setUp();
      const other = world.start(world.host('a'), 'q', () => {});
      disk.lockSync('/.lock');
      expect(codeOf(() => other.env.disk.lockSync('/.lock'))).toBe('EACCES');
      world.kill('p');
      expect(codeOf(() => other.env.disk.lockSync('/.lock'))).toBe('none');
    }),
  );
});

describe('kill -9', () => {
  test(
    'keeps the page cache and the token, and makes the ports inert',
    simulated(() => {
      const { world, running, disk } = setUp();
      const host = world.host('a');
      const token = disk.volatilityToken('/');
      const file = writeFile(disk, '/f', 'abc', false);
      world.kill('p');
      file.writeSync(0, [bytes('zzz')]);
      disk.renameSync('/f', '/g');
      disk.unlinkSync('/f');
      expect(text(host.disk.currentContent('/f'))).toBe('abc');
      expect(host.disk.volatilityToken).toBe(token);
      // A loop that fills its buffer ends, though the bytes are not there.
      expect(file.readSync(100, new Uint8Array(7))).toBe(7);
      expect(running.process.state).toBe('killed');
      expect(codeOf(() => world.start(host, 'p', () => {}).env.disk.openSync('/f', 'read'))).toBe('none');
    }),
  );

  test(
    'at the k-th port call nothing of that call or any later one happens',
    simulated(() => {
      const seen = new Set<string>();
      for (let k = 1; k <= 6; k++) {
        const world = new SimWorld({ seed: 1 });
        const host = world.host('a');
        world.killBeforeCall('p', k);
        world.start(host, 'p', (env) => {
          env.disk.makeDirectorySync('/d');
          const file = env.disk.openSync('/d/f', 'create');
          file.writeSync(0, [bytes('a')]);
          file.writeSync(1, [bytes('b')]);
          env.disk.renameSync('/d/f', '/d/g');
        });
        world.run();
        seen.add(`${world.callCount('p')} ${host.disk.paths().join()} ${text(host.disk.currentContent('/d/f'))} ${world.running('p').process.killedBefore}`);
      }
      expect([...seen]).toEqual([
        '1  null makeDirectory /d',
        '2  null open /d/f',
        '3 /d/f  write /d/f',
        '4 /d/f a write /d/f',
        '5 /d/f ab rename /d/g',
        '5 /d/g null ',
      ]);
    }),
  );

  test(
    'a dead process that loops for ever is found',
    simulated(() => {
      const world = new SimWorld({ seed: 1 });
      world.killBeforeCall('p', 1);
      world.start(world.host('a'), 'p', (env) => {
        env.disk.makeDirectorySync('/d');
        while (env.disk.statSync('/d') === null) env.disk.makeDirectorySync('/d');
      });
      expect(() => world.run()).toThrow('a loop?');
    }),
  );

  test(
    'leaves asynchronous writes done, undone or half done',
    simulated(() => {
      const lengths = new Set<number>();
      for (let seed = 0; seed < 60; seed++) {
        const { world, disk } = setUp(seed);
        disk.openSync('/f', 'create').write(0, [new Uint8Array(100)], () => {
          throw new Error('completed after death');
        });
        world.kill('p');
        world.run();
        lengths.add(world.host('a').disk.currentContent('/f')!.length);
      }
      expect(lengths.has(0)).toBe(true);
      expect(lengths.has(100)).toBe(true);
      expect(lengths.size).toBeGreaterThan(5);
    }),
  );
});

describe('loss of power', () => {
  test(
    'changes the token and keeps exactly what was synced when everything else is lost',
    simulated(() => {
      const { world, disk } = setUp();
      const host = world.host('a');
      const token = disk.volatilityToken('/');
      disk.makeDirectorySync('/d');
      const file = writeFile(disk, '/d/f', 'abc', true);
      writeFile(disk, '/d/g', 'xyz', true);
      disk.syncDirectorySync('/d');
      disk.syncDirectorySync('/');
      file.writeSync(3, [bytes('def')]);
      disk.renameSync('/d/g', '/d/h');
      writeFile(disk, '/d/new', 'new', true);
      expect(text(host.disk.durableContent('/d/f'))).toBe('abc');
      expect(host.disk.names('/d', 'durable')).toEqual(['f', 'g']);
      world.powerLoss(host, 'lost');
      expect(text(host.disk.currentContent('/d/f'))).toBe('abc');
      expect(text(host.disk.currentContent('/d/g'))).toBe('xyz');
      expect(host.disk.paths()).toEqual(['/d/f', '/d/g']);
      expect(host.disk.volatilityToken).not.toBe(token);
    }),
  );

  test(
    'a directory whose own entry was not synced takes its files along',
    simulated(() => {
      const { world, disk } = setUp();
      disk.makeDirectorySync('/d');
      writeFile(disk, '/d/f', 'abc', true);
      disk.syncDirectorySync('/d');
      expect(world.host('a').disk.durableContent('/d/f')).toBeNull();
      world.powerLoss(world.host('a'), 'lost');
      expect(world.host('a').disk.paths()).toEqual([]);
    }),
  );

  test(
    'a file renamed into place without a sync may come back empty',
    simulated(() => {
      const found = new Set<string | null>();
      for (let seed = 0; seed < 80; seed++) {
        const { world, disk } = setUp(seed);
        writeFile(disk, '/f', 'old', true);
        disk.syncDirectorySync('/');
        writeFile(disk, '/f.tmp', 'new', false);
        disk.renameSync('/f.tmp', '/f');
        world.powerLoss(world.host('a'));
        found.add(text(world.host('a').disk.currentContent('/f')));
      }
      expect(found).toContain('old');
      expect(found).toContain('new');
      expect(found).toContain('');
    }),
  );

  test.each<LossMode>(['lost', 'kept', 'prefix', 'subset'])('never touches what a sync covered (%s)', (mode) =>
    inMacrotask(() => {
      for (let seed = 0; seed < 40; seed++) {
        const { world, disk } = setUp(seed);
        const random = world.random('test');
        const model = new Map<string, string>();
        for (let step = 0; step < 30; step++) {
          const path = `/f${random.below(4)}`;
          const content = String.fromCharCode(97 + (step % 26)).repeat(random.between(1, 2000));
          const file = disk.openSync(path, 'create');
          file.truncateSync(0);
          file.writeSync(0, [bytes(content)]);
          file.syncSync();
          file.closeSync();
          disk.syncDirectorySync('/');
          model.set(path, content);
        }
        const extra = disk.openSync('/f0', 'create');
        extra.writeSync(extra.sizeSync(), [new Uint8Array(3000).fill(1)]);
        writeFile(disk, '/other', 'x', false);
        world.powerLoss(world.host('a'), mode);
        for (const [path, content] of model) {
          expect(text(world.host('a').disk.currentContent(path))?.slice(0, content.length)).toBe(content);
        }
      }
    }),
  );

  test(
    'tears the last write at a sector and can leave zeros behind it',
    simulated(() => {
      const lengths = new Set<number>();
      let zeroTails = 0;
      for (let seed = 0; seed < 200; seed++) {
        const { world, disk } = setUp(seed);
        writeFile(disk, '/f', 'x'.repeat(700), true);
        disk.syncDirectorySync('/');
        disk.openSync('/f', 'write').writeSync(700, [new Uint8Array(2000).fill(7)]);
        world.powerLoss(world.host('a'), 'prefix');
        const content = world.host('a').disk.currentContent('/f')!;
        const end = content.lastIndexOf(7) + 1;
        if (end > 0 && end < 2700) expect(end % 512).toBe(0);
        if (content.length > Math.max(end, 700)) zeroTails++;
        lengths.add(end);
      }
      expect(lengths.size).toBeGreaterThan(3);
      expect(zeroTails).toBeGreaterThan(0);
    }),
  );

  test(
    'a subset keeps later sectors without earlier ones',
    simulated(() => {
      let reordered = 0;
      for (let seed = 0; seed < 100; seed++) {
        const { world, disk } = setUp(seed);
        const file = writeFile(disk, '/f', '', true);
        disk.syncDirectorySync('/');
        file.writeSync(0, [new Uint8Array(512).fill(1)]);
        file.writeSync(512, [new Uint8Array(512).fill(2)]);
        world.powerLoss(world.host('a'), 'subset');
        const content = world.host('a').disk.currentContent('/f')!;
        if (content.length === 1024 && content[0] === 0) reordered++;
      }
      expect(reordered).toBeGreaterThan(5);
    }),
  );

  test(
    'a sync covers what was written before it began, and a directory sync what a rename builds on',
    simulated(() => {
      const { world, disk } = setUp();
      const host = world.host('a');
      disk.makeDirectorySync('/from');
      disk.makeDirectorySync('/to');
      disk.syncDirectorySync('/');
      const file = writeFile(disk, '/from/f', 'abc', false);
      file.sync(() => {});
      file.writeSync(3, [bytes('def')]);
      disk.renameSync('/from/f', '/to/f');
      disk.syncDirectory('/to', () => {});
      world.run();
      expect(host.disk.paths('durable')).toEqual(['/to/f']);
      expect(text(host.disk.durableContent('/to/f'))).toBe('abc');
      disk.syncDirectorySync('/from');
      expect(host.disk.paths('durable')).toEqual(['/to/f']);
    }),
  );

  test(
    'an unlinked file that was never synced away may come back, with what was synced of it',
    simulated(() => {
      const { world, disk } = setUp();
      writeFile(disk, '/f', 'abc', true).closeSync();
      disk.syncDirectorySync('/');
      disk.unlinkSync('/f');
      world.powerLoss(world.host('a'), 'lost');
      expect(text(world.host('a').disk.currentContent('/f'))).toBe('abc');
    }),
  );
});

describe('a disk that fails', () => {
  test(
    'has no room: a part may be written, the rest throws ENOSPC, and freeing helps',
    simulated(() => {
      const written = new Set<number>();
      for (let seed = 0; seed < 30; seed++) {
        const { world, disk } = setUp(seed);
        const host = world.host('a');
        host.disk.capacityBytes = 1000;
        const file = writeFile(disk, '/f', 'x'.repeat(900), false);
        expect(disk.freeBytes('/')).toBe(100);
        expect(codeOf(() => file.writeSync(900, [new Uint8Array(300).fill(1)]))).toBe('ENOSPC');
        written.add(file.sizeSync());
        expect(file.sizeSync()).toBeLessThanOrEqual(1000);
        expect(codeOf(() => file.writeSync(0, [bytes('overwriting needs no room')]))).toBe('none');
        file.truncateSync(0);
        expect(disk.freeBytes('/')).toBe(1000);
        writeFile(disk, '/g', 'y'.repeat(1000), false).closeSync();
        expect(codeOf(() => file.writeSync(0, [bytes('x')]))).toBe('ENOSPC');
        disk.unlinkSync('/g');
        expect(codeOf(() => file.writeSync(0, [bytes('x')]))).toBe('none');
      }
      expect(written.size).toBeGreaterThan(10);
    }),
  );

  test(
    'strikes by rule: operation, path, how many pass, how many fail',
    simulated(() => {
      const { world, disk } = setUp();
      const { faults } = world.host('a').disk;
      const file = writeFile(disk, '/f', 'abc', false);
      const other = writeFile(disk, '/g', 'abc', false);
      const remove = faults.add({ operation: 'write', code: 'EIO', matches: (path) => path === '/f', skip: 1, times: 2 });
      const codes = [1, 2, 3, 4].map(() => codeOf(() => file.writeSync(0, [bytes('x')])));
      expect(codes).toEqual(['none', 'EIO', 'EIO', 'none']);
      expect(codeOf(() => other.writeSync(0, [bytes('x')]))).toBe('none');
      expect(faults.struck).toBe(2);
      remove();
      faults.add({ operation: 'any', code: 'EIO', times: Infinity });
      expect(codeOf(() => file.readSync(0, new Uint8Array(1)))).toBe('EIO');
      expect(codeOf(() => disk.renameSync('/f', '/h'))).toBe('EIO');
      expect(codeOf(() => disk.openSync('/f', 'read'))).toBe('EIO');
      faults.clear();
      expect(codeOf(() => disk.openSync('/f', 'read'))).toBe('none');
    }),
  );

  test(
    'a failed sync is final: the next one says that all is well, and the bytes are not durable',
    simulated(() => {
      const caches = new Set<string | null>();
      for (let seed = 0; seed < 20; seed++) {
        const { world, disk } = setUp(seed);
        const host = world.host('a');
        const file = writeFile(disk, '/f', 'abc', true);
        disk.syncDirectorySync('/');
        file.writeSync(3, [bytes('def')]);
        host.disk.faults.add({ operation: 'sync', code: 'EIO' });
        expect(codeOf(() => file.syncSync())).toBe('EIO');
        expect(codeOf(() => file.syncSync())).toBe('none');
        expect(host.disk.hasLostSync('/f')).toBe(true);
        expect(text(host.disk.durableContent('/f'))).toBe('abc');
        caches.add(text(host.disk.currentContent('/f')));
        world.powerLoss(host, 'kept');
        expect(text(host.disk.currentContent('/f'))).toBe('abc');
      }
      expect([...caches].sort()).toEqual(['abc', 'abcdef']);
    }),
  );

  test(
    'runs out of open files, for each process',
    simulated(() => {
      const { world, disk } = setUp();
      world.host('a').disk.maxOpenFiles = 2;
      const first = writeFile(disk, '/a', '', false);
      writeFile(disk, '/b', '', false);
      expect(codeOf(() => disk.openSync('/c', 'create'))).toBe('EMFILE');
      first.closeSync();
      expect(codeOf(() => disk.openSync('/c', 'create'))).toBe('none');
    }),
  );

  test(
    'slow blocking writes hold up the process, and its clock shows it',
    simulated(() => {
      const { world, running, disk } = setUp();
      world.host('a').disk.delays.blockingWrite = [10, 10];
      const file = disk.openSync('/f', 'create');
      const before = running.env.clock.monotonicMs();
      file.writeSync(0, [bytes('abc')]);
      expect(running.env.clock.monotonicMs() - before).toBeCloseTo(10);
    }),
  );

  test(
    'can be corrupted at rest, wiped, and restored from a snapshot',
    simulated(() => {
      const { world, disk } = setUp();
      const host = world.host('a');
      disk.makeDirectorySync('/d');
      writeFile(disk, '/d/f', 'abc', true);
      disk.syncDirectorySync('/d');
      disk.syncDirectorySync('/');
      const snapshot = host.disk.snapshot();
      host.disk.corrupt('/d/f', 1, bytes('X'));
      expect(text(host.disk.durableContent('/d/f'))).toBe('aXc');
      const token = host.disk.volatilityToken;
      host.disk.wipe();
      expect(host.disk.paths()).toEqual([]);
      expect(host.disk.volatilityToken).not.toBe(token);
      host.disk.restore(snapshot);
      expect(text(host.disk.currentContent('/d/f'))).toBe('abc');
      expect(text(host.disk.durableContent('/d/f'))).toBe('abc');
    }),
  );
});
