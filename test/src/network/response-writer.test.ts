import { DiskError } from '../../../log/disk';
import type { DiskFile } from '../../../log/disk';
import { BufferPool } from '../../../wire/base/buffer-pool';
import { IO_MEMORY_OVERHEAD_BYTES, IoMemory } from '../../../wire/base/io-memory';
import type { FileRangeBody } from '../../../src/network/response-body';
import { MAX_WRITE_BYTES, ResponseWriter } from '../../../src/network/response-writer';
import { ManualConnection, ManualTime } from './support/manual-world';

const memory = new IoMemory({ sizeBytes: IO_MEMORY_OVERHEAD_BYTES + 8 * 1024 * 1024 });

/** A file in memory, which may fail, and answers asynchronous reads when the test says so. */
class MemoryFile {
  readonly content: Buffer;
  syncReads = 0;
  readonly pendingReads: (() => void)[] = [];
  error: DiskError | null = null;

  constructor(sizeBytes: number, seed = 1) {
    this.content = Buffer.alloc(sizeBytes);
    for (let i = 0; i < sizeBytes; i++) this.content[i] = (i * 31 + seed + (i >> 9)) & 0xff;
  }

  readSync(position: number, into: Uint8Array): number {
    this.syncReads += 1;
    if (this.error !== null) throw this.error;
    return this.content.copy(into, 0, position);
  }

  read(position: number, into: Uint8Array, done: (error: DiskError | null, bytes: number) => void): void {
    this.pendingReads.push(() => {
      if (this.error === null) done(null, this.content.copy(into, 0, position));
      else done(this.error, 0);
    });
  }
}

class Range implements FileRangeBody {
  releases = 0;
  failures: DiskError[] = [];
  readonly file: DiskFile;
  constructor(
    file: MemoryFile,
    readonly position: number,
    readonly sizeBytes: number,
    readonly isCold = false,
  ) {
    this.file = file as unknown as DiskFile;
  }
  release(): void {
    this.releases += 1;
  }
  failed(error: DiskError): void {
    this.failures.push(error);
  }
}

function setUp(): {
  connection: ManualConnection;
  time: ManualTime;
  pool: BufferPool;
  writer: ResponseWriter;
  broken: string[];
  progress: number[];
} {
  const connection = new ManualConnection();
  const time = new ManualTime();
  const pool = new BufferPool(memory);
  const broken: string[] = [];
  const progress: number[] = [];
  const writer = new ResponseWriter(connection, pool, time, {
    progressed: (bytes) => void progress.push(bytes),
    broken: (why) => void broken.push(why),
  });
  return { connection, time, pool, writer, broken, progress };
}

const bytes = (text: string): Uint8Array => Buffer.from(text);
const response = (...chunks: (Uint8Array | FileRangeBody)[]) => ({
  chunks,
  sizeBytes: chunks.reduce((sum, chunk) => sum + ('sizeBytes' in chunk ? chunk.sizeBytes : chunk.length), 0),
});

