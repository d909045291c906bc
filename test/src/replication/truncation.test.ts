import { truncationOffset } from '../../../src/replication/truncation';

/** Epochs and where they begin. */
function history(entries: readonly (readonly [epoch: number, start: number])[]) {
  return {
    endOffsetFor(epoch: number, logEndOffset: number) {
      const at = entries.findLastIndex(([known]) => known <= epoch);
      const own = entries[at];
      if (own === undefined) return { epoch: -1, endOffset: -1 };
      return { epoch: own[0], endOffset: entries[at + 1]?.[1] ?? logEndOffset };
    },
  };
}

describe('a follower whose history parts from its leader’s', () => {
  test.each([
    ['whose last epoch ended earlier at the leader', [[0, 0], [1, 10]], { epoch: 1, endOffset: 15 }, 20, 15],
    ['that wrote in an epoch that the leader never saw', [[0, 0], [1, 10], [2, 18]], { epoch: 1, endOffset: 30 }, 20, 18],
    ['that does not know the epoch that the leader has', [[0, 0], [3, 10]], { epoch: 2, endOffset: 16 }, 20, 10],
    ['that is longer in an older epoch than the leader in all', [[0, 0], [3, 20]], { epoch: 2, endOffset: 16 }, 30, 16],
    ['that knows no epochs at all', [], { epoch: 1, endOffset: 12 }, 20, 12],
    ['that led without writing anything', [[0, 0], [1, 20]], { epoch: 0, endOffset: 25 }, 20, 20],
    ['that ends before its leader’s epoch does', [[0, 0]], { epoch: 0, endOffset: 25 }, 20, 20],
  ] as const)('%s cuts its log', (_, entries, leader, logEndOffset, offset) => {
    expect(truncationOffset(leader, history(entries), logEndOffset)).toBe(offset);
  });
});
