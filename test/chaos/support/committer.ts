/** Commits the offsets 0, 1, 2, ... of one group until its broker dies: the newest that was acked must never be lost. */
import { setTimeout as delay } from 'node:timers/promises';
import { ErrorCode } from '../../../wire/base/error-codes';
import { ExchangeError } from '../../../wire/client-connection';
import { ServerError } from '../../../wire/broker-link';
import type { ClusterClient } from '../../../wire/cluster-client';
import { withClient } from './client-env';

/** Newest versions that name topics by their names. */
const COMMIT_VERSION = 9;
const FETCH_VERSION = 7;
/** A refused client waits. */
const BACKOFF_MS = 20;

export class Committer {
  ackedOffset = -1;
  private sentOffset = -1;
  private isStopping = false;

  constructor(
    private readonly groupId: string,
    private readonly topic: string,
  ) {}

  /** What comes back resolves when the broker on `port` is gone, or after `stop`. */
  start(port: number): { readonly ended: Promise<void> } {
    this.isStopping = false;
    return { ended: this.run(port) };
  }

  private async run(port: number): Promise<void> {
    await withClient(port, async (client) => {
      try {
        while (!this.isStopping) await this.commit(client);
      } catch (error) {
        if (!(error instanceof ExchangeError)) throw error;
      }
    });
  }

  stop(): void {
    this.isStopping = true;
  }

  private async commit(client: ClusterClient): Promise<void> {
    const coordinator = await client.findCoordinator(this.groupId);
    const committedOffset = ++this.sentOffset;
    const partitions = [{ partitionIndex: 0, committedOffset, committedMetadata: '' }];
    const request = {
      groupId: this.groupId,
      generationIdOrMemberEpoch: -1,
      memberId: '',
      topics: [{ name: this.topic, partitions }],
    };
    const response = await client.ask(coordinator, 'OffsetCommit', request, { maxVersion: COMMIT_VERSION });
    if (response.topics[0]?.partitions[0]?.errorCode === ErrorCode.NONE) this.ackedOffset = committedOffset;
    else await delay(BACKOFF_MS);
  }

  /** What the broker on `port` holds now; -1 for nothing. The group's coordinator may still be loading. */
  async committed(port: number): Promise<number> {
    return withClient(port, async (client) => {
      for (;;) {
        const coordinator = await client.findCoordinator(this.groupId);
        const request = { groupId: this.groupId, topics: [{ name: this.topic, partitionIndexes: [0] }] };
        const response = await client.ask(coordinator, 'OffsetFetch', request, { maxVersion: FETCH_VERSION });
        const { errorCode } = response;
        if (errorCode === ErrorCode.NONE) return response.topics[0]?.partitions[0]?.committedOffset ?? -1;
        if (errorCode !== ErrorCode.COORDINATOR_LOAD_IN_PROGRESS && errorCode !== ErrorCode.NOT_COORDINATOR) {
          throw new ServerError(errorCode, `OffsetFetch ${this.groupId}`);
        }
      }
    });
  }
}
