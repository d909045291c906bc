/**
 * The batches of one log directory of a simulated disk, as a process sees them ('current') or as they survive a loss of
 * power ('durable'). Looking again costs only what is new: closed segments are not read twice.
 */

import type { BatchView } from '../../../../wire/record/batch';
import { BATCH_HEADER_BYTES, BatchView as View, batchSizeAt } from '../../../../wire/record/batch';
import { decodeRecords } from '../../../../wire/record/records';
import { createCrc32c } from '../../crc32c';
import type { FileImage } from '../../file-image';
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
  /** What was read, and which version of it. */
  readonly image: FileImage | null;
  readonly version: number;
  readonly batches: readonly DiskBatch[];
}

const NOTHING: ReadFile = { image: null, version: -1, batches: [] };

const crc32c = createCrc32c();

export class DiskBatches {
  private files = new Map<string, ReadFile>();
  private names: readonly string[] = [];
  private all: readonly DiskBatch[] = [];

  constructor(
    private readonly disk: SimDisk,
    private readonly directory: string,
    private readonly which: 'current' | 'durable',
  ) {}

  /** Everything in order of offsets, the same array for as long as nothing has changed; empty when there is no such directory. */
  read(): readonly DiskBatch[] {
    const names = this.disk.names(this.directory, this.which) ?? [];
    let isSame = names === this.names;
    const files = new Map<string, ReadFile>();
    for (const name of names) {
      if (!name.endsWith('.log')) continue;
      const file = this.readFile(name);
      if (file !== this.files.get(name)) isSame = false;
      files.set(name, file);
    }
    if (isSame) return this.all;
    this.files = files;
    this.names = names;
    const [first, ...rest] = files.values();
    this.all = rest.length === 0 ? (first?.batches ?? []) : [...files.values()].flatMap(({ batches }) => batches);
    return this.all;
  }

  /** Where the log ends; 0 when it has never held anything. */
  endOffset(): number {
    return this.read().at(-1)?.endOffset ?? 0;
  }

  private readFile(name: string): ReadFile {
    const path = `${this.directory}/${name}`;
    const { tree } = this.disk;
    const node = this.which === 'current' ? tree.find(path) : tree.findDurable(path);
    if (node === null || node.isDirectory) return NOTHING;
    const image = node[this.which];
    const known = this.files.get(name) ?? NOTHING;
    if (known.image === image && known.version === image.version) return known;
    const content = image.peek();
    const knownBytes = startOf(content, known.batches);
    const batches = knownBytes < 0 ? [] : [...known.batches];
    for (const batch of DiskBatches.batchesIn(content.subarray(Math.max(0, knownBytes)))) {
      // Checksums do not cover where a batch lies: what a torn write has left of one may say anything, until it is cut off.
      if (batch.baseOffset < (batches.at(-1)?.endOffset ?? 0)) break;
      batches.push(ownBatch(batch));
    }
    return { image, version: image.version, batches };
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

/** How many bytes these batches take in front of the file; -1 when it begins otherwise now. Only ends are cut off and written anew, in another epoch. */
function startOf(content: Uint8Array, batches: readonly DiskBatch[]): number {
  const last = batches.at(-1);
  if (last === undefined) return 0;
  let end = 0;
  for (const { bytes } of batches) end += bytes.length;
  if (content.length < end) return -1;
  return Buffer.compare(content.subarray(end - last.bytes.length, end), last.bytes) === 0 ? end : -1;
}
