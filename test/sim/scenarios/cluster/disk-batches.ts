/**
 * The batches of one log directory of a simulated disk, as a process sees them ('current') or as they survive a loss of
 * power ('durable'). Looking again costs only what is new: closed segments are not read twice.
 */

import type { BatchView } from '../../../../wire/record/batch';
import { BATCH_HEADER_BYTES, BatchView as View, batchSizeAt } from '../../../../wire/record/batch';
import { decodeRecords } from '../../../../wire/record/records';
import { createCrc32c } from '../../crc32c';
import type { SimDisk } from '../../sim-disk';
import type { ReadRecord } from './cluster-ghost';

export interface DiskBatch {
  readonly baseOffset: number;
  /** The offset after its last record. */
  readonly endOffset: number;
  readonly epoch: number;
  readonly crc: number;
  readonly isControl: boolean;
  /** Its own. */
  readonly bytes: Uint8Array;
}

interface ReadFile {
  sizeBytes: number;
  batches: DiskBatch[];
}

const crc32c = createCrc32c();

export class DiskBatches {
  private files = new Map<string, ReadFile>();

  constructor(
    private readonly disk: SimDisk,
    private readonly directory: string,
    private readonly which: 'current' | 'durable',
  ) {}

  /** Everything in order of offsets; empty when there is no such directory. */
  read(): readonly DiskBatch[] {
    const names = (this.disk.names(this.directory, this.which) ?? []).filter((name) => name.endsWith('.log'));
    const files = new Map<string, ReadFile>();
    for (const name of names) files.set(name, this.readFile(name));
    this.files = files;
    const [first, ...rest] = files.values();
    return rest.length === 0 ? (first?.batches ?? []) : [...files.values()].flatMap(({ batches }) => batches);
  }

  /** Where the log ends; 0 when it has never held anything. */
  endOffset(): number {
    return this.read().at(-1)?.endOffset ?? 0;
  }

  private readFile(name: string): ReadFile {
    const path = `${this.directory}/${name}`;
    const { tree } = this.disk;
    const node = this.which === 'current' ? tree.find(path) : tree.findDurable(path);
    if (node === null || node.isDirectory) return { sizeBytes: 0, batches: [] };
    const image = node[this.which];
    const known = this.files.get(name) ?? { sizeBytes: 0, batches: [] };
    if (image.sizeBytes === known.sizeBytes) return known;
    const content = image.content();
    const keeps = startsAs(content, known.batches);
    const batches = keeps ? [...known.batches] : [];
    const from = batches.reduce((sum, { bytes }) => sum + bytes.length, 0);
    for (const batch of DiskBatches.batchesIn(content.subarray(from))) batches.push(ownBatch(batch));
    return { sizeBytes: image.sizeBytes, batches };
  }

  /** Whole batches that pass their checksums, up to the first that does not. */
  static *batchesIn(bytes: Uint8Array): Generator<BatchView> {
    const batch = new View();
    for (let at = 0; at < bytes.length; at += batch.sizeBytes) {
      const size = batchSizeAt(bytes, at);
      if (size < BATCH_HEADER_BYTES || at + size > bytes.length) return;
      batch.moveTo(bytes, at);
      if (!batch.isCrcValid(crc32c)) return;
      yield batch;
    }
  }

  static *recordsIn(bytes: Uint8Array): Generator<ReadRecord> {
    for (const batch of DiskBatches.batchesIn(bytes)) {
      if (batch.isControl) continue;
      for (const { offset, value } of decodeRecords(batch)) yield { offset, value: Buffer.from(value ?? []).toString() };
    }
  }
}

function ownBatch(batch: BatchView): DiskBatch {
  const bytes = batch.bytes.slice();
  return { baseOffset: batch.baseOffset, endOffset: batch.nextOffset, epoch: batch.partitionLeaderEpoch, crc: batch.crc, isControl: batch.isControl, bytes };
}

/** Whether the file still begins with these batches: only ends are cut off and written anew, in another epoch. */
function startsAs(content: Uint8Array, batches: readonly DiskBatch[]): boolean {
  const last = batches.at(-1);
  if (last === undefined) return true;
  const end = batches.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (content.length < end) return false;
  return Buffer.compare(content.subarray(end - last.bytes.length, end), last.bytes) === 0;
}
