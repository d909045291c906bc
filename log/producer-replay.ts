/** Producer state anew after a truncation: the newest snapshot that lies below the new end, and the batches after it. */
import { BatchView } from '../wire/record/batch';
import { readControlMark } from './control-mark';
import type { Env } from './env';
import { loadProducerSnapshot } from './producer-snapshot';
import type { ProducerState } from './producer-state';
import type { LogSegment } from './segment';

/** Throws DiskError. */
export function rebuildProducers(
  env: Env,
  directory: string,
  segments: readonly LogSegment[],
  endOffset: number,
  producers: ProducerState,
): void {
  producers.clear();
  const damaged = (path: string): void => env.logger.warn(`producer snapshot ${path} is damaged; using an older one`);
  const from = loadProducerSnapshot(env.disk, directory, endOffset, producers, env.crc32c, damaged) ?? 0;
  for (const [i, segment] of segments.entries()) {
    if ((segments[i + 1]?.baseOffset ?? Infinity) > from) replaySegment(segment, from, producers);
  }
}

function replaySegment(segment: LogSegment, from: number, producers: ProducerState): void {
  const batch = new BatchView();
  for (let offset = Math.max(segment.baseOffset, from); ; ) {
    const found = segment.locate(offset);
    if (found === null) return;
    const bytes = new Uint8Array(found.sizeBytes);
    segment.file.current.readSync(found.position, bytes);
    batch.moveTo(bytes, 0);
    if (batch.producerId >= 0) producers.update(batch, batch.isControl ? readControlMark(batch) : null);
    offset = found.lastOffset + 1;
  }
}
