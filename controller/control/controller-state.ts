/**
 * What the active controller decides by: the metadata up to its last write, committed or not, and what follows from it.
 *
 * Invariant: `replay` alone changes the metadata, live and on load alike; everything else in here is derived from it or
 * (heartbeats) forgotten when leadership ends.
 */
import { InvariantViolation } from '../../wire/base/invariant';
import { ELR_FEATURE } from '../metadata/supported-features';
import { supportsElr } from '../metadata/metadata-version';
import { hasFastSession, type SessionTimeouts } from '../metadata/fast-session';
import { MetadataImage } from '../metadata/image';
import type { MetadataRecord } from '../metadata/records';
import type { BrokerRegistration } from '../metadata/registrations';
import type { FormerLeader } from '../raft/replica-key';
import { BrokerHeartbeats } from './broker-heartbeats';
import { hasCollisionChars, unifyCollisionChars } from './topic-names';

/** What is left to every broker of its session when a controller becomes active: it has to find the new one first. */
const MIN_NEW_SESSION_MS = 1000;

/** The broker in the same process as this controller. */
export interface OwnBroker {
  readonly nodeId: number;
  /** Null: this process runs no broker, or it has not registered yet. */
  readonly incarnationId: string | null;
}

export class ControllerState {
  readonly image = new MetadataImage();
  /** Broker id to the offset of its registration: who has applied that may be unfenced. */
  readonly registrationOffsets = new Map<number, number>();
  /** Directory id to the broker that registered it. */
  readonly directoryOwners = new Map<string, number>();
  /** Names with '.' and '_' unified, to the topics that have them. */
  private readonly collisions = new Map<string, Set<string>>();
  private heartbeatsOrNull: BrokerHeartbeats | null = null;

  constructor(private readonly timeouts: SessionTimeouts) {}

  /** Only while active. */
  get heartbeats(): BrokerHeartbeats {
    if (this.heartbeatsOrNull === null) throw new InvariantViolation('the controller is not active');
    return this.heartbeatsOrNull;
  }

  get isElrEnabled(): boolean {
    return supportsElr(this.image.features.metadataVersion) && this.image.features.level(ELR_FEATURE) >= 1;
  }

  /** Registered, not fenced, not shutting down: may lead and enter an ISR. */
  isActive(brokerId: number): boolean {
    const broker = this.image.cluster.brokers.get(brokerId);
    return broker !== undefined && !broker.fenced && !broker.inControlledShutdown;
  }

  /** A topic whose name differs at most in '.' and '_', or undefined. */
  collidingTopic(name: string): string | undefined {
    if (!hasCollisionChars(name)) return undefined;
    return this.collisions.get(unifyCollisionChars(name))?.values().next().value;
  }

  /**
   * Starts sessions: every unfenced broker gets a fresh one. A broker of this very node that is not the one in this process
   * gets none: it died with the process before, and its successor need not wait until its session is over. The broker of
   * the controller before has been silent since this node last heard from it, if it is one that heartbeats often.
   */
  activate(own: OwnBroker, nowMs: number, former: FormerLeader | null = null): void {
    this.heartbeatsOrNull = new BrokerHeartbeats();
    for (const broker of this.image.cluster.brokers.values()) {
      const timeoutMs = this.timeoutOf(broker);
      this.heartbeatsOrNull.track(broker.id, broker.fenced, timeoutMs);
      const isGone = broker.id === own.nodeId && broker.incarnationId !== own.incarnationId;
      if (broker.fenced || isGone) continue;
      const isSilent = broker.id === former?.id && hasFastSession(broker);
      const earliestMs = nowMs - Math.max(0, timeoutMs - MIN_NEW_SESSION_MS);
      const contactMs = isSilent ? Math.min(nowMs, Math.max(former.lastHeardMs, earliestMs)) : nowMs;
      this.heartbeatsOrNull.contact(broker.id, broker.epoch, contactMs);
    }
  }

  deactivate(): void {
    this.heartbeatsOrNull = null;
  }

  /** Applies one record at its offset. Throws ReplayError. */
  replay(record: MetadataRecord, offset: number): void {
    if (record.type === 'RemoveTopicRecord') this.forgetName(record.value.topicId);
    const affected = brokerOf(record);
    const before = affected === null ? undefined : this.image.cluster.brokers.get(affected);
    this.image.replay(record, null);
    if (record.type === 'TopicRecord') this.rememberName(record.value.name);
    if (record.type === 'RegisterBrokerRecord') this.registrationOffsets.set(record.value.brokerId, offset);
    if (record.type === 'UnregisterBrokerRecord') this.registrationOffsets.delete(record.value.brokerId);
    if (affected !== null) this.updateBroker(affected, before?.directories ?? [], before?.epoch);
  }

  private updateBroker(brokerId: number, directoriesBefore: readonly string[], epochBefore: number | undefined): void {
    const after = this.image.cluster.brokers.get(brokerId);
    for (const directory of directoriesBefore) this.directoryOwners.delete(directory);
    for (const directory of after?.directories ?? []) this.directoryOwners.set(directory, brokerId);
    if (this.heartbeatsOrNull === null) return;
    if (after === undefined || after.epoch !== epochBefore) this.heartbeatsOrNull.remove(brokerId, after?.epoch ?? null);
    if (after !== undefined) this.heartbeatsOrNull.track(brokerId, after.fenced, this.timeoutOf(after));
  }

  private timeoutOf(broker: BrokerRegistration): number {
    return hasFastSession(broker) ? this.timeouts.fastSessionMs : this.timeouts.sessionMs;
  }

  private rememberName(name: string): void {
    if (!hasCollisionChars(name)) return;
    const unified = unifyCollisionChars(name);
    const names = this.collisions.get(unified) ?? new Set();
    names.add(name);
    this.collisions.set(unified, names);
  }

  private forgetName(topicId: string): void {
    const name = this.image.topics.topicById(topicId)?.name;
    if (name === undefined || !hasCollisionChars(name)) return;
    const unified = unifyCollisionChars(name);
    const names = this.collisions.get(unified);
    names?.delete(name);
    if (names?.size === 0) this.collisions.delete(unified);
  }
}

function brokerOf(record: MetadataRecord): number | null {
  switch (record.type) {
    case 'RegisterBrokerRecord':
    case 'UnregisterBrokerRecord':
    case 'BrokerRegistrationChangeRecord':
      return record.value.brokerId;
    case 'FenceBrokerRecord':
    case 'UnfenceBrokerRecord':
      return record.value.id;
    default:
      return null;
  }
}
