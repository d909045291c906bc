/**
 * The broker's standing with the controller: it registers, heartbeats, is unfenced once it has applied its own registration,
 * and leaves in order (KIP-631, KIP-841).
 *
 * States: starting (registered or not, fenced), running (unfenced), stopping (asked to shut down), ended. One request is
 * under way at a time; the next follows its answer. Which controller that is, and that there may be none for a while, is
 * the channel's business.
 */
import type { Clock, Logger, TimerHandle, Timers } from '../wire/base/env';
import { ErrorCode, errorName } from '../wire/base/error-codes';
import { isPeerFailure, type PeerFailure } from '../wire/peer-link';
import type { BrokerHeartbeatResponse, BrokerRegistrationRequest, BrokerRegistrationResponse } from '../wire/schema/broker';
import type { ControllerChannel } from './controller-channel';

export type Registration = BrokerRegistrationRequest;

export interface LifecycleParts {
  readonly channel: ControllerChannel;
  readonly timers: Timers;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly registration: Registration;
  /** Asked anew before each. */
  heartbeatIntervalMs(): number;
  /** What one request may take. */
  readonly requestTimeoutMs: number;
  /** The last metadata offset that this broker has applied. */
  appliedOffset(): number;
  /** Ids of log directories that have failed. */
  offlineLogDirs(): readonly string[];
  /** Called with its epoch before the broker says that it lives. */
  registered(brokerEpoch: number): void;
}

export type BrokerStanding = 'starting' | 'running' | 'stopping' | 'ended';

/** Between tries while fenced; whoever has applied metadata heartbeats at once. */
const RETRY_MS = 20;
/** Tries to register: twice as long after each. A successor may have to wait until the session before it is over. */
const MAX_REGISTRATION_RETRY_MS = 500;
/** The second heartbeat of a shutdown, and those after it: oftener than usual, since somebody waits. */
const SHUTDOWN_RETRY_MS = 50;
const SHUTDOWN_INTERVAL_MS = 250;
/** A broker that stops waits no longer for a controller that does not answer: perhaps all of them are stopping. */
const UNANSWERED_STOP_MS = 1_500;

/** Errors that may go away by themselves; any other one refuses the broker for good. */
const RETRIABLE: ReadonlySet<number> = new Set([
  ErrorCode.NOT_CONTROLLER,
  ErrorCode.DUPLICATE_BROKER_REGISTRATION,
  ErrorCode.REQUEST_TIMED_OUT,
  ErrorCode.UNKNOWN_SERVER_ERROR,
]);

export class BrokerLifecycle {
  private state: BrokerStanding = 'starting';
  private epoch = -1;
  /** Monotonic time at which the last heartbeat that was answered well had been sent. */
  private confirmedMs = Number.NEGATIVE_INFINITY;
  private isHeartbeatSoon = false;
  private isAsking = false;
  private heartbeatAgain = false;
  private shutdownHeartbeats = 0;
  private registrationRetryMs = RETRY_MS;
  private timer: TimerHandle | null = null;
  private unanswered: TimerHandle | null = null;
  private onRunning: () => void = () => undefined;
  private onEnded: () => void = () => undefined;
  private onRefused: (why: string) => void = () => undefined;

  constructor(private readonly parts: LifecycleParts) {}

  /** How the broker stands: only a running one is unfenced. */
  get standing(): BrokerStanding {
    return this.state;
  }

  /** How long ago the heartbeat was sent that the controller has answered last; Infinity before the first. */
  get unansweredMs(): number {
    return this.parts.clock.monotonicMs() - this.confirmedMs;
  }

  /** -1 until registered. */
  get brokerEpoch(): number {
    return this.epoch;
  }

  /**
   * Whether the controller has answered within the last `sessionMs`, counted from the question: until then it has not fenced
   * this broker for its silence, so no other one leads in its place.
   */
  isConfirmed(sessionMs: number): boolean {
    return this.parts.clock.monotonicMs() - this.confirmedMs < sessionMs;
  }

  /** Registers and resolves when the broker is unfenced; rejects when the controller refuses it for good. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.onRunning = resolve;
      this.onRefused = (why) => reject(new Error(why));
      this.register();
    });
  }

  /**
   * Metadata has been applied. A broker that starts may now have its own registration, which is what it waits for to be
   * unfenced: it says so at once rather than at the next retry.
   */
  metadataApplied(): void {
    if (this.state !== 'starting' || this.epoch < 0 || this.isHeartbeatSoon) return;
    this.isHeartbeatSoon = true;
    this.parts.timers.soon(() => {
      this.isHeartbeatSoon = false;
      if (this.state === 'starting') this.heartbeatNow();
    });
  }

