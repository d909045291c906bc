/** A group that commits where its readers are, through whoever coordinates it now; and the look at its offsets in the end. */

import { ErrorCode, isRetriable } from '../../../../wire/base/error-codes';
import { describe, NO_ANSWER } from '../broker/sim-client';
import type { AdminParts } from './cluster-admin';
import { findCoordinator, GROUP } from './cluster-admin';
import { partitionKey } from './cluster-ghost';

const RETRY_MS = 50;

export class GroupCommitter {
  private coordinator: number | null = null;

  constructor(private readonly parts: AdminParts) {}

  /** One attempt. */
  async commit(topic: string, partition: number, offset: number): Promise<void> {
    const { client, ghost, count } = this.parts;
    const node = await this.find();
    if (node === null) return client.pause(RETRY_MS);
    const key = partitionKey(topic, partition);
    ghost.committing(key, offset);
    const response = await client.ask(node, 'OffsetCommit', 8, {
      groupId: GROUP,
      memberId: '',
      topics: [{ name: topic, partitions: [{ partitionIndex: partition, committedOffset: offset, committedMetadata: null }] }],
    });
    const code = response === NO_ANSWER ? null : (response.topics[0]?.partitions[0]?.errorCode ?? ErrorCode.NONE);
    if (code === ErrorCode.NONE) {
      ghost.commitAcked(key, offset);
      return count('commit');
    }
    this.coordinator = null;
    if (code === null) return;
    if (!isRetriable(code)) ghost.violate(`OffsetCommit of ${key} gave ${describe(code)}`);
    // A coordinator that ceases to be one may have written it all the same.
    count('commit refused');
  }

  /** Reads the group's offset of a partition, for as long as it takes, and checks it. */
  async check(topic: string, partition: number): Promise<void> {
    const { client, ghost } = this.parts;
    const request = { groups: [{ groupId: GROUP, topics: [{ name: topic, partitionIndexes: [partition] }] }] };
    for (;;) {
      const node = await this.find();
      const response = node === null ? NO_ANSWER : await client.ask(node, 'OffsetFetch', 8, request);
      const group = response === NO_ANSWER ? undefined : response.groups[0];
      if (group?.errorCode === ErrorCode.NONE) {
        const answer = group.topics[0]?.partitions[0];
        if (answer === undefined) this.parts.ghost.violate('an OffsetFetch response without its partition');
        return ghost.checkCommitted(partitionKey(topic, partition), answer.committedOffset);
      }
      if (group !== undefined && !isRetriable(group.errorCode)) ghost.violate(`OffsetFetch gave ${describe(group.errorCode)}`);
      this.coordinator = null;
      await client.pause(RETRY_MS);
    }
  }

  private async find(): Promise<number | null> {
    this.coordinator ??= await findCoordinator(this.parts);
    return this.coordinator;
  }
}
