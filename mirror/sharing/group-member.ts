/**
 * One process's part in a flow's group: the classic protocol (KIP-62) with a protocol type of our own, eager. Before a
 * process joins again it has stopped sending and stored its positions, so that whoever gets a partition next finds them.
 *
 * Invariants: `assigned` and `revoke` come in turns; after `lost` nothing is this process's any more, which also happens by
 * itself when the coordinator has not confirmed the membership for a whole session: by then others may have taken over.
 */
import { ErrorCode, errorName } from '../../wire/base/error-codes';
import type { Logger, TimerHandle } from '../../wire/base/env';
import { ServerError } from '../../wire/broker-link';
import type { ClientEnv } from '../../wire/client-connection';
import { ExchangeError } from '../../wire/client-connection';
import type { ResponseOf } from '../../wire/exchange';
import type { GroupClient } from './group-client';
import type { Membership } from './positions';

export interface SharingSettings {
  /** session.timeout.ms: how long a process may be silent before others take over. */
  readonly sessionTimeoutMs: number;
  /** heartbeat.interval.ms */
  readonly heartbeatMs: number;
  /** How long others wait for this process to let go. */
  readonly rebalanceTimeoutMs: number;
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
}

export const DEFAULT_SHARING_SETTINGS: SharingSettings = {
  sessionTimeoutMs: 10_000,
  heartbeatMs: 2_000,
  rebalanceTimeoutMs: 30_000,
  backoffMs: 100,
  maxBackoffMs: 2_000,
};

export interface GroupEvents {
  /** What this process has, for whoever assigns. */
  metadata(): Uint8Array;
  /** This process leads: what each member gets. */
  assign(members: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array>;
  assigned(assignment: Uint8Array, isLeader: boolean): Promise<void>;
  /** Stops sending and stores positions; the partitions may stay this process's. */
  revoke(): Promise<void>;
  /** Ends with every partition at once. */
  lost(): void;
}

export interface GroupMemberParts {
  readonly env: ClientEnv & { readonly clock: { monotonicMs(): number } };
  readonly logger: Logger;
  readonly client: GroupClient;
  readonly settings: SharingSettings;
  readonly events: GroupEvents;
}

const PROTOCOL_TYPE = 'moldau-mirror';
const PROTOCOL = 'sticky';
/** Failures in a row before people are told: that nobody answers, and that somebody refuses, as each new group is at first. */
const SILENCES_TOLD = 2;
const REFUSALS_TOLD = 5;
/** On top of what the broker is asked to wait. */
const SLACK_MS = 5_000;

export class GroupMember {
  private memberId = '';
  private generationId = -1;
  /** The group has told what is this process's, and has not asked for it back. */
  private isAssigned = false;
  private wantsRejoin = false;
  private confirmedMs = -Infinity;
  private watch: TimerHandle | null = null;
  private failures = 0;
  private isTold = false;
  private isClosed = false;
  private running: Promise<void> | null = null;
  private sleeping: { readonly timer: TimerHandle; readonly wake: () => void } | null = null;

  constructor(private readonly parts: GroupMemberParts) {}

  /** Who stores positions; null while this process has nothing. */
  get membership(): Membership | null {
    return this.generationId < 0 ? null : { memberId: this.memberId, generationId: this.generationId };
  }

  start(): void {
    this.running = this.run();
  }

  /** Asks for a new assignment. */
  rejoin(): void {
    this.wantsRejoin = true;
    this.wake();
  }

  /**
   * The coordinator has refused something in the name of this member. While it joins again that says nothing: its former
   * generation has ended as it should, and whether it is still a member the answer to its JoinGroup tells.
   */
  fenced({ generationId }: Membership): void {
    if (!this.isAssigned || generationId !== this.generationId) return;
    this.loseAll('the group goes on without this process');
    this.wake();
  }

