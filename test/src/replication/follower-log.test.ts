/** What a follower does to a real log, on a simulated disk. */
import type { PartitionLog } from '../../../log/partition-log';
import { appendReplicated, cutBack } from '../../../src/replication/follower-log';
import { BatchView } from '../../../wire/record/batch';
import { batchOf, contents, crc32c, live, openLog, smallLogConfig } from '../../log/support/log-bench';
import { SimWorld } from '../../sim/world';

const config = smallLogConfig();

function at(offset: number, values: readonly string[]): Uint8Array {
  const bytes = batchOf(values);
  const batch = new BatchView(bytes);
  batch.setBaseOffset(offset);
  batch.setPartitionLeaderEpoch(1);
  return bytes;
}

async function withLog(run: (log: PartitionLog) => void): Promise<void> {
  await live(new SimWorld({ seed: 1 }), async (env) => {
    const { log } = await openLog(env, config);
    run(log);
  });
}

function take(log: PartitionLog, records: Uint8Array | null, highWatermark: number, logStartOffset = 0) {
  return appendReplicated(log, 1, { records, highWatermark, logStartOffset }, crc32c);
}

describe('a follower’s log', () => {
  test('takes its leader’s high watermark as far as it goes, and never less than it knew', async () => {
    await withLog((log) => {
      expect(take(log, at(0, ['a', 'b']), 5)).toBe('moved');
      expect(log.highWatermark).toBe(2);
      expect(take(log, null, 1)).toBe('unmoved');
      expect(log.highWatermark).toBe(2);
    });
  });

  test('takes a batch whole in which its leader’s log starts, when it is empty', async () => {
    await withLog((log) => {
      log.truncateFullyTo(5);
      expect(take(log, at(4, ['a', 'b', 'c']), 7, 5)).toBe('moved');
      expect([log.logStartOffset, log.logEndOffset, log.highWatermark]).toEqual([5, 7, 7]);
      expect(contents(log)).toEqual(['5=b', '6=c']);
    });
  });

  test('refuses what it has already, and what is damaged', async () => {
    await withLog((log) => {
      take(log, at(0, ['a', 'b']), 2);
      expect(take(log, at(1, ['c', 'd']), 3)).toMatchObject({ problem: expect.stringContaining('came again') });
      expect(take(log, at(2, ['c']).map((byte, i) => (i === 68 ? byte ^ 1 : byte)), 3)).toHaveProperty('problem');
      expect(contents(log)).toEqual(['0=a', '1=b']);
    });
  });

  test('is cut, and starts anew when even its start is not its leader’s', async () => {
    await withLog((log) => {
      take(log, at(0, ['a', 'b']), 3);
      take(log, at(2, ['c']), 3);
      log.advanceLogStart(2);
      cutBack(log, 2);
      expect([log.logStartOffset, log.logEndOffset, log.highWatermark]).toEqual([2, 2, 2]);
      cutBack(log, 1);
      expect([log.logStartOffset, log.logEndOffset]).toEqual([1, 1]);
    });
  });
});
