/**
 * When a broker that has joined is to get its share unattended (`auto.rebalance.enable`).
 *
 * It has joined when this controller has seen it register, it is far below its share, and has not had it since it
 * registered: so one that was emptied on purpose stays empty, and what was there when this controller began is left alone.
 * Every controller watches, so that the next active one knows too. A run that died with its controller is known by the
 * throttle that it left, and is taken up again. Nothing is started while anybody moves replicas or any broker is away, nor
 * for as long after it as a broker has to be there.
 */
export interface SeenBroker {
  readonly id: number;
  /** Of this registration: one that has come back is another. */
  readonly epoch: number;
  /** Unfenced, and not on its way out. */
  readonly isThere: boolean;
  readonly replicas: number;
}

export interface SeenCluster {
  readonly brokers: readonly SeenBroker[];
  readonly isReassigning: boolean;
  /** A throttle of just the rate that unattended runs have. */
  readonly hasThrottle: boolean;
}

export type Decision =
  | { readonly kind: 'nothing' }
  /** `joined` are to get their share as soon as `away` are there again. */
  | { readonly kind: 'wait'; readonly joined: readonly number[]; readonly away: readonly number[] }
  /** `empty`: brokers without a replica that are to stay so. */
  | { readonly kind: 'start'; readonly joined: readonly number[]; readonly empty: readonly number[]; readonly isResumed: boolean };

/** joined: seen to register. tried: a run for it has begun. settled: it has had its share. unknown: it was there before this controller. */
type Standing = 'joined' | 'tried' | 'settled' | 'unknown';

interface Known {
  readonly epoch: number;
  /** Since when it is there without a break; null while it is away. */
  sinceMs: number | null;
  state: Standing;
}

/** A broker with less than this part of what brokers have on average is one that has just come, or has come back empty. */
const FAR_BELOW = 0.5;
const NOTHING: Decision = { kind: 'nothing' };

export class JoinedBrokers {
  private readonly known = new Map<number, Known>();
  /** Since when nothing has been moved. */
  private quietSinceMs = 0;
  private throttledSinceMs: number | null = null;
  private hasLooked = false;

  constructor(private readonly delayMs: number) {}

  /** Replicas of partitions that were there have been moved, by whomever. */
  moved(nowMs: number): void {
    this.quietSinceMs = nowMs;
  }

  /** To be called again and again, with what the metadata says. */
  look(cluster: SeenCluster, nowMs: number): Decision {
    this.note(cluster, nowMs);
    const { brokers } = cluster;
    const joined = brokers.filter((broker) => this.standingOf(broker) === 'joined' && isFarBelow(broker, brokers));
    const due = joined.filter(({ id }) => this.isPast(this.known.get(id)?.sinceMs ?? null, nowMs));
    const isResumed = this.isPast(this.throttledSinceMs, nowMs);
    if ((due.length === 0 && !isResumed) || !this.isPast(this.quietSinceMs, nowMs)) return NOTHING;
    const away = brokers.filter(({ isThere }) => !isThere);
    if (away.length > 0) return { kind: 'wait', joined: idsOf(due), away: idsOf(away) };
    // Which one a run that died was for, if it came to nothing, is not known: one that is not known to have been emptied.
    const stays: readonly Standing[] = isResumed ? ['settled'] : ['settled', 'tried', 'unknown'];
    const empty = brokers.filter((broker) => broker.replicas === 0 && stays.includes(this.standingOf(broker)));
    return { kind: 'start', joined: idsOf(due), empty: idsOf(empty), isResumed };
  }

  /** They are tried once for each registration: who cancels that is not fought. */
  started(ids: readonly number[]): void {
    for (const id of ids) {
      const known = this.known.get(id);
      if (known !== undefined) known.state = 'tried';
    }
  }

  private standingOf({ id }: SeenBroker): Standing {
    return this.known.get(id)?.state ?? 'joined';
  }

  private isPast(sinceMs: number | null, nowMs: number): boolean {
    return sinceMs !== null && nowMs - sinceMs >= this.delayMs;
  }

  private note({ brokers, isReassigning, hasThrottle }: SeenCluster, nowMs: number): void {
    if (isReassigning || !this.hasLooked) this.quietSinceMs = nowMs;
    if (!hasThrottle) this.throttledSinceMs = null;
    else if (this.throttledSinceMs === null) this.noteThrottle(nowMs);
    const registered = new Map(brokers.map((each) => [each.id, each]));
    for (const [id, { epoch }] of this.known) if (registered.get(id)?.epoch !== epoch) this.known.delete(id);
    for (const broker of brokers) this.noteBroker(broker, brokers, nowMs);
    this.hasLooked = true;
  }

  /** A run has begun, of another controller perhaps, for those that are due about now: when it is cancelled that holds here too. */
  private noteThrottle(nowMs: number): void {
    this.throttledSinceMs = nowMs;
    for (const known of this.known.values()) {
      const { state, sinceMs } = known;
      if (state === 'joined' && sinceMs !== null && nowMs - sinceMs >= this.delayMs / 2) known.state = 'tried';
    }
  }

  private noteBroker(broker: SeenBroker, all: readonly SeenBroker[], nowMs: number): void {
    const { id, epoch, isThere } = broker;
    const known: Known = this.known.get(id) ?? { epoch, sinceMs: null, state: this.hasLooked ? 'joined' : 'unknown' };
    this.known.set(id, known);
    if (!isThere) known.sinceMs = null;
    else known.sinceMs ??= nowMs;
    // Below one replica each there is no share to be had yet.
    if (shareOf(all) >= 1 && !isFarBelow(broker, all)) known.state = 'settled';
  }
}

function isFarBelow({ replicas }: SeenBroker, all: readonly SeenBroker[]): boolean {
  const share = shareOf(all);
  return share >= 1 && replicas < share * FAR_BELOW;
}

function shareOf(brokers: readonly SeenBroker[]): number {
  return brokers.reduce((sum, { replicas }) => sum + replicas, 0) / brokers.length;
}

function idsOf(brokers: readonly SeenBroker[]): readonly number[] {
  return brokers.map(({ id }) => id).sort((a, b) => a - b);
}
