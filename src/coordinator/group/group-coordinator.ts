/**
 * The group coordinator of a broker: one method per API, each with the decoded request and a callback for the response body.
 *
 * A request goes to the shard of its group's partition of `__consumer_offsets`; which partitions are led here it is told by
 * `elected` and `resigned`. Callbacks are called once, in this turn or when the answer has committed.
 */

import type { BaseEnv } from '../../../wire/base/env';
import { ErrorCode } from '../../../wire/base/error-codes';
import type {
  OffsetCommitRequest,
  OffsetCommitResponse,
  OffsetDeleteRequest,
  OffsetDeleteResponse,
  OffsetFetchRequest,
  OffsetFetchResponse,
} from '../../../wire/schema/committed-offsets';
import type {
  HeartbeatRequest,
  HeartbeatResponse,
  JoinGroupRequest,
  JoinGroupResponse,
  LeaveGroupRequest,
  LeaveGroupResponse,
  SyncGroupRequest,
  SyncGroupResponse,
} from '../../../wire/schema/group';
import type {
  DeleteGroupsRequest,
  DeleteGroupsResponse,
  DescribeGroupsRequest,
  DescribeGroupsResponse,
  ListGroupsRequest,
  ListGroupsResponse,
} from '../../../wire/schema/group-admin';
import type { TxnOffsetCommitRequest, TxnOffsetCommitResponse } from '../../../wire/schema/transaction';
import type { CoordinatorLog } from '../coordinator-log';
import type { TransactionMarker } from '../coordinator-shard';
import { CoordinatorRuntime } from '../runtime';
import type { ShardState } from '../shard-machine';
import type { CallContext, Respond, TopicLookup } from './coordinator-ports';
import { deleteGroups, describeGroups, listGroups } from './group-admin-api';
import type { Group } from './group';
import type { GroupConfig } from './group-config';
import type { OffsetTable } from './offset-table';
import { GroupCore, type GroupCoreOptions } from './group-core';
import { GroupRecordCodec, type OtherRecordSchema } from './group-record-codec';
import type { DeletedTopic } from './group-requests';
import { type GroupRuntime, submit } from './group-runtime';
import { javaUuids } from './java-uuid';
import { heartbeat, joinGroup, leaveGroup, syncGroup } from './membership-api';
import { commitOffsets, commitTransactionalOffsets, deleteOffsets } from './offset-commit-api';
import { fetchOffsets } from './offset-fetch-api';

export type CoordinatorEnv = Pick<BaseEnv, 'clock' | 'timers' | 'crc32c' | 'logger' | 'random'>;

/** Groups of other types: their part in the machine, and the schemas of their records by type. */
export interface CoordinatorExtras extends Pick<GroupCoreOptions, 'others' | 'replayOther' | 'admitsNewState'> {
  readonly schemas?: ReadonlyMap<number, OtherRecordSchema>;
}

export interface GroupCounts {
  readonly groups: ReadonlyMap<string, number>;
  readonly offsets: number;
}

export class GroupCoordinator {
  private readonly runtime: GroupRuntime;
  /** The machine of each partition led here. */
  private readonly cores = new Map<number, GroupCore>();

  constructor(
    private readonly env: CoordinatorEnv,
    private readonly config: GroupConfig,
    private readonly topics: TopicLookup,
    extras: CoordinatorExtras = {},
  ) {
    const newUuid = javaUuids(env.random('group-member-id'));
    const { schemas, ...coreOptions } = extras;
    const runtimeConfig = {
      writeTimeoutMs: config.offsetsCommitTimeoutMs,
      appendLingerMs: config.groupCoordinatorAppendLingerMs,
      loadBufferBytes: config.offsetsLoadBufferSize,
      compression: config.offsetsTopicCompressionCodec,
    };
    this.runtime = new CoordinatorRuntime(env, runtimeConfig, new GroupRecordCodec(schemas), (partition) => {
      const core = new GroupCore({ config, newUuid, ...coreOptions });
      this.cores.set(partition, core);
      return core;
    });
  }

  /** Serves from here on; `partitions` is the number of partitions of `__consumer_offsets`. */
  start(partitions: number): void {
    this.runtime.start(partitions);
  }

  stop(): void {
    this.runtime.stop();
    this.cores.clear();
  }

  /** The partition of `__consumer_offsets` whose leader coordinates this group. */
  partitionOf(groupId: string): number {
    return this.runtime.partitionOf(groupId);
  }

  stateOf(partition: number): ShardState {
    return this.runtime.stateOf(partition);
  }

