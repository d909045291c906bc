/** Producer state from the batches themselves: after a truncation, where no snapshot need match the new end. */
import { BatchView } from '../wire/record/batch';
import { readControlMark } from './control-mark';
import type { ProducerState } from './producer-state';
import type { LogSegment } from './segment';

export function replayProducers(segments: readonly LogSegment[], producers: ProducerState): void {
  const batch = new BatchView();
  for (const segment of segments) {
    for (let offset = segment.baseOffset; ; ) {
      const found = segment.locate(offset);
      if (found === null) break;
      const bytes = new Uint8Array(found.sizeBytes);
      segment.file.current.readSync(found.position, bytes);
      batch.moveTo(bytes, 0);
      if (batch.producerId >= 0) producers.update(batch, batch.isControl ? readControlMark(batch) : null);
      offset = found.lastOffset + 1;
    }
  }
}
