import type { CreateTopicsResponse } from '../../wire/schema/topic';
import { Killed, MemoryDisk } from './support/memory-disk';
import { MemoryRaftLog } from './support/memory-raft-log';
import { contentOf } from './support/metadata-samples';
import { CONTEXT, incarnation, registration, topicsRequest } from './support/test-controls';
import { TestNode } from './support/test-node';

const OPTIONS = { maxBytesBetweenSnapshots: 250, retentionBytes: 1_500 };

/** Everything that somebody was told. */
interface Told {
  readonly topics: string[];
}

/** Formats, starts, registers, creates topics, snapshots and cleans, until the disk dies under it or all is done. */
function live(disk: MemoryDisk, log: MemoryRaftLog, life: number, told: Told): 'died' | 'done' {
  try {
    const node = new TestNode(disk, log, OPTIONS).start();
    const request = registration(1, { incarnationId: incarnation(1, life) });
    node.controller.registerBroker(request, ({ brokerEpoch }) => {
      const beat = {
        brokerId: 1,
        brokerEpoch,
        currentMetadataOffset: brokerEpoch + 9,
        wantFence: false,
        wantShutDown: false,
      };
      node.controller.heartbeat({ ...beat, offlineLogDirs: [], cordonedLogDirs: null }, null, () => undefined);
    });
    node.settle();
    for (let i = 0; i < 8; i++) {
      const name = `topic-${life}-${i}`;
      const answer = (response: CreateTopicsResponse): void => {
        if (response.topics[0]?.errorCode === 0) told.topics.push(name);
      };
      node.controller.createTopics(topicsRequest([{ name, replicationFactor: 1 }]), CONTEXT, answer);
      node.settle();
    }
    node.clock.advance(61_000);
    node.settle();
    if (disk.isDead) return 'died';
    expect(node.failures).toEqual([]);
    node.stop();
    return 'done';
  } catch (error) {
    if (error instanceof Killed) return 'died';
    throw error;
  }
}

describe.each(['afterKill', 'afterPowerLoss'] as const)('%s of the disk before any call', (how) => {
  test('the next process finds all that anybody was told, and goes on', () => {
    let deaths = 0;
    for (let calls = 0; ; calls++) {
      const told: Told = { topics: [] };
      const disk = new MemoryDisk();
      const log = new MemoryRaftLog();
      disk.killAfter(calls);
      const end = live(disk, log, 1, told);
      const [nextDisk, nextLog] = [disk[how](), log[how]()];
      const second = new TestNode(nextDisk, nextLog, OPTIONS).start();
      expect(second.failures).toEqual([]);
      expect(second.controller.isActive).toBe(true);
      const names = [...second.loader.image.topics.all()].map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(told.topics));
      second.stop();
      const third = new TestNode(nextDisk[how](), nextLog[how](), OPTIONS).start();
      expect(contentOf(third.loader.image)).toEqual(contentOf(second.loader.image));
      if (end === 'done') break;
      deaths += 1;
    }
    expect(deaths).toBeGreaterThan(90);
  });
});
