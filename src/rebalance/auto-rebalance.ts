/**
 * `auto.rebalance.enable`: a broker that has joined gets its share of the replicas without anybody's command.
 *
 * On every node with the role controller; only the active one acts, as a client of the brokers that runs what `moldau
 * rebalance --execute --throttle` runs. One run at a time. When this node ceases to be the active controller its run ends at
 * once and leaves its throttle: by that the next controller knows that there is a rest.
 */
import type { MetadataDelta } from '../../controller/metadata/delta';
import type { MetadataImage } from '../../controller/metadata/image';
import type { MetadataPublisher } from '../../controller/metadata/publisher';
import type { BrokerRegistration } from '../../controller/metadata/registrations';
import type { Clock, Logger, Network, TimerHandle, Timers } from '../../wire/base/env';
import { ServerError } from '../../wire/broker-link';
import { ExchangeError } from '../../wire/client-connection';
import { type BrokerAddress, ClusterClient } from '../../wire/cluster-client';
import { JoinedBrokers, type Decision } from './joined-core';
import { PlacementCounts } from './placement-counts';
import { Rebalance, RebalanceError } from './rebalance';
import { bytesText } from './report';
import { RATES } from './throttle';

export interface AutoRebalanceParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly network: Network;
  readonly logger: Logger;
  readonly delayMs: number;
  /** Bytes a second on each broker. */
  readonly throttle: number;
  /** Of the listener by which brokers are reached; null when this node has none itself. */
  readonly listenerName: string | null;
  /** The metadata as this node has applied it; null before the first. */
  readonly image: () => MetadataImage | null;
  readonly isActive: () => boolean;
  readonly fatal: (why: string, error: unknown) => void;
}

const MIN_LOOK_MS = 50;
const MAX_LOOK_MS = 5_000;

/** The run is over because its node is no active controller any more. */
class Abandoned extends Error {
  override readonly name = 'Abandoned';
}

interface Run {
  readonly abandon: () => void;
  readonly ended: Promise<void>;
}

export class AutoRebalance implements MetadataPublisher {
  readonly name = 'auto rebalance';
  private readonly core: JoinedBrokers;
  private readonly counts = new PlacementCounts();
  private readonly lookMs: number;
  private timer: TimerHandle | null = null;
  private run: Run | null = null;
  private said = '';
  private isStopped = false;

  constructor(private readonly parts: AutoRebalanceParts) {
    this.core = new JoinedBrokers(parts.delayMs);
    this.lookMs = Math.min(MAX_LOOK_MS, Math.max(MIN_LOOK_MS, parts.delayMs / 4));
  }

  /** From the first metadata on it looks by itself, until it is stopped. */
  publish(delta: MetadataDelta, image: MetadataImage): void {
    if (this.counts.apply(delta, image)) this.core.moved(this.parts.clock.monotonicMs());
    if (this.timer === null && !this.isStopped) this.look();
  }

  /** Resolves when nothing of it is under way any more. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.timer?.cancel();
    this.run?.abandon();
    await this.run?.ended;
  }

  private look(): void {
    this.timer = this.parts.timers.set(this.lookMs, () => this.look());
    const image = this.parts.image();
    if (image === null) return;
    if (this.run !== null) {
      if (!this.parts.isActive()) this.run.abandon();
      return;
    }
    const decision = this.core.look(this.seen(image), this.parts.clock.monotonicMs());
    if (!this.parts.isActive()) return;
    if (decision.kind === 'start') this.begin(decision, image);
    else this.say(decision);
  }

  private seen(image: MetadataImage): Parameters<JoinedBrokers['look']>[0] {
    const registrations = [...image.cluster.brokers.values()];
    const brokers = registrations.map(({ id, epoch, fenced, inControlledShutdown }) => ({
      id,
      epoch,
      isThere: !fenced && !inControlledShutdown,
      replicas: this.counts.replicasOf(id),
    }));
    const rate = String(this.parts.throttle);
    const hasThrottle = brokers.some(({ id }) => RATES.some((name) => image.configs.ofBroker(String(id)).get(name) === rate));
    return { brokers, isReassigning: this.counts.isReassigning, hasThrottle };
  }

  /** What is waited for, once each time that it changes. */
  private say(decision: Decision): void {
    if (decision.kind !== 'wait') return;
    const { joined, away } = decision;
    const who = joined.length === 0 ? 'replicas that are still to be moved wait' : `broker ${joined.join(', ')} has joined and waits for its share of the replicas`;
    const text = `${who}: broker ${away.join(', ')} is not there; start it, or unregister it when it is gone for good`;
    if (text === this.said) return;
    this.said = text;
    this.parts.logger.info(text);
  }

