/**
 * One direction between two clusters, in one of the processes that share it: the engine that copies, the group that says
 * what this process copies, and the parts that go along (topics, offset syncs, checkpoints, heartbeats).
 *
 * The process that leads the group discovers topics and does what must be done once. Everything else each process does for
 * what it copies. Invariant: nothing is sent for a partition that the group has not given to this process.
 */
import type { TimerHandle } from '../../wire/base/env';
import { ServerError } from '../../wire/broker-link';
import { ExchangeError } from '../../wire/client-connection';
import { ClusterClient } from '../../wire/cluster-client';
import { type CommittedOffset, committedOffsets } from '../../wire/group-admin';
import { CopyEngine } from '../copy/copy-engine';
import type { EngineEnv } from '../copy/engine-parts';
import { DEFAULT_COPY_SETTINGS, type CopySettings } from '../copy/copy-settings';
import { keyOf, nameOf } from '../copy/lane';
import { OrdinaryWriter, type PositionBook } from '../copy/ordinary-writer';
import type { PartitionWriter } from '../copy/partition-writer';
import { GroupClient } from '../sharing/group-client';
import { DEFAULT_SHARING_SETTINGS, GroupMember, type SharingSettings } from '../sharing/group-member';
import { readMm2Positions } from '../sharing/mm2-positions';
import { Positions } from '../sharing/positions';
import { decodePartitions, encodePartitions } from '../sharing/sharing-formats';
import { stickyAssignment } from '../sharing/sticky-assignment-core';
import type { FlowContext, FlowPart, TopicDiscovery } from './flow-part';
import type { CopyEvents, FlowPartition, Trouble } from './flow-partition';
import { FlowCounters } from './flow-counters';
import type { ClusterSettings, FlowSettings } from './settings';

export interface FlowTuning {
  readonly copy: CopySettings;
  readonly sharing: SharingSettings;
  /** offset.flush.interval.ms: between two times that positions are stored. */
  readonly storeIntervalMs: number;
}

export const DEFAULT_FLOW_TUNING: FlowTuning = {
  copy: DEFAULT_COPY_SETTINGS,
  sharing: DEFAULT_SHARING_SETTINGS,
  storeIntervalMs: 5_000,
};

/** What goes along with the copying of one flow. */
export interface FlowEquipment {
  readonly discovery: TopicDiscovery;
  readonly parts: readonly FlowPart[];
  /** For a mode that is not the ordinary one; null: the ordinary one. */
  readonly writerOf: ((partition: FlowPartition, positions: PositionBook) => PartitionWriter) | null;
}

export type FlowEquipper = (context: FlowContext) => FlowEquipment;

const PAUSE_TIMEOUT_MS = 10_000;
const RETRY_MS = 5_000;

export class Flow {
  readonly counters = new FlowCounters();
  private readonly context: FlowContext;
  private readonly groupClient: ClusterClient;
  private readonly member: GroupMember;
  private readonly positions: Positions;
  private readonly engine: CopyEngine;
  private readonly discovery: TopicDiscovery;
  private readonly parts: readonly FlowPart[];
  /** What the flow copies, as far as this process knows; null before it has found out. */
  private discovered: readonly FlowPartition[] | null = null;
  private isLeader = false;
  private isDiscovering = false;
  private isStopped = false;
  private storeTimer: TimerHandle | null = null;
  private discoverTimer: TimerHandle | null = null;
  private producerId: Promise<number> | null = null;
  private mm2: Promise<ReadonlyMap<string, number>> | null = null;
  private group: Promise<readonly CommittedOffset[]> | null = null;

  constructor(
    private readonly env: EngineEnv,
    private readonly settings: FlowSettings,
    equip: FlowEquipper,
    private readonly tuning: FlowTuning = DEFAULT_FLOW_TUNING,
  ) {
    const name = `${settings.source.alias}->${settings.target.alias}`;
    const logger = env.logger.child(name);
    const source = this.client(settings.source);
    const target = this.client(settings.target);
    this.groupClient = this.client(settings.target);
    this.context = { env, logger, settings, source, target };
    const groupClient = new GroupClient(this.groupClient, flowGroupId(settings));
    this.positions = new Positions({
      client: groupClient,
      membership: () => this.member.membership,
      fenced: (membership) => this.member.fenced(membership),
    });
    this.member = new GroupMember({
      env,
      logger,
      client: groupClient,
      settings: tuning.sharing,
      events: this.groupEvents(),
    });
    const { discovery, parts, writerOf } = equip(this.context);
    this.parts = parts;
    this.discovery = discovery;
    this.engine = new CopyEngine({
      env,
      logger,
      settings: tuning.copy,
      clientId: settings.source.clientId,
      source,
      target,
      events: this.copyEvents(),
      writerOf: (partition) => writerOf?.(partition, this.positions) ?? this.ordinaryWriter(partition),
    });
  }

  start(): void {
    this.member.start();
    this.storeLater();
  }

