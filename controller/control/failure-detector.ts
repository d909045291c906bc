/**
 * The failure detector's shell: hears heartbeats and the ends of their connections, dials brokers that may be dead, and has
 * those fenced that are. Works only while this node is the active controller.
 *
 * A controller that has just become active knows nobody: it gives brokers a moment to find it, and probes the others.
 */
import { BrokerLink } from '../../wire/broker-link';
import type { Logger, Network, TimerHandle, Timers } from '../../wire/base/env';
import { ExchangeError } from '../../wire/client-connection';
import { hasFastSession } from '../metadata/fast-session';
import type { BrokerRegistration } from '../metadata/registrations';
import { fenceDeadBroker } from './brokers';
import type { ControllerShell } from './controller-shell';
import { FailureDetectorCore, type DetectorEffect, type ProbeOutcome } from './failure-detector-core';

/** What the detector needs of the connection that a heartbeat came on. */
export interface HeartbeatConnection {
  /** Unique as long as this process runs. */
  readonly id: number;
  whenGone(run: () => void): () => void;
}

export interface FailureDetectorParts {
  readonly shell: ControllerShell;
  readonly nodeId: number;
  readonly network: Network;
  readonly timers: Timers;
  readonly logger: Logger;
}

const PROBE_TIMEOUT_MS = 500;
const PROBE_CLIENT_ID = 'moldau-probe';
/** What brokers get to find a new controller before it asks for them. */
const SETTLE_MS = 300;

export class FailureDetector {
  private readonly core = new FailureDetectorCore();
  private readonly timers = new Set<TimerHandle>();
  /** Connections that heartbeats have come on, until they are gone. */
  private readonly connections = new Set<number>();
  private isActive = false;

  constructor(private readonly parts: FailureDetectorParts) {}

  setActive(isActive: boolean): void {
    this.isActive = isActive;
    this.core.clear();
    for (const timer of this.timers) timer.cancel();
    this.timers.clear();
    if (isActive) this.after(SETTLE_MS, () => this.probeUnheard());
  }

  /** A heartbeat has arrived; the caller has not looked at it any further. */
  heard(brokerId: number, brokerEpoch: number, connection: HeartbeatConnection): void {
    const broker = this.brokerOf(brokerId);
    if (broker?.epoch !== brokerEpoch || !hasFastSession(broker)) return;
    this.core.heard(brokerId, brokerEpoch, connection.id);
    if (this.connections.has(connection.id)) return;
    this.connections.add(connection.id);
    connection.whenGone(() => {
      this.connections.delete(connection.id);
      if (this.isActive) this.step((effects) => this.core.closed(brokerId, connection.id, effects));
    });
  }

  private brokerOf(brokerId: number): BrokerRegistration | undefined {
    return this.parts.shell.activeCore?.state.image.cluster.brokers.get(brokerId);
  }

  private probeUnheard(): void {
    const { shell, nodeId } = this.parts;
    for (const broker of shell.activeCore?.state.image.cluster.brokers.values() ?? []) {
      if (broker.fenced || broker.id === nodeId || !hasFastSession(broker)) continue;
      this.step((effects) => this.core.missed(broker.id, broker.epoch, effects));
    }
  }

  private step(decide: (effects: DetectorEffect[]) => void): void {
    const effects: DetectorEffect[] = [];
    decide(effects);
    for (const effect of effects) {
      if (effect.type === 'fence') this.fence(effect.brokerId, effect.brokerEpoch);
      else this.after(effect.delayMs, () => this.probe(effect.brokerId, effect.probeId));
    }
  }

  private after(delayMs: number, run: () => void): void {
    const timer = this.parts.timers.set(delayMs, () => {
      this.timers.delete(timer);
      run();
    });
    this.timers.add(timer);
  }

  private probe(brokerId: number, probeId: number): void {
    // The first listener that a broker registers is the one that other brokers use.
    const endpoint = this.brokerOf(brokerId)?.listeners[0];
    const told = (outcome: ProbeOutcome): void => {
      if (this.isActive) this.step((effects) => this.core.probed(brokerId, probeId, outcome, effects));
    };
    if (endpoint === undefined) return told('silent');
    const options = {
      host: endpoint.host,
      port: endpoint.port,
      clientId: PROBE_CLIENT_ID,
      connectTimeoutMs: PROBE_TIMEOUT_MS,
      requestTimeoutMs: PROBE_TIMEOUT_MS,
    };
    BrokerLink.open(this.parts, options).then(
      (link) => {
        link.exchange.close();
        told('answered');
      },
      (error: unknown) => told(outcomeOf(error)),
    );
  }

  private fence(brokerId: number, brokerEpoch: number): void {
    const { shell, logger } = this.parts;
    logger.warn('a broker is dead: its connection has ended, and nobody listens where it did', { brokerId, brokerEpoch });
    shell.write(
      'fence',
      (core) => fenceDeadBroker(core, brokerId, brokerEpoch),
      (outcome) => {
        // Another controller finds it out by itself; here nothing is left to be done.
        if (!outcome.ok) logger.info('the dead broker was not fenced here', { brokerId, errorCode: outcome.error.code });
      },
    );
  }
}

/** An answer of any kind, also one that says no, comes from a process that lives. */
function outcomeOf(error: unknown): ProbeOutcome {
  if (!(error instanceof ExchangeError)) return 'answered';
  switch (error.kind) {
    case 'refused':
      return 'refused';
    case 'reset':
    case 'closed':
      return 'reset';
    case 'malformed':
      return 'answered';
    default:
      return 'silent';
  }
}