  private begin({ joined, empty, isResumed }: Extract<Decision, { kind: 'start' }>, image: MetadataImage): void {
    const { logger, throttle } = this.parts;
    this.said = '';
    this.core.started(joined);
    const why = [
      ...(joined.length === 0 ? [] : [`broker ${joined.join(', ')} has joined and has far fewer replicas than the others`]),
      ...(isResumed ? ['a throttle of our rate was left, as by a run that died with its controller'] : []),
    ];
    const but = empty.length === 0 ? '' : `; broker ${empty.join(', ')} has been empty before and stays so`;
    logger.info(`${why.join(', and ')}: replicas are moved, with at most ${bytesText(throttle)} a second${but}`);
    const bootstrap = [...image.cluster.brokers.values()].flatMap((each) => this.addressOf(each));
    const { abandon, ended } = this.start(bootstrap, empty);
    const over = ended.then((outcome) => {
      this.run = null;
      this.core.moved(this.parts.clock.monotonicMs());
      this.tell(outcome);
    });
    this.run = { abandon, ended: over };
  }

  private addressOf({ fenced, listeners }: BrokerRegistration): readonly BrokerAddress[] {
    const { listenerName } = this.parts;
    // A broker registers the listener that brokers use first.
    const listener = listeners.find(({ name }) => name === listenerName) ?? listeners[0];
    return fenced || listener === undefined ? [] : [{ host: listener.host, port: listener.port }];
  }

  /** `ended` gives what it ended with, null for success, and does not reject. */
  private start(bootstrap: readonly BrokerAddress[], drained: readonly number[]): { abandon: () => void; ended: Promise<unknown> } {
    const { clock, timers, network, throttle, logger } = this.parts;
    const client = new ClusterClient({ network, timers }, { bootstrap, clientId: 'moldau-auto-rebalance' });
    let isAbandoned = false;
    let wake: () => void = () => undefined;
    const sleep = (ms: number): Promise<void> =>
      new Promise((resolve, reject) => {
        if (isAbandoned) return reject(new Abandoned('no active controller'));
        const timer = timers.set(ms, resolve);
        wake = (): void => {
          timer.cancel();
          reject(new Abandoned('no active controller'));
        };
      });
    const ports = { client, sleep, monotonicMs: () => clock.monotonicMs(), print: (line: string) => logger.debug(line) };
    const run = new Rebalance({ action: 'execute', throttle, drained }, ports).run();
    const ended = run.then(() => null, (error: unknown) => error).finally(() => client.close());
    const abandon = (): void => {
      if (isAbandoned) return;
      isAbandoned = true;
      client.close();
      wake();
    };
    return { abandon, ended };
  }

  private tell(outcome: unknown): void {
    const { logger, fatal } = this.parts;
    if (outcome === null) logger.info('replicas are even over all brokers again');
    else if (outcome instanceof Abandoned) logger.info('this node is not the active controller any more: what replicas are still to be moved is left to the next one');
    else if (outcome instanceof RebalanceError || outcome instanceof ServerError || outcome instanceof ExchangeError) {
      logger.warn('replicas were not moved to the end; `moldau rebalance` does it', { error: outcome.message });
    } else fatal('moving replicas unattended failed', outcome);
  }
}