  elected(partition: number, leaderEpoch: number, log: CoordinatorLog): void {
    this.runtime.elected(partition, leaderEpoch, log);
  }

  /** `leaderEpoch` null: the partition was deleted. */
  resigned(partition: number, leaderEpoch: number | null): void {
    this.runtime.resigned(partition, leaderEpoch);
    if (!this.runtime.partitionsLed.includes(partition)) this.cores.delete(partition);
  }

  /** How many groups are in which state, by type and state as `classic Stable`, and how many offsets they have. */
  counts(): GroupCounts {
    const groups = new Map<string, number>();
    let offsets = 0;
    for (const [partition, core] of this.cores) {
      if (this.runtime.stateOf(partition) !== 'ACTIVE') continue;
      offsets += core.offsets.committed.size;
      for (const { type, stateName } of core.groups.all()) {
        const key = `${type} ${stateName}`;
        groups.set(key, (groups.get(key) ?? 0) + 1);
      }
    }
    return { groups, offsets };
  }

  /** Of each partition led here that is loaded: its groups, and all offsets they have committed. For who only reads. */
  *active(): Iterable<{ readonly groups: Iterable<Group>; readonly committed: OffsetTable }> {
    for (const [partition, { groups, offsets }] of this.cores) {
      if (this.runtime.stateOf(partition) === 'ACTIVE') yield { groups: groups.all(), committed: offsets.committed };
    }
  }

  /** WriteTxnMarkers on a partition of `__consumer_offsets`; `done` hears NONE once the marker has committed. */
  completeTransaction(partition: number, marker: TransactionMarker, done: (errorCode: number) => void): void {
    this.runtime.completeTransaction(partition, marker, done);
  }

  /** The cluster has these topics no more: offsets that were committed for them go. */
  topicsDeleted(topics: readonly DeletedTopic[]): void {
    for (const partition of this.runtime.partitionsLed) {
      submit(
        this.runtime,
        partition,
        { kind: 'topicsDeleted', topics },
        (removed) => {
          if (removed > 0) this.env.logger.info('Offsets of deleted topics are removed', { partition, removed });
        },
        (errorCode) => {
          // What stays expires with its group.
          if (errorCode === ErrorCode.NOT_COORDINATOR) return;
          this.env.logger.warn('Offsets of deleted topics could not be removed', { partition, errorCode });
        },
      );
    }
  }

  joinGroup(context: CallContext, request: JoinGroupRequest, respond: Respond<JoinGroupResponse>): void {
    joinGroup(this.runtime, this.config, context, request, respond);
  }

  syncGroup(context: CallContext, request: SyncGroupRequest, respond: Respond<SyncGroupResponse>): void {
    syncGroup(this.runtime, context, request, respond);
  }

  heartbeat(context: CallContext, request: HeartbeatRequest, respond: Respond<HeartbeatResponse>): void {
    heartbeat(this.runtime, context, request, respond);
  }

  leaveGroup(context: CallContext, request: LeaveGroupRequest, respond: Respond<LeaveGroupResponse>): void {
    leaveGroup(this.runtime, context, request, respond);
  }

  commitOffsets(context: CallContext, request: OffsetCommitRequest, respond: Respond<OffsetCommitResponse>): void {
    commitOffsets(this.runtime, this.topics, context, request, respond);
  }

  commitTransactionalOffsets(
    context: CallContext,
    request: TxnOffsetCommitRequest,
    verificationGuard: unknown,
    respond: Respond<TxnOffsetCommitResponse>,
  ): void {
    commitTransactionalOffsets(this.runtime, this.topics, context, request, verificationGuard, respond);
  }

  fetchOffsets(context: CallContext, request: OffsetFetchRequest, respond: Respond<OffsetFetchResponse>): void {
    fetchOffsets(this.runtime, this.topics, context, request, respond);
  }

  deleteOffsets(context: CallContext, request: OffsetDeleteRequest, respond: Respond<OffsetDeleteResponse>): void {
    deleteOffsets(this.runtime, this.topics, context, request, respond);
  }

  listGroups(context: CallContext, request: ListGroupsRequest, respond: Respond<ListGroupsResponse>): void {
    listGroups(this.runtime, context, request, respond);
  }

  describeGroups(context: CallContext, request: DescribeGroupsRequest, respond: Respond<DescribeGroupsResponse>): void {
    describeGroups(this.runtime, context, request, respond);
  }

  deleteGroups(context: CallContext, request: DeleteGroupsRequest, respond: Respond<DeleteGroupsResponse>): void {
    deleteGroups(this.runtime, context, request, respond);
  }
}
