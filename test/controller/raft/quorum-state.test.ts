import { FileElectionStore, QuorumStateError, type ElectionState } from '../../../controller/raft/quorum-state';
import { UNKNOWN_DIRECTORY } from '../../../controller/raft/replica-key';
import { Killed, MemoryDisk } from '../support/memory-disk';

const DIRECTORY_ID = 'J8aAPcfLQt2bqs1JT_rMgQ';
const PATH = '/logs/quorum-state';

function diskWith(text: string | null): MemoryDisk {
  const disk = new MemoryDisk();
  disk.makeDirectorySync('/logs');
  disk.syncDirectorySync('');
  if (text !== null) disk.put(PATH, text);
  return disk;
}

describe('quorum-state', () => {
  test('is one line of JSON in the format of kraft.version 1', () => {
    const disk = diskWith(null);
    new FileElectionStore(disk, '/logs').write({
      epoch: 2,
      leaderId: -1,
      votedKey: { id: 1, directoryId: DIRECTORY_ID },
    });
    expect(new TextDecoder().decode(disk.content(PATH))).toBe(
      `{"leaderId":-1,"leaderEpoch":2,"votedId":1,"votedDirectoryId":"${DIRECTORY_ID}","data_version":1}`,
    );
  });

  test.each<ElectionState>([
    { epoch: 0, leaderId: -1, votedKey: null },
    { epoch: 7, leaderId: 3, votedKey: null },
    { epoch: 7, leaderId: 3, votedKey: { id: 3, directoryId: DIRECTORY_ID } },
  ])('reads back what was written: %p', (state) => {
    const disk = diskWith(null);
    new FileElectionStore(disk, '/logs').write(state);
    expect(new FileElectionStore(disk.afterPowerLoss(), '/logs').read()).toEqual(state);
  });

  test('reads the format of kraft.version 0', () => {
    const text =
      '{"clusterId":"","leaderId":1,"leaderEpoch":2,"votedId":4,"appliedOffset":0,"currentVoters":[{"voterId":1}],"data_version":0}';
    expect(new FileElectionStore(diskWith(text), '/logs').read()).toEqual({
      epoch: 2,
      leaderId: 1,
      votedKey: { id: 4, directoryId: UNKNOWN_DIRECTORY },
    });
  });

  test('is absent before the first start', () => {
    expect(new FileElectionStore(diskWith(null), '/logs').read()).toBeNull();
  });

  test.each([
    ['empty', ''],
    ['cut short', '{"leaderId":1,"leaderEpoch":2,'],
    ['no object', '[1]'],
    ['of an unknown version', '{"leaderId":1,"leaderEpoch":2,"votedId":-1,"data_version":2}'],
    ['without version', '{"leaderId":1,"leaderEpoch":2,"votedId":-1}'],
    ['without epoch', '{"leaderId":1,"votedId":-1,"data_version":1}'],
    ['of a fractional epoch', '{"leaderId":1,"leaderEpoch":2.5,"votedId":-1,"data_version":1}'],
    ['with a vote for an unnamed directory', '{"leaderId":-1,"leaderEpoch":2,"votedId":3,"data_version":1}'],
  ])('stops the node when it is %s', (_, text) => {
    expect(() => new FileElectionStore(diskWith(text), '/logs').read()).toThrow(QuorumStateError);
  });

  test('holds the old state or the new one, wherever the process dies or power is lost', () => {
    const before: ElectionState = { epoch: 1, leaderId: -1, votedKey: null };
    const after: ElectionState = { epoch: 2, leaderId: -1, votedKey: { id: 1, directoryId: DIRECTORY_ID } };
    let kills = 0;
    for (let calls = 0; ; calls++) {
      const disk = diskWith(null);
      new FileElectionStore(disk, '/logs').write(before);
      disk.killAfter(calls);
      const isDead = throwsKilled(() => new FileElectionStore(disk, '/logs').write(after));
      for (const survivor of [disk.afterKill(), disk.afterPowerLoss()]) {
        const found = new FileElectionStore(survivor, '/logs').read();
        expect(isDead ? [before, after] : [after]).toContainEqual(found);
      }
      if (!isDead) break;
      kills += 1;
    }
    expect(kills).toBeGreaterThan(4);
  });
});

function throwsKilled(run: () => void): boolean {
  try {
    run();
    return false;
  } catch (error) {
    if (error instanceof Killed) return true;
    throw error;
  }
}
