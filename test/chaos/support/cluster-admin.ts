/** What an operator asks of a cluster and waits for, through the death of nodes. */
import { setTimeout as delay } from 'node:timers/promises';
import { ErrorCode } from '../../../wire/base/error-codes';
import { ServerError } from '../../../wire/broker-link';
import type { ClusterClient } from '../../../wire/cluster-client';
import { untilAnswered } from './cluster-clients';

const LOOK_MS = 20;
const TIMEOUT_MS = 30_000;
const QUORUM = [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }];

export class ClusterAdmin {
  constructor(
    private readonly client: ClusterClient,
    private readonly topic: string,
    private readonly partitions: number,
  ) {}

  /** Resolves when every partition has three replicas, all in sync, and a leader. */
  async untilInSync(): Promise<void> {
    const isInSync = async (): Promise<boolean> => {
      const partitions = await this.metadata();
      return partitions.length === this.partitions && partitions.every(({ isrNodes, leaderId }) => isrNodes.length === 3 && leaderId >= 0);
    };
    while (!(await isInSync())) await delay(LOOK_MS);
  }

  /** Asks for these replicas, a list for each partition; resolves when that is accepted, and not yet done. */
  async reassign(assignment: readonly (readonly number[])[]): Promise<void> {
    const partitions = assignment.map((replicas, partitionIndex) => ({ partitionIndex, replicas: [...replicas] }));
    const request = { timeoutMs: TIMEOUT_MS, topics: [{ name: this.topic, partitions }] };
    await untilAnswered(async () => {
      const { errorCode, responses } = await this.client.ask('any', 'AlterPartitionReassignments', request);
      const errors = [errorCode, ...responses.flatMap((topic) => topic.partitions.map((partition) => partition.errorCode))];
      const failed = errors.find((code) => code !== ErrorCode.NONE);
      if (failed !== undefined) throw new ServerError(failed, 'AlterPartitionReassignments');
    });
  }

  /** Resolves when nothing is being moved any more, and the partitions lie where they should. */
  async untilReassigned(assignment: readonly (readonly number[])[]): Promise<void> {
    const ongoing = async (): Promise<number> => {
      const { errorCode, topics } = await this.client.ask('any', 'ListPartitionReassignments', { timeoutMs: TIMEOUT_MS, topics: null });
      if (errorCode !== ErrorCode.NONE) throw new ServerError(errorCode, 'ListPartitionReassignments');
      return topics.length;
    };
    const isThere = async (): Promise<boolean> => {
      if ((await untilAnswered(ongoing)) > 0) return false;
      const partitions = await this.metadata();
      return assignment.every((replicas, index) => partitions[index]?.replicaNodes.join() === replicas.join());
    };
    while (!(await isThere())) await delay(LOOK_MS);
    await this.untilInSync();
  }

  /** Resolves when the quorum's voters are these directories, in any order. */
  async untilVoters(directoryIds: readonly string[]): Promise<void> {
    const voters = async (): Promise<readonly string[]> => {
      const { errorCode, topics } = await this.client.ask('any', 'DescribeQuorum', { topics: QUORUM });
      if (errorCode !== ErrorCode.NONE) throw new ServerError(errorCode, 'DescribeQuorum');
      return topics.flatMap((topic) => topic.partitions).flatMap(({ currentVoters }) => currentVoters.map((voter) => voter.replicaDirectoryId));
    };
    const wanted = directoryIds.toSorted().join();
    while ((await untilAnswered(voters)).toSorted().join() !== wanted) await delay(LOOK_MS);
  }

  private async metadata() {
    const request = { topics: [{ name: this.topic }], allowAutoTopicCreation: false };
    const { topics } = await untilAnswered(() => this.client.ask('any', 'Metadata', request));
    return (topics[0]?.partitions ?? []).toSorted((one, other) => one.partitionIndex - other.partitionIndex);
  }
}
