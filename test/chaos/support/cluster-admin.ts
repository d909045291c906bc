/** What an operator asks of a cluster and waits for, through the death of nodes. */
import { ErrorCode } from '../../../wire/base/error-codes';
import { ServerError } from '../../../wire/broker-link';
import type { ClusterClient } from '../../../wire/cluster-client';
import { until } from '../../support/until';
import { untilAnswered } from './cluster-clients';

const PATIENCE_MS = 120_000;
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
    let seen = '';
    const isInSync = async (): Promise<boolean> => {
      const partitions = await this.metadata();
      seen = partitions.map(({ leaderId, isrNodes }) => `${leaderId} leads ${isrNodes.join()}`).join('; ');
      return partitions.length === this.partitions && partitions.every(({ isrNodes, leaderId }) => isrNodes.length === 3 && leaderId >= 0);
    };
    await until('every replica is in sync', isInSync, { timeoutMs: PATIENCE_MS, instead: () => seen });
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
    await until(`the partitions lie on ${assignment.join('; ')}`, isThere, { timeoutMs: PATIENCE_MS });
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
    const areVoters = async (): Promise<boolean> => (await untilAnswered(voters)).toSorted().join() === wanted;
    await until(`the voters are ${wanted}`, areVoters, { timeoutMs: PATIENCE_MS });
  }

  private async metadata() {
    const request = { topics: [{ name: this.topic }], allowAutoTopicCreation: false };
    const { topics } = await untilAnswered(() => this.client.ask('any', 'Metadata', request));
    return (topics[0]?.partitions ?? []).toSorted((one, other) => one.partitionIndex - other.partitionIndex);
  }
}