  /** A log directory has failed: the controller is told at once, so that others lead what lay there. */
  directoryFailed(): void {
    if (this.epoch >= 0 && this.state !== 'ended') this.heartbeatNow();
  }

  /** Hands leaderships over and resolves when the controller lets the broker go, or after `timeoutMs`. */
  stop(timeoutMs: number): Promise<void> {
    if (this.state === 'ended') return Promise.resolve();
    if (this.epoch < 0) {
      this.abandon();
      return Promise.resolve();
    }
    this.state = 'stopping';
    return new Promise((resolve) => {
      const limit = this.parts.timers.set(timeoutMs, () => this.onEnded());
      this.onEnded = () => {
        limit.cancel();
        this.abandon();
        resolve();
      };
      this.heartbeatNow();
    });
  }

  /** Ends at once, without a word to the controller. */
  abandon(): void {
    this.state = 'ended';
    this.timer?.cancel();
    this.unanswered?.cancel();
  }

  private later(delayMs: number, run: () => void): void {
    this.timer?.cancel();
    this.timer = this.parts.timers.set(delayMs, run);
  }

  private register(): void {
    const { channel, registration, requestTimeoutMs } = this.parts;
    channel.call('BrokerRegistration', registration, requestTimeoutMs, (result) => this.registered(result));
  }

  private registered(result: BrokerRegistrationResponse | PeerFailure): void {
    if (this.state !== 'starting') return;
    if (!isPeerFailure(result) && result.errorCode === ErrorCode.NONE) {
      this.epoch = result.brokerEpoch;
      this.parts.registered(result.brokerEpoch);
      this.heartbeatNow();
      return;
    }
    if (!isPeerFailure(result) && !RETRIABLE.has(result.errorCode)) {
      return this.onRefused(`The controller refuses this broker: ${errorName(result.errorCode)}.`);
    }
    const why = isPeerFailure(result) ? result.message : errorName(result.errorCode);
    this.parts.logger.debug(`not registered yet: ${why}`);
    this.later(this.registrationRetryMs, () => this.register());
    this.registrationRetryMs = Math.min(this.registrationRetryMs * 2, MAX_REGISTRATION_RETRY_MS);
  }

  private heartbeatNow(): void {
    this.timer?.cancel();
    if (this.state === 'stopping') this.unanswered ??= this.parts.timers.set(UNANSWERED_STOP_MS, () => this.onEnded());
    // What is under way says something older: the next one follows its answer at once.
    if (this.isAsking) {
      this.heartbeatAgain = true;
      return;
    }
    this.isAsking = true;
    this.heartbeatAgain = false;
    const request = {
      brokerId: this.parts.registration.brokerId,
      brokerEpoch: this.epoch,
      currentMetadataOffset: this.parts.appliedOffset(),
      wantFence: false,
      wantShutDown: this.state === 'stopping',
      offlineLogDirs: [...this.parts.offlineLogDirs()],
      cordonedLogDirs: null,
    };
    const sentMs = this.parts.clock.monotonicMs();
    this.parts.channel.call('BrokerHeartbeat', request, this.parts.requestTimeoutMs, (result) => {
      this.isAsking = false;
      if (!isPeerFailure(result) && result.errorCode === ErrorCode.NONE) this.confirmedMs = sentMs;
      this.answered(result, request.wantShutDown);
    });
  }

  private answered(result: BrokerHeartbeatResponse | PeerFailure, wantedShutDown: boolean): void {
    if (this.state === 'ended') return;
    const isAnswer = !isPeerFailure(result);
    const isGood = isAnswer && result.errorCode === ErrorCode.NONE;
    if (!isGood) {
      const why = isAnswer ? `answered with ${errorName(result.errorCode)}` : `not answered: ${result.message}`;
      this.parts.logger.warn(`heartbeat ${why}`);
    }
    if (this.state === 'stopping' && isAnswer) {
      this.unanswered?.cancel();
      this.unanswered = null;
      if (wantedShutDown && (result.shouldShutDown || !isGood)) return this.onEnded();
    }
    if (this.state === 'starting' && isGood && !result.isFenced) {
      this.state = 'running';
      this.onRunning();
    }
    if (this.heartbeatAgain) return this.heartbeatNow();
    this.later(this.nextDelayMs(wantedShutDown), () => this.heartbeatNow());
  }

  private nextDelayMs(wantedShutDown: boolean): number {
    if (this.state === 'starting') return RETRY_MS;
    if (this.state !== 'stopping' || !wantedShutDown) return this.parts.heartbeatIntervalMs();
    return this.shutdownHeartbeats++ === 0 ? SHUTDOWN_RETRY_MS : SHUTDOWN_INTERVAL_MS;
  }
}