  /** Lets go of everything and leaves, so that others go on at once. Rejects never. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.wake();
    await this.running;
    this.watch?.cancel();
    const { memberId } = this;
    if (memberId === '') return;
    const { groupId } = this.parts.client;
    await this.quietly(() =>
      this.parts.client.ask('LeaveGroup', (version) =>
        version >= 3 ? { groupId, members: [{ memberId }] } : { groupId, memberId },
      ),
    );
  }

  private now(): number {
    return this.parts.env.clock.monotonicMs();
  }

  private async run(): Promise<void> {
    while (!this.isClosed) {
      try {
        await this.round();
        this.tellSuccess();
      } catch (error) {
        if (!isPassing(error)) throw error;
        this.tellFailure(error);
        if (error instanceof ServerError) this.parts.client.noteError(error.errorCode);
        const { backoffMs, maxBackoffMs } = this.parts.settings;
        await this.sleep(Math.min(maxBackoffMs, backoffMs * 2 ** Math.min(this.failures++, 10)));
      }
    }
    if (this.isAssigned) await this.letGo();
  }

  /** What passes by itself is no trouble; what does not is told once. */
  private tellFailure(error: ServerError | ExchangeError): void {
    const { logger, client } = this.parts;
    if (this.isTold) return logger.debug(`group ${client.groupId}: ${error.message}`);
    this.isTold = this.failures + 1 >= (error instanceof ExchangeError ? SILENCES_TOLD : REFUSALS_TOLD);
    if (!this.isTold) return logger.info(`group ${client.groupId}: ${error.message}`);
    const effect = this.isAssigned ? 'its partitions soon go to others' : 'it copies nothing';
    logger.warn(`this process cannot take part in group ${client.groupId}, and ${effect}: ${error.message}; trying on`);
  }

  private tellSuccess(): void {
    if (this.isTold) this.parts.logger.info(`this process takes part in group ${this.parts.client.groupId} again`);
    this.isTold = false;
    this.failures = 0;
  }

  /** Heartbeats, or a way back into the group. */
  private async round(): Promise<void> {
    if (!this.isAssigned) return this.join();
    await this.sleep(this.parts.settings.heartbeatMs);
    if (this.isClosed || !this.isAssigned) return;
    if (this.wantsRejoin || !(await this.heartbeat())) await this.letGo();
  }

  private async letGo(): Promise<void> {
    await this.parts.events.revoke();
    this.isAssigned = false;
  }

  /** False when the group asks to join again. */
  private async heartbeat(): Promise<boolean> {
    const { memberId, generationId } = this;
    const { groupId } = this.parts.client;
    const request = { groupId, memberId, generationId };
    // A coordinator that does not answer must not keep this process from noticing that its session is over.
    const timeoutMs = Math.max(1_000, this.parts.settings.sessionTimeoutMs / 2);
    const { errorCode } = await this.parts.client.ask('Heartbeat', request, { timeoutMs });
    if (errorCode === ErrorCode.NONE) {
      this.confirmed();
      return true;
    }
    if (errorCode === ErrorCode.REBALANCE_IN_PROGRESS) return false;
    this.throwIfUnknown(errorCode);
    throw new ServerError(errorCode, 'Heartbeat');
  }

  private async join(): Promise<void> {
    this.wantsRejoin = false;
    const joined = await this.joinRequest(this.memberId);
    if (joined.errorCode === ErrorCode.MEMBER_ID_REQUIRED) {
      this.memberId = joined.memberId;
      return;
    }
    this.throwIfUnknown(joined.errorCode);
    if (joined.errorCode !== ErrorCode.NONE) throw new ServerError(joined.errorCode, 'JoinGroup');
    this.memberId = joined.memberId;
    this.generationId = joined.generationId;
    this.confirmed();
    const isLeader = joined.leader === joined.memberId;
    const assignment = await this.sync(joined, isLeader);
    if (assignment === null) return;
    this.confirmed();
    await this.parts.events.assigned(assignment, isLeader);
    // What has fenced this process meanwhile has taken everything from it again.
    this.isAssigned = this.generationId === joined.generationId;
  }