  /** Stops sending, stores positions, leaves the group. Nothing is left open afterwards. */
  async stop(): Promise<void> {
    if (this.isStopped) return;
    this.isStopped = true;
    this.storeTimer?.cancel();
    this.discoverTimer?.cancel();
    await this.member.close();
    for (const part of this.parts) part.close();
    this.engine.close();
    for (const client of [this.context.source, this.context.target, this.groupClient]) client.close();
  }

  /** What this process copies now. */
  get partitions(): number {
    return this.engine.size;
  }

  private client({ bootstrap, clientId, requestTimeoutMs }: ClusterSettings): ClusterClient {
    return new ClusterClient(this.env, { bootstrap, clientId, requestTimeoutMs });
  }

  private groupEvents(): ConstructorParameters<typeof GroupMember>[0]['events'] {
    return {
      metadata: () => encodePartitions(this.engine.partitions()),
      assign: (members) => this.assign(members),
      assigned: (assignment, isLeader) => this.assigned(assignment, isLeader),
      revoke: () => this.revoke(),
      lost: () => this.lost(),
    };
  }

  private assign(members: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array> {
    const partitions = new Map<string, FlowPartition>();
    const owned = new Map<string, string[]>();
    for (const [memberId, metadata] of members) {
      const theirs = decodePartitions(metadata) ?? [];
      owned.set(memberId, theirs.map(keyOf));
      // A leader that has not found out yet leaves everybody what they have.
      if (this.discovered === null) for (const partition of theirs) partitions.set(keyOf(partition), partition);
    }
    for (const partition of this.discovered ?? []) partitions.set(keyOf(partition), partition);
    const assigned = stickyAssignment(partitions.keys(), owned);
    return new Map(
      Array.from(assigned, ([memberId, keys]) => [memberId, encodePartitions(keys.map((key) => partitions.get(key)!))]),
    );
  }

  private async assigned(assignment: Uint8Array, isLeader: boolean): Promise<void> {
    const partitions = decodePartitions(assignment) ?? [];
    const keys = new Set(partitions.map(keyOf));
    for (const partition of [...this.engine.partitions()]) {
      if (!keys.has(keyOf(partition))) this.remove(partition);
    }
    const added = partitions.filter((partition) => !this.engine.has(partition));
    if (added.length > 0) await this.positions.load(added);
    for (const partition of added) this.engine.add(partition);
    this.engine.goOn();
    const { logger } = this.context;
    logger.info(
      `${partitions.length} partitions are copied here, ${added.length} of them new${isLeader ? '; this process leads' : ''}`,
    );
    this.lead(isLeader);
  }

  private remove(partition: FlowPartition): void {
    this.engine.remove(partition);
    this.positions.forget(partition);
    this.counters.forget(partition);
  }

  private lead(isLeader: boolean): void {
    if (this.isLeader !== isLeader) {
      this.isLeader = isLeader;
      for (const part of this.parts) {
        if (isLeader) part.lead?.();
        else part.unlead?.();
      }
    }
    if (isLeader && this.discovered === null) this.discoverSoon(0);
    else if (isLeader && this.discoverTimer === null) this.discoverSoon(this.settings.refreshTopicsMs);
    if (!isLeader) this.discovered = null;
  }

  private async revoke(): Promise<void> {
    await this.engine.pause(PAUSE_TIMEOUT_MS);
    await Promise.all(this.parts.map((part) => part.flush?.() ?? Promise.resolve()));
    await this.storeNow();
  }

  private lost(): void {
    for (const partition of [...this.engine.partitions()]) this.remove(partition);
    this.lead(false);
  }

  // Topics.

  private discoverSoon(delayMs: number | null): void {
    if (this.isStopped || delayMs === null) return;
    this.discoverTimer?.cancel();
    this.discoverTimer = this.env.timers.set(delayMs, () => void this.discover());
  }

  private async discover(): Promise<void> {
    this.discoverTimer = null;
    if (!this.isLeader || this.isDiscovering || this.isStopped) return;
    this.isDiscovering = true;
    let nextMs = this.settings.refreshTopicsMs;
    try {
      const before = new Set((this.discovered ?? []).map(keyOf));
      const found = await this.discovery.discover();
      const isSame =
        this.discovered !== null && found.length === before.size && found.every((one) => before.has(keyOf(one)));
      // Who leads no more does not say what is copied.
      if (this.isLeader) {
        this.discovered = found;
        if (!isSame) this.member.rejoin();
      }
    } catch (error) {
      if (!(error instanceof ServerError) && !(error instanceof ExchangeError)) throw error;
      this.context.logger.warn(`topics cannot be found out: ${error.message}`);
      nextMs = RETRY_MS;
    } finally {
      this.isDiscovering = false;
    }
    this.discoverSoon(nextMs);
  }

  // Positions.

  private storeLater(): void {
    if (this.isStopped) return;
    this.storeTimer = this.env.timers.set(this.tuning.storeIntervalMs, () => {
      void this.storeNow().then(() => this.storeLater());
    });
  }

  private async storeNow(): Promise<void> {
    try {
      await this.positions.storeProgress(this.engine.progress());
    } catch (error) {
      if (!(error instanceof ServerError) && !(error instanceof ExchangeError)) throw error;
      this.context.logger.warn(`positions are not stored: ${error.message}`);
    }
  }

  private ordinaryWriter(partition: FlowPartition): OrdinaryWriter {
    const { source, target, env } = this.context;
    const { positions } = this;
    return new OrdinaryWriter(
      {
        env,
        source,
        target,
        positions,
        firstOffset: (one) => this.firstOffset(one),
        producerId: () => this.freshProducerId(),
        foreign: (one, trouble) => this.noteForeign(one, trouble),
      },
      partition,
    );
  }

  private async firstOffset(one: FlowPartition): Promise<number> {
    const { source, target, settings } = this.context;
    const { sourceTopic, partition } = one;
    this.mm2 ??= readMm2Positions(target, settings.source.alias);
    let known: ReadonlyMap<string, number>;
    try {
      known = await this.mm2;
    } catch (error) {
      this.mm2 = null;
      throw error;
    }
    const taken = known.get(`${sourceTopic}:${partition}`);
    if (taken !== undefined) {
      this.context.logger.info(`${nameOf(one)} goes on where MirrorMaker 2 stopped, at ${taken}`);
      return taken;
    }
    const groupOffset = await this.offsetOfGroup(one);
    if (groupOffset !== null) return groupOffset;
    const isLatest = settings.startsAt === 'latest';
    return source.listOffset(sourceTopic, partition, isLatest ? -1 : -2, isLatest);
  }

  /** What the group that is taken over has committed for this partition. */
  private async offsetOfGroup({ sourceTopic, partition }: FlowPartition): Promise<number | null> {
    const { source, settings } = this.context;
    if (settings.takesOverGroup === undefined) return null;
    this.group ??= committedOffsets(source, settings.takesOverGroup);
    try {
      const known = await this.group;
      return known.find((each) => each.topic === sourceTopic && each.partition === partition)?.offset ?? null;
    } catch (error) {
      this.group = null;
      throw error;
    }
  }

  private async freshProducerId(): Promise<number> {
    this.producerId ??= askProducerId(this.context.target);
    try {
      return await this.producerId;
    } catch (error) {
      this.producerId = null;
      throw error;
    }
  }

  // Events.

  private copyEvents(): CopyEvents {
    const all: readonly CopyEvents[] = [this.counters, ...this.parts.flatMap(({ events }) => events ?? [])];
    return {
      copied: (copied) => {
        for (const each of all) each.copied(copied);
      },
      lag: (partition, lag) => {
        for (const each of all) each.lag(partition, lag);
      },
      trouble: (partition, trouble) => {
        this.context.logger.error(`${nameOf(partition)}: ${describe(partition, trouble)}`);
        for (const each of all) each.trouble(partition, trouble);
      },
      recovered: (partition) => {
        this.context.logger.info(`${nameOf(partition)} is copied again`);
        for (const each of all) each.recovered(partition);
      },
    };
  }

  /** It does not stop the copy. */
  private noteForeign(partition: FlowPartition, trouble: Trouble): void {
    this.context.logger.warn(`${nameOf(partition)}: ${describe(partition, trouble)}`);
    for (const each of [this.counters, ...this.parts.flatMap(({ events }) => events ?? [])]) {
      each.trouble(partition, trouble);
      each.recovered(partition);
    }
  }
}

/** In whose name a flow's processes share and store; hidden from group filters as MirrorMaker 2's default excludes `__.*`. */
export function flowGroupId({ source, target }: Pick<FlowSettings, 'source' | 'target'>): string {
  return `__moldau-mirror.${source.alias}.${target.alias}`;
}

async function askProducerId(target: ClusterClient): Promise<number> {
  const { errorCode, producerId } = await target.ask('any', 'InitProducerId', {
    transactionalId: null,
    transactionTimeoutMs: 60_000,
  });
  if (errorCode !== 0) throw new ServerError(errorCode, 'InitProducerId');
  return producerId;
}

/** What has gone wrong, for people. */
export function describe({ sourceTopic, partition }: FlowPartition, trouble: Trouble): string {
  const source = `${sourceTopic}-${partition} of the source`;
  switch (trouble.kind) {
    case 'gap':
      return `offsets ${trouble.fromOffset} to ${trouble.toOffset - 1} of ${source} were gone before they were copied; the copy goes on behind them`;
    case 'source-truncated':
      return `${source} has lost what lay behind ${trouble.sourceEndOffset}, and was copied up to ${trouble.position}; the copy stops`;
    case 'source-recreated':
      return `${sourceTopic} of the source is another topic now (${trouble.newTopicId}, it was ${trouble.oldTopicId}); the copy stops`;
    case 'source-deleted':
      return `${sourceTopic} of the source is gone; the copy stops`;
    case 'foreign-write':
      return `somebody else wrote to the target: records are at ${trouble.targetOffset} that belong at ${trouble.expectedOffset}`;
    case 'refused':
      return trouble.message;
  }
}
