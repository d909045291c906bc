/** The rows of the table: what is measured, and what an ack means while it is. */
import type { FetchWork, ProduceWork } from './client/work';

export interface KcatWork {
  readonly kind: 'kcat-produce' | 'kcat-consume';
  readonly recordBytes: number;
  readonly fileBytes: number;
}

/** RSS after start, then after a produce and a fetch load have come and gone. */
export interface MemoryWork {
  readonly kind: 'memory';
}

export interface StartWork {
  readonly kind: 'start';
}

export type RowWork = ProduceWork | FetchWork | KcatWork | MemoryWork | StartWork;

export interface Row {
  readonly name: string;
  readonly title: string;
  readonly work: RowWork;
  readonly mode: string;
}

const KB = 1024;
const MB = 1024 * 1024;
/** A batch of exactly 1 MiB is what max.message.bytes lets pass with its overhead. */
const SMALL_BATCH = { recordBytes: KB, batchBytes: 16 * KB, compression: 'none' } as const;
const LARGE_BATCH = { recordBytes: KB, batchBytes: MB, compression: 'none' } as const;
const ACKED_FROM_PAGE_CACHE = 'acks=1, no fsync';
const PAGE_CACHE = 'page cache';

function produce(batch: ProduceWork['batch'], partitions: number, connections = 4, inFlight = 5): ProduceWork {
  return { kind: 'produce', batch, partitions, connections, inFlight };
}

function fetch(partitions: number, maxBytes: number, partitionMaxBytes: number): FetchWork {
  const preloadBytes = 1024 * MB;
  return { kind: 'fetch', batch: SMALL_BATCH, partitions, connections: 4, maxBytes, partitionMaxBytes, preloadBytes };
}

const produceRow = (name: string, title: string, work: ProduceWork): Row => ({
  name,
  title: `produce, ${title}`,
  work,
  mode: ACKED_FROM_PAGE_CACHE,
});

export const rows: readonly Row[] = [
  produceRow('produce-16k', '1 KB records, 16 KB batches', produce(SMALL_BATCH, 1)),
  produceRow('produce-16k-12p', '1 KB records, 16 KB batches, 12 partitions', produce(SMALL_BATCH, 12)),
  produceRow('produce-1m', '1 KB records, 1 MB batches', produce(LARGE_BATCH, 1)),
  produceRow('produce-1m-12p', '1 KB records, 1 MB batches, 12 partitions', produce(LARGE_BATCH, 12)),
  produceRow('produce-16k-lz4', '1 KB records, 16 KB batches, lz4', produce({ ...SMALL_BATCH, compression: 'lz4' }, 1)),
  produceRow('produce-1m-lz4', '1 KB records, 1 MB batches, lz4', produce({ ...LARGE_BATCH, compression: 'lz4' }, 1)),
  produceRow(
    'produce-100b',
    'one 100 B record per request',
    produce({ recordBytes: 100, batchBytes: 0, compression: 'none' }, 1, 10, 5),
  ),
  { name: 'fetch-1m', title: 'fetch, at most 1 MB', work: fetch(1, MB, MB), mode: PAGE_CACHE },
  { name: 'fetch-1m-12p', title: 'fetch, at most 1 MB, 12 partitions', work: fetch(12, MB, MB), mode: PAGE_CACHE },
  { name: 'fetch-55m', title: 'fetch, at most 55 MB', work: fetch(1, 55 * MB, 55 * MB), mode: PAGE_CACHE },
  {
    name: 'kcat-produce',
    title: 'kcat produces lines of 1 KB',
    work: { kind: 'kcat-produce', recordBytes: KB, fileBytes: 256 * MB },
    mode: ACKED_FROM_PAGE_CACHE,
  },
  {
    name: 'kcat-consume',
    title: 'kcat consumes lines of 1 KB',
    work: { kind: 'kcat-consume', recordBytes: KB, fileBytes: 256 * MB },
    mode: PAGE_CACHE,
  },
  { name: 'memory', title: 'memory', work: { kind: 'memory' }, mode: 'resident' },
  { name: 'start', title: 'start to first ack', work: { kind: 'start' }, mode: 'empty directory' },
];

/** Small segments and retention keep what is on disk to a gigabyte or so: the page cache is measured, not the disk. */
export function topicConfigs(work: RowWork): Readonly<Record<string, string>> {
  if (work.kind !== 'produce' && work.kind !== 'kcat-produce') return { 'retention.bytes': '-1' };
  const partitions = work.kind === 'produce' ? work.partitions : 1;
  const segmentBytes = partitions === 1 ? 256 * MB : 64 * MB;
  return {
    'segment.bytes': String(segmentBytes),
    'retention.bytes': String(Math.max(segmentBytes, Math.floor((1024 * MB) / partitions))),
    'file.delete.delay.ms': '1000',
  };
}