  private joinRequest(memberId: string): Promise<ResponseOf<'JoinGroup'>> {
    const { client, settings, events } = this.parts;
    const { sessionTimeoutMs, rebalanceTimeoutMs } = settings;
    const protocols = [{ name: PROTOCOL, metadata: events.metadata() }];
    const { groupId } = client;
    const request = { groupId, sessionTimeoutMs, rebalanceTimeoutMs, memberId, protocolType: PROTOCOL_TYPE, protocols };
    return client.ask('JoinGroup', request, { timeoutMs: rebalanceTimeoutMs + SLACK_MS });
  }

  /** null when the group has begun another round. */
  private async sync(joined: ResponseOf<'JoinGroup'>, isLeader: boolean): Promise<Uint8Array | null> {
    const { client, settings, events } = this.parts;
    const members = new Map(joined.members.map(({ memberId, metadata }) => [memberId, metadata]));
    const assigned = isLeader ? events.assign(members) : new Map<string, Uint8Array>();
    const assignments = Array.from(assigned, ([memberId, assignment]) => ({ memberId, assignment }));
    const { memberId, generationId } = joined;
    const names = { protocolType: PROTOCOL_TYPE, protocolName: PROTOCOL };
    const request = { groupId: client.groupId, generationId, memberId, ...names, assignments };
    const synced = await client.ask('SyncGroup', request, { timeoutMs: settings.rebalanceTimeoutMs + SLACK_MS });
    if (synced.errorCode === ErrorCode.REBALANCE_IN_PROGRESS) return null;
    this.throwIfUnknown(synced.errorCode);
    if (synced.errorCode !== ErrorCode.NONE) throw new ServerError(synced.errorCode, 'SyncGroup');
    return synced.assignment.slice();
  }

  /** A member that the group does not know begins anew, and has nothing. */
  private throwIfUnknown(errorCode: number): void {
    if (!UNKNOWN.has(errorCode)) return;
    if (errorCode !== ErrorCode.ILLEGAL_GENERATION) this.memberId = '';
    this.loseAll(errorName(errorCode));
    throw new ServerError(errorCode, 'this process was taken out of the group');
  }

  private confirmed(): void {
    this.confirmedMs = this.now();
    this.watch?.cancel();
    this.watch = this.parts.env.timers.set(this.parts.settings.sessionTimeoutMs, () => this.loseIfAssigned());
  }

  /** While it is not assigned, this process sends nothing: what it has may stay its own. */
  private loseIfAssigned(): void {
    if (!this.isAssigned) return;
    this.loseAll(`nothing was heard of the coordinator for ${Math.round(this.now() - this.confirmedMs)} ms`);
    this.wake();
  }

  private loseAll(why: string): void {
    if (this.generationId < 0) return;
    this.parts.logger.warn(`group ${this.parts.client.groupId}: everything is given up: ${why}`);
    this.generationId = -1;
    this.isAssigned = false;
    this.parts.events.lost();
  }

  private async quietly(run: () => Promise<unknown>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!isPassing(error)) throw error;
      this.parts.logger.info(`group ${this.parts.client.groupId} was not left: ${error.message}`);
    }
  }

  private sleep(ms: number): Promise<void> {
    if (this.isClosed || (this.wantsRejoin && this.isAssigned)) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.sleeping?.timer.cancel();
        this.sleeping = null;
        resolve();
      };
      this.sleeping = { timer: this.parts.env.timers.set(ms, wake), wake };
    });
  }

  private wake(): void {
    this.sleeping?.wake();
  }
}

const UNKNOWN: ReadonlySet<number> = new Set([
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.FENCED_INSTANCE_ID,
]);

function isPassing(error: unknown): error is ServerError | ExchangeError {
  return error instanceof ServerError || error instanceof ExchangeError;
}