describe('a response writer', () => {
  test('sends all that is queued in one write', () => {
    const { connection, writer, pool, progress } = setUp();
    const file = new MemoryFile(1000);
    const range = new Range(file, 10, 100);
    writer.enqueue(bytes('h1'), response(bytes('abc')));
    writer.enqueue(bytes('h2'), response(bytes('meta'), range, bytes('tail')));
    writer.enqueue(bytes('h3'), response());
    expect(connection.writes).toHaveLength(0);
    writer.flush();
    expect(connection.writes).toHaveLength(1);
    const expected = [bytes('h1abch2meta'), file.content.subarray(10, 110), bytes('tailh3')];
    expect(connection.sent.equals(Buffer.concat(expected))).toBe(true);
    expect(range.releases).toBe(1);
    expect(writer.isIdle).toBe(false);
    connection.take();
    expect([writer.isIdle, pool.takenBytes, progress]).toEqual([true, 0, [connection.sent.length]]);
  });

  test('does not copy large pieces', () => {
    const { connection, writer } = setUp();
    const large = Buffer.alloc(3 * 1024 * 1024, 'x');
    const seen: (readonly Uint8Array[])[] = [];
    const write = connection.write.bind(connection);
    connection.write = (chunks, released) => {
      seen.push(chunks);
      return write(chunks, released);
    };
    writer.enqueue(bytes('head'), response(large, bytes('tail')));
    writer.flush();
    connection.take();
    expect(seen.flat().some((chunk) => chunk.buffer === large.buffer && chunk.length === large.length)).toBe(true);
    expect(connection.sent.equals(Buffer.concat([bytes('head'), large, bytes('tail')]))).toBe(true);
  });

  test('pumps a large range in pieces as the reader takes them, at the cost of one piece', () => {
    const { connection, time, writer, pool } = setUp();
    const file = new MemoryFile(3 * 1024 * 1024 + 77);
    const range = new Range(file, 7, file.content.length - 7);
    writer.enqueue(bytes('head'), response(range));
    writer.flush();
    while (!writer.isIdle) {
      expect(connection.writes.at(-1)!.length).toBeLessThanOrEqual(MAX_WRITE_BYTES);
      expect(pool.takenBytes).toBeLessThanOrEqual(MAX_WRITE_BYTES);
      connection.take();
      time.settle();
    }
    expect(connection.sent.equals(Buffer.concat([bytes('head'), file.content.subarray(7)]))).toBe(true);
    expect([range.releases, pool.takenBytes, writer.queuedFileBytes]).toEqual([1, 0, 0]);
  });

  test('lets others have their turn while a fast reader takes everything', () => {
    const { connection, time, writer } = setUp();
    connection.takesAll = true;
    const file = new MemoryFile(4 * 1024 * 1024);
    writer.enqueue(bytes('h'), response(new Range(file, 0, file.content.length)));
    writer.flush();
    const perTurn: number[] = [connection.sent.length];
    while (!writer.isIdle) {
      const before = connection.sent.length;
      time.turn();
      perTurn.push(connection.sent.length - before);
    }
    expect(Math.max(...perTurn)).toBeLessThanOrEqual(768 * 1024);
    expect(perTurn.length).toBeGreaterThan(4);
    expect(connection.sent.subarray(1).equals(file.content)).toBe(true);
  });

  test('reads cold ranges asynchronously, in their place among the others', () => {
    const { connection, time, writer, pool } = setUp();
    connection.takesAll = true;
    const [hot, cold] = [new MemoryFile(1000, 1), new MemoryFile(700_000, 2)];
    const ranges = [new Range(hot, 0, 1000), new Range(cold, 0, 700_000, true), new Range(hot, 500, 100)];
    writer.enqueue(bytes('h'), response(bytes('a'), ranges[0]!, bytes('b'), ranges[1]!, bytes('c'), ranges[2]!));
    writer.flush();
    expect(connection.sent.length).toBe(1 + 1 + 1000 + 1);
    for (let i = 0; i < 10 && cold.pendingReads.length > 0; i++) {
      cold.pendingReads.shift()!();
      time.settle();
    }
    const expected = [bytes('ha'), hot.content, bytes('b'), cold.content, bytes('c'), hot.content.subarray(500, 600)];
    expect(connection.sent.equals(Buffer.concat(expected))).toBe(true);
    expect(ranges.map((range) => range.releases)).toEqual([1, 1, 1]);
    expect([cold.syncReads, pool.takenBytes, writer.isIdle]).toEqual([0, 0, true]);
  });

  test.each([false, true])('breaks off when a file cannot be read or is too short (cold: %p)', (isCold) => {
    for (const error of [new DiskError('EIO', '/log', 'cannot read'), null]) {
      const { connection, writer, pool, broken } = setUp();
      const file = new MemoryFile(1000);
      file.error = error;
      const ranges = [new Range(file, 500, 1000, isCold), new Range(file, 0, 10)];
      writer.enqueue(bytes('h'), response(ranges[0]!, ranges[1]!));
      writer.flush();
      connection.take();
      file.pendingReads.shift()?.();
      connection.take();
      expect(broken).toHaveLength(1);
      expect(ranges.map((range) => range.releases)).toEqual([1, 1]);
      expect(ranges[0]!.failures).toEqual(error === null ? [] : [error]);
      expect(pool.takenBytes).toBe(0);
      writer.flush();
      expect(connection.sent.length).toBeLessThanOrEqual(1);
    }
  });

  test('gives everything back when it is closed, whatever is under way', () => {
    const { connection, writer, pool } = setUp();
    const [hot, cold] = [new MemoryFile(1_000_000), new MemoryFile(1000)];
    const ranges = [new Range(hot, 0, 1_000_000), new Range(cold, 0, 1000, true), new Range(hot, 0, 5)];
    writer.enqueue(bytes('h'), response(...ranges));
    writer.flush();
    writer.close();
    writer.close();
    expect(ranges.map((range) => range.releases)).toEqual([1, 1, 1]);
    expect(pool.takenBytes).toBe(MAX_WRITE_BYTES);
    connection.take();
    expect(pool.takenBytes).toBe(0);
    const late = new Range(hot, 0, 5);
    writer.enqueue(bytes('h'), response(late));
    expect(late.releases).toBe(1);
  });

  test('releases a range that is being read only when the read has ended', () => {
    const { connection, writer, pool } = setUp();
    const cold = new MemoryFile(1000);
    const range = new Range(cold, 0, 1000, true);
    writer.enqueue(bytes(''), response(range));
    writer.flush();
    writer.close();
    expect([range.releases, pool.takenBytes]).toEqual([0, 1000]);
    cold.pendingReads.shift()!();
    expect([range.releases, pool.takenBytes, connection.writes.length]).toEqual([1, 0, 0]);
  });

  test('releases empty ranges and sends nothing for them', () => {
    const { connection, writer } = setUp();
    const range = new Range(new MemoryFile(10), 0, 0);
    writer.enqueue(bytes('h'), response(range));
    writer.flush();
    expect([range.releases, connection.sent.toString()]).toEqual([1, 'h']);
  });

  test('keeps order over many small responses while a write is under way', () => {
    const { connection, time, writer } = setUp();
    let expected = '';
    for (let i = 0; i < 5000; i++) {
      writer.enqueue(bytes(`<${i}>`), response(bytes('body')));
      expected += `<${i}>body`;
      if (i % 7 === 0) writer.flush();
      if (i % 50 === 0) connection.take();
    }
    while (!writer.isIdle) {
      connection.take();
      time.settle();
    }
    expect(connection.sent.toString()).toBe(expected);
  });
});
