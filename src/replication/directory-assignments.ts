/**
 * Tells the controller in which directory a replica lies when it believes in another one: after a disk was replaced, or a
 * replica was moved. Until it knows, it elects nobody whose registered directory is not there. (KIP-858)
 *
 * Invariants: a replica waits with one assignment at most, the newest; one request is on its way at a time; what has failed
 * is told again until the controller or the metadata says that it is known, or that there is no such replica.
 */
import { MIGRATING_DIRECTORY, UNASSIGNED_DIRECTORY } from '../../controller/metadata/directory-id';
import { ErrorCode, errorName } from '../../wire/base/error-codes';
import type { Logger, TimerHandle, Timers } from '../../wire/base/env';
import { isPeerFailure, type PeerFailure } from '../../wire/peer-link';
import type { AssignReplicasToDirsRequest, AssignReplicasToDirsResponse } from '../../wire/schema/replica';
import type { ControllerChannel } from '../controller-channel';

export interface DirectoryAssignmentsParts {
  readonly timers: Timers;
  readonly logger: Logger;
  readonly channel: ControllerChannel;
  readonly brokerId: number;
  /** Of this broker's registration; -1 before it. */
  brokerEpoch(): number;
  /** The controller cannot know by itself where a replica lies: should that directory fail, it has to. Default: false. */
  readonly hasSeveralDirectories?: boolean;
}

interface Assignment {
  readonly topicId: string;
  readonly partition: number;
  readonly directoryId: string;
}

const RETRY_MS = 500;
const REQUEST_TIMEOUT_MS = 30_000;
/** As many as Kafka puts into one request. */
const MAX_ASSIGNMENTS = 2_000;

/** There is nothing to be told about such a replica any more. */
const FINAL: ReadonlySet<number> = new Set([
  ErrorCode.NONE,
  ErrorCode.UNKNOWN_TOPIC_ID,
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
]);

export class DirectoryAssignments {
  private readonly waiting = new Map<string, Assignment>();
  private isBusy = false;
  private isClosed = false;
  private retryTimer: TimerHandle | null = null;

  constructor(private readonly parts: DirectoryAssignmentsParts) {}

  /**
   * The metadata says `registered` of a replica that lies in `directoryId`. A broker with one directory is not asked which
   * it takes, so that what is unassigned stays so.
   */
  placed(topicId: string, partition: number, registered: string, directoryId: string): void {
    const key = `${topicId}-${partition}`;
    const isOpen = registered === UNASSIGNED_DIRECTORY || registered === MIGRATING_DIRECTORY;
    if ((isOpen && this.parts.hasSeveralDirectories !== true) || registered === directoryId) {
      this.waiting.delete(key);
      return;
    }
    this.waiting.set(key, { topicId, partition, directoryId });
    this.sendSoon();
  }

  close(): void {
    this.isClosed = true;
    this.retryTimer?.cancel();
    this.waiting.clear();
  }

  private sendSoon(): void {
    if (this.isBusy || this.waiting.size === 0) return;
    this.isBusy = true;
    this.parts.timers.soon(() => this.send());
  }

  private send(): void {
    if (this.isClosed) return;
    const sent = [...this.waiting.values()].slice(0, MAX_ASSIGNMENTS);
    this.isBusy = sent.length > 0;
    if (!this.isBusy) return;
    const brokerEpoch = this.parts.brokerEpoch();
    if (brokerEpoch < 0) return this.retryLater();
    const request = requestOf(this.parts.brokerId, brokerEpoch, sent);
    this.parts.channel.call('AssignReplicasToDirs', request, REQUEST_TIMEOUT_MS, (result) => this.answered(sent, result));
  }

  private answered(sent: readonly Assignment[], result: AssignReplicasToDirsResponse | PeerFailure): void {
    if (this.isClosed) return;
    const why = isPeerFailure(result) ? result.message : errorName(result.errorCode);
    if (isPeerFailure(result) || result.errorCode !== ErrorCode.NONE) {
      this.parts.logger.warn(`directories of replicas not told: ${why}`);
      return this.retryLater();
    }
    const isFinal = new Set(finalIn(result));
    for (const assignment of sent) {
      const key = `${assignment.topicId}-${assignment.partition}`;
      if (isFinal.has(key) && this.waiting.get(key) === assignment) this.waiting.delete(key);
    }
    // What was refused for now is told again with the rest.
    if (this.waiting.size > 0) return this.retryLater();
    this.isBusy = false;
  }

  private retryLater(): void {
    this.retryTimer = this.parts.timers.set(RETRY_MS, () => this.send());
  }
}

function* finalIn({ directories }: AssignReplicasToDirsResponse): Generator<string> {
  for (const { topicId, partitions } of directories.flatMap(({ topics }) => topics)) {
    for (const { partitionIndex, errorCode } of partitions) if (FINAL.has(errorCode)) yield `${topicId}-${partitionIndex}`;
  }
}

function requestOf(brokerId: number, brokerEpoch: number, assignments: readonly Assignment[]): AssignReplicasToDirsRequest {
  const directories = new Map<string, AssignReplicasToDirsRequest['directories'][number]>();
  for (const { topicId, partition, directoryId } of assignments) {
    const directory = directories.get(directoryId) ?? { id: directoryId, topics: [] };
    directories.set(directoryId, directory);
    const known = directory.topics.find((topic) => topic.topicId === topicId);
    const topic = known ?? { topicId, partitions: [] };
    if (known === undefined) directory.topics.push(topic);
    topic.partitions.push({ partitionIndex: partition });
  }
  return { brokerId, brokerEpoch, directories: [...directories.values()] };
}
