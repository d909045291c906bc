/**
 * The broker's standing with the controller: it registers, heartbeats, is unfenced once it has applied its own registration,
 * and leaves in order (KIP-631, KIP-841).
 *
 * States: starting (registered or not, fenced), running (unfenced), stopping (asked to shut down), ended.
 */
import type { Logger, TimerHandle, Timers } from '../wire/base/env';
import { ErrorCode, errorName } from '../wire/base/error-codes';
import type {
  BrokerHeartbeatRequest,
  BrokerHeartbeatResponse,
  BrokerRegistrationRequest,
  BrokerRegistrationResponse,
} from '../wire/schema/broker';

export type Registration = BrokerRegistrationRequest;

export interface ControllerChannel {
  registerBroker(request: Registration, respond: (response: BrokerRegistrationResponse) => void): void;
  brokerHeartbeat(request: BrokerHeartbeatRequest, respond: (response: BrokerHeartbeatResponse) => void): void;
}

export interface LifecycleParts {
  readonly channel: ControllerChannel;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly registration: Registration;
  readonly heartbeatIntervalMs: number;
  /** The last metadata offset that this broker has applied. */
  appliedOffset(): number;
}

type State = 'starting' | 'running' | 'stopping' | 'ended';

/** Between tries while the controller is not there yet; whoever has applied metadata heartbeats at once. */
const RETRY_MS = 20;

export class BrokerLifecycle {
  private state: State = 'starting';
  private epoch = -1;
  private isHeartbeatSoon = false;
  private timer: TimerHandle | null = null;
  private onRunning: () => void = () => undefined;
  private onEnded: () => void = () => undefined;
  private onRefused: (why: string) => void = () => undefined;

  constructor(private readonly parts: LifecycleParts) {}

  /** -1 until registered. */
  get brokerEpoch(): number {
    return this.epoch;
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

  /** Hands leaderships over and resolves when the controller lets the broker go, or after `timeoutMs`. */
  stop(timeoutMs: number): Promise<void> {
    if (this.state === 'ended') return Promise.resolve();
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
  }

  private later(delayMs: number, run: () => void): void {
    this.timer?.cancel();
    this.timer = this.parts.timers.set(delayMs, run);
  }

  private register(): void {
    this.parts.channel.registerBroker(this.parts.registration, (response) => {
      if (this.state !== 'starting') return;
      switch (response.errorCode) {
        case ErrorCode.NONE:
          this.epoch = response.brokerEpoch;
          this.heartbeatNow();
          return;
        case ErrorCode.NOT_CONTROLLER:
        case ErrorCode.DUPLICATE_BROKER_REGISTRATION:
          this.later(RETRY_MS, () => this.register());
          return;
        default:
          this.onRefused(`The controller refuses this broker: ${errorName(response.errorCode)}.`);
      }
    });
  }

  private heartbeatNow(): void {
    const request = {
      brokerId: this.parts.registration.brokerId,
      brokerEpoch: this.epoch,
      currentMetadataOffset: this.parts.appliedOffset(),
      wantFence: false,
      wantShutDown: this.state === 'stopping',
      offlineLogDirs: [],
      cordonedLogDirs: null,
    };
    this.parts.channel.brokerHeartbeat(request, (response) => this.answered(response));
  }

  private answered(response: BrokerHeartbeatResponse): void {
    if (this.state === 'ended') return;
    if (response.errorCode !== ErrorCode.NONE && response.errorCode !== ErrorCode.NOT_CONTROLLER) {
      this.parts.logger.warn(`heartbeat answered with ${errorName(response.errorCode)}`);
    }
    if (this.state === 'stopping' && (response.shouldShutDown || response.errorCode !== ErrorCode.NONE))
      return this.onEnded();
    if (this.state === 'starting' && response.errorCode === ErrorCode.NONE && !response.isFenced) {
      this.state = 'running';
      this.onRunning();
    }
    this.later(this.state === 'running' ? this.parts.heartbeatIntervalMs : RETRY_MS, () => this.heartbeatNow());
  }
}
